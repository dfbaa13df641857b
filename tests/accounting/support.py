"""Configurations, samples and stores to keep accounts of."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType

from probes.result import Outcome, Result
from probes.watch import Mask
from slo.policy import NoData, Tier, default_tiers
from slo.window import Rolling, Window
from synthetics.clock import instant
from synthetics.config.model import (
    Accounting,
    Availability,
    Config,
    Maintenance,
    Probe,
    Retries,
    Service,
    Sli,
    Slo,
)
from synthetics.sample import Sample
from synthetics.store import Store

SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
NOW = 20_000 * DAY
"""A midnight, so that whole minutes and days before it are easy to see."""

LETTERS = {
    ".": (Outcome.GOOD, Outcome.GOOD),
    "x": (Outcome.BAD, Outcome.BAD),
    "b": (Outcome.BAD, Outcome.GOOD),
    "u": (Outcome.BAD, Outcome.VOID),
    "o": (Outcome.VOID, Outcome.VOID),
}
"""Good; bad; bad, then good; bad, then not to be asked; void."""


def probe(name: str, *, every: timedelta = timedelta(minutes=1)) -> Probe:
    return Probe(
        id=name,
        name=name,
        service="shop",
        kind="http",
        options=None,
        every=every,
        timeout=timedelta(seconds=10),
    )


def slo(
    name: str = "home",
    *,
    probes: tuple[str, ...] = ("home",),
    sli: Sli | None = None,
    objective: str = "0.999",
    window: Window | None = None,
    retries: Retries = Retries.FIRST,
    valid_for: timedelta | None = None,
    tiers: tuple[Tier, ...] | None = None,
    service: str = "shop",
) -> Slo:
    return Slo(
        id=name,
        name=name,
        service=service,
        probes=probes,
        sli=sli or Availability(),
        objective=Fraction(objective),
        window=window or Rolling(30 * DAY),
        accounting=Accounting(valid_for=valid_for, retries=retries),
        tiers=default_tiers(30 * DAY, MINUTE) if tiers is None else tiers,
        no_data=NoData.HOLD,
    )


def config(
    *slos: Slo, probes: Iterable[Probe] = (), maintenance: tuple[Maintenance, ...] = ()
) -> Config:
    names = {name for each in slos for name in each.probes}
    known = {name: probe(name) for name in sorted(names)} | {each.id: each for each in probes}
    return Config(
        services={name: Service(id=name, name=name) for name in ("shop", "bank")},
        probes=known,
        slos={each.id: each for each in slos},
        receivers=MappingProxyType({}),
        routes=(),
        maintenance=maintenance,
        location="here",
        retention_raw=timedelta(days=30),
        denied=(),
        allowed=(),
        in_flight=10,
        mask=Mask(),
        sources=(Path("synthetics.yaml"),),
    )


def sample(
    at_ms: int, letter: str = ".", *, name: str = "home", location: str = "here", ms: float = 100
) -> Sample:
    outcome, confirmed = LETTERS[letter]
    return Sample(
        probe=name,
        location=location,
        scheduled_ms=at_ms,
        result=Result(
            started_at=instant(at_ms),
            duration_s=ms / 1000,
            outcome=outcome,
            reason="" if outcome is Outcome.GOOD else "timeout",
        ),
        confirmed=confirmed,
    )


def minutes(letters: str, *, until_ms: int = NOW, name: str = "home") -> list[Sample]:
    """One sample a minute, the last due at *until_ms*; a space is none."""
    first_ms = until_ms - (len(letters) - 1) * MINUTE
    return [
        sample(first_ms + index * MINUTE, letter, name=name)
        for index, letter in enumerate(letters)
        if letter != " "
    ]


async def stored(path: Path, samples: list[Sample], *, archive_at_ms: int | None = None) -> None:
    """A database at *path* that holds *samples*; days that are over may be archived."""
    store = await Store.open(path, linger_s=0)
    try:
        await store.add(samples)
        if archive_at_ms is not None:
            await store.tend(archive_at_ms, DAY)
    finally:
        await store.close()
