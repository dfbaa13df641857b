"""Samples to store, and a helper that closes what it opens."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from probes.result import Evidence, Facts, Outcome, Phases, Result, StepResult, Vitals
from synthetics.clock import Clock, HeldClock, instant
from synthetics.sample import Sample
from synthetics.store import Reader, Store

MINUTE_MS = 60_000
DAY_MS = 86_400_000
START_MS = 20_000 * DAY_MS
"""Midnight UTC, 2024-10-04."""

SMALL_RESERVE = 256 << 10


@asynccontextmanager
async def opened(
    path: Path,
    *,
    clock: Clock | None = None,
    linger_s: float = 0.0,
    capacity: int = 20_000,
    reserve_bytes: int = SMALL_RESERVE,
    low_water_bytes: int = 0,
) -> AsyncIterator[Store]:
    """A store that does not linger, closed at the end."""
    store = await Store.open(
        path,
        clock=clock or HeldClock(START_MS),
        linger_s=linger_s,
        capacity=capacity,
        reserve_bytes=reserve_bytes,
        low_water_bytes=low_water_bytes,
    )
    try:
        yield store
    finally:
        await store.close()


def good(probe: str, at_ms: int, *, duration_s: float = 0.1, location: str = "local") -> Sample:
    """A plain good sample."""
    return _sample(probe, at_ms, Outcome.GOOD, Outcome.GOOD, "", duration_s, location)


def bad(
    probe: str, at_ms: int, *, confirmed: Outcome = Outcome.BAD, reason: str = "timeout"
) -> Sample:
    """A bad first attempt, and what the confirmations said."""
    return _sample(probe, at_ms, Outcome.BAD, confirmed, reason, 10.0, "local")


def void(probe: str, at_ms: int) -> Sample:
    """A beat that found the probe busy."""
    return _sample(probe, at_ms, Outcome.VOID, Outcome.VOID, "busy", 0.0, "local")


def minutes(probe: str, count: int, *, start_ms: int = START_MS) -> list[Sample]:
    """*count* good samples, one a minute."""
    return [good(probe, start_ms + minute * MINUTE_MS) for minute in range(count)]


def failed_journey(at_ms: int = START_MS) -> Sample:
    """A sample that has everything a sample can have."""
    expires_at = datetime(2027, 1, 2, 3, 4, 5, tzinfo=UTC)
    facts = Facts(
        status=500,
        protocol="HTTP/2",
        address="2001:db8::7",
        url="https://shop.example/orders",
        redirects=1,
        body_bytes=4321,
        certificate_expires_at=expires_at,
        vitals=Vitals(lcp_s=1.25, fcp_s=0.5, cls=0.0),
    )
    phases = Phases(resolve_s=0.001, connect_s=0.002, tls_s=0.02, first_byte_s=0.4, transfer_s=0.0)
    return Sample(
        probe="checkout",
        location="本店",
        scheduled_ms=at_ms,
        late_ms=300,
        confirmed=Outcome.BAD,
        attempts=3,
        result=Result(
            started_at=instant(at_ms) + timedelta(milliseconds=300),
            duration_s=1.234567,
            outcome=Outcome.BAD,
            reason="status",
            detail="order: 500, expected 201",
            trace_id="0123456789abcdef" * 2,
            failed_step="order",
            phases=phases,
            facts=facts,
            steps=(
                StepResult(
                    name="cart",
                    outcome=Outcome.GOOD,
                    duration_s=0.5,
                    phases=Phases(first_byte_s=0.25),
                    facts=Facts(status=200, body_bytes=0),
                    request_id="r-1",
                ),
                StepResult(
                    name="order",
                    outcome=Outcome.BAD,
                    reason="status",
                    detail="500, expected 201",
                    duration_s=0.7,
                    phases=phases,
                    facts=facts,
                    request_id="r-2",
                ),
                StepResult(name="pay", outcome=Outcome.SKIPPED),
                StepResult(name="clean up", outcome=Outcome.GOOD, always=True),
            ),
            evidence=Evidence(
                request="POST https://shop.example/orders",
                headers=("Content-Type: text/html", "Server: 店"),
                body="<h1>Internal Server Error</h1>",
                expected="status 201",
                actual="status 500",
            ),
        ),
    )


def read_back(path: Path) -> list[Sample]:
    """Every raw sample in the file."""
    with Reader.open(path) as reader:
        return [each.sample for each in reader.every_sample(0, START_MS + 400 * DAY_MS)]


def instants(samples: Iterable[Sample]) -> list[int]:
    """When each was due."""
    return [sample.scheduled_ms for sample in samples]


def _sample(
    probe: str,
    at_ms: int,
    outcome: Outcome,
    confirmed: Outcome,
    reason: str,
    duration_s: float,
    location: str,
) -> Sample:
    return Sample(
        probe=probe,
        location=location,
        scheduled_ms=at_ms,
        confirmed=confirmed,
        result=Result(
            started_at=instant(at_ms), duration_s=duration_s, outcome=outcome, reason=reason
        ),
    )
