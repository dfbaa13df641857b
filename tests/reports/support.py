"""A small shop with a history: written once through the real store, reported on by every test."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from probes.result import Outcome, Result
from probes.watch import Mask
from slo.policy import NoData, default_tiers
from slo.window import Rolling, Window
from synthetics.clock import instant, millis
from synthetics.config.model import (
    Accounting,
    Availability,
    Config,
    Maintenance,
    Probe,
    Service,
    Sli,
    Slo,
)
from synthetics.reports.gather import Asked
from synthetics.reports.model import Report
from synthetics.reports.read import report
from synthetics.reports.spans import Month, Span
from synthetics.sample import Sample
from synthetics.store import Reader, Store, incidents

MINUTE = timedelta(minutes=1)
MINUTE_MS = 60_000
DAY_MS = 86_400_000
OCTOBER = Month(2026, 10)
TOKYO = ZoneInfo("Asia/Tokyo")
UTC_ZONE = ZoneInfo("UTC")
EVERY = timedelta(minutes=10)
GOLDEN = Path(__file__).parent / "golden"
LABEL = "MADE UP for a test"


def ms(text: str) -> int:
    """Milliseconds of an ISO time; UTC where it names no offset."""
    moment = datetime.fromisoformat(text)
    return millis(moment if moment.tzinfo else moment.replace(tzinfo=UTC))


def a_slo(
    name: str,
    *,
    service: str = "shop",
    probes: tuple[str, ...] = ("checkout",),
    objective: str = "0.999",
    sli: Sli | None = None,
    window: Window | None = None,
    accounting: Accounting | None = None,
) -> Slo:
    return Slo(
        id=name,
        name=name,
        service=service,
        probes=probes,
        sli=sli or Availability(),
        objective=Fraction(objective),
        window=window or Rolling(30 * DAY_MS),
        accounting=accounting or Accounting(),
        tiers=default_tiers(30 * DAY_MS, 60_000),
        no_data=NoData.HOLD,
    )


def a_probe(name: str, service: str = "shop", every: timedelta = EVERY) -> Probe:
    return Probe(
        id=name,
        name=name,
        service=service,
        kind="http",
        options=None,
        every=every,
        timeout=timedelta(seconds=10),
    )


def a_config(
    *slos: Slo,
    probes: Sequence[Probe] = (a_probe("checkout"),),
    services: Sequence[Service] = (Service(id="shop", name="本店", owner="team-checkout"),),
    maintenance: Sequence[Maintenance] = (),
) -> Config:
    return Config(
        services={service.id: service for service in services},
        probes={probe.id: probe for probe in probes},
        slos={slo.id: slo for slo in slos},
        receivers={},
        routes=(),
        maintenance=tuple(maintenance),
        location="local",
        retention_raw=timedelta(days=30),
        denied=(),
        allowed=(),
        in_flight=10,
        mask=Mask(()),
        sources=(),
    )


def a_sample(
    probe: str,
    at_ms: int,
    outcome: Outcome = Outcome.GOOD,
    *,
    confirmed: Outcome | None = None,
    duration_s: float = 0.125,
) -> Sample:
    return Sample(
        probe=probe,
        location="local",
        scheduled_ms=at_ms,
        result=Result(
            started_at=instant(at_ms),
            duration_s=duration_s,
            outcome=outcome,
            reason="" if outcome is Outcome.GOOD else "status",
        ),
        confirmed=confirmed or outcome,
    )


def steady(
    probe: str,
    start: str,
    end: str,
    *,
    every: timedelta = EVERY,
    marks: Mapping[int, Outcome | None] | None = None,
) -> list[Sample]:
    """A sample each interval in ``[start, end)``; *marks* by instant, ``None`` leaves it out."""
    marks = marks or {}
    return [
        a_sample(probe, at_ms, outcome)
        for at_ms in range(ms(start), ms(end), every // timedelta(milliseconds=1))
        if (outcome := marks.get(at_ms, Outcome.GOOD)) is not None
    ]


def during(start: str, end: str, what: Outcome | None) -> dict[int, Outcome | None]:
    """*what* for every minute in ``[start, end)``."""
    return dict.fromkeys(range(ms(start), ms(end), MINUTE_MS), what)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An incident as the judge would have written it; times are ISO, UTC."""

    slos: tuple[str, ...] = ("checkout",)
    service: str = "shop"
    since: str
    opened: str
    closed: str | None
    probe: str = "checkout"
    step: str = "order"
    reason: str = "status"
    severity: str = "page"


def store_history(path: Path, samples: Iterable[Sample], *, told: Sequence[Told] = ()) -> Path:
    """Write *samples* and incidents to a new database; days before 20 October are archived."""

    async def write() -> None:
        store = await Store.open(path, linger_s=0)
        try:
            await store.add(list(samples))
            for incident in told:
                await store.write(partial(_tell, incident=incident))
            await store.tend(ms("2026-10-20"), retention_ms=400 * DAY_MS)
        finally:
            await store.close()

    asyncio.run(write())
    return path


def _tell(db: sqlite3.Connection, *, incident: Told) -> None:
    incident_id = incidents.open_incident(
        db,
        dedup_key=f"synthetics-{incident.service}-{incident.since}",
        service=incident.service,
        severity=incident.severity,
        opened_ms=ms(incident.opened),
        since_ms=ms(incident.since),
        summary="told by a test",
        probe=incident.probe,
        step=incident.step,
        reason=incident.reason,
    )
    for slo in incident.slos:
        incidents.fire(
            db,
            incident_id=incident_id,
            service=incident.service,
            slo=slo,
            tier="fast",
            severity=incident.severity,
            fired_ms=ms(incident.opened),
            message="{}",
        )
        if incident.closed is not None:
            closed_ms = ms(incident.closed)
            incidents.resolve(db, slo=slo, tier="fast", at_ms=closed_ms, resolution="within")
            incidents.close(db, incident_id, at_ms=closed_ms)


def report_of(
    config: Config,
    database: Path,
    *,
    span: Span = OCTOBER,
    zone: ZoneInfo = UTC_ZONE,
    as_of: str = "2026-11-02T09:00",
    services: tuple[str, ...] = (),
    label: str = "",
) -> Report:
    """The report, through a reader as the command opens one."""
    asked = Asked(span=span, zone=zone, as_of_ms=ms(as_of), services=services, label=label)
    with Reader.open(database) as reader:
        return report(config, reader, asked)


def golden(name: str, found: str) -> None:
    """Hold *found* against a kept file; ``UPDATE_GOLDEN=1 pytest tests/reports`` keeps it anew."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(found.encode())
    assert found.encode() == path.read_bytes(), f"{name} is not what was kept"
