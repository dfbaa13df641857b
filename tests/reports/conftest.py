"""One history for all tests that only read it."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from probes.result import Outcome
from slo.window import Calendar
from synthetics.config.model import Config, Latency, Maintenance, Service
from tests.reports.support import (
    TOKYO,
    Told,
    a_config,
    a_probe,
    a_slo,
    during,
    steady,
    store_history,
)


@pytest.fixture(scope="session")
def shop_config() -> Config:
    """Two services; one objective has a calendar of its own, one is about latency."""
    return a_config(
        a_slo("checkout", window=Calendar("month", TOKYO)),
        a_slo("home-fast", probes=("home",), objective="0.99", sli=Latency(bound_us=500_000)),
        a_slo("search", service="search", probes=("search",), objective="0.9"),
        probes=(a_probe("checkout"), a_probe("home"), a_probe("search", "search")),
        services=(
            Service(id="shop", name="本店", owner="team-checkout"),
            Service(id="search", name="Search | <b>all</b>"),
        ),
        maintenance=(
            Maintenance(
                start=datetime.fromisoformat("2026-10-18T02:00+09:00"),
                end=datetime.fromisoformat("2026-10-18T04:00+09:00"),
                reason="DB upgrade",
                services=("shop",),
            ),
        ),
    )


@pytest.fixture(scope="session")
def shop_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """September and October 2026: an outage, maintenance, a gap, void samples, slow ones."""
    start, end = "2026-08-31T15:00", "2026-11-01T09:00"
    checkout = {
        **during("2026-09-09T10:00", "2026-09-09T18:00", Outcome.BAD),
        **during("2026-10-14T09:30", "2026-10-14T10:00", Outcome.BAD),
        **during("2026-10-17T17:20", "2026-10-17T18:00", Outcome.BAD),
        **during("2026-10-07T13:00", "2026-10-07T13:30", Outcome.VOID),
        **during("2026-10-25T04:00", "2026-10-25T10:00", None),
    }
    home = steady("home", start, end)
    samples = [
        *steady("checkout", start, end, marks=checkout),
        *home,
        *steady("search", "2026-10-10T00:00", end),
    ]
    told = [
        Told(
            since="2026-10-14T09:30",
            opened="2026-10-14T09:41",
            closed="2026-10-14T16:00",
        ),
        Told(
            since="2026-09-09T10:00",
            opened="2026-09-09T10:11",
            closed="2026-09-10T00:00",
        ),
    ]
    path = tmp_path_factory.mktemp("shop") / "synthetics.db"
    return store_history(path, samples, told=told)
