"""What a report says of several locations, and of what was declared by commands."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from probes.result import Outcome
from slo.policy import Reset
from slo.window import Calendar
from synthetics.accounting.rounds import Reach
from synthetics.config.model import Accounting, Combine, Slo
from synthetics.reports import formats
from synthetics.reports.rules import rules, rules_of_now
from synthetics.store import Store, exclusions
from synthetics.store.exclusions import Kind
from tests.reports.support import (
    TOKYO,
    a_config,
    a_probe,
    a_slo,
    during,
    ms,
    report_of,
    steady,
    store_history,
)

CONFIG = a_config(a_slo("checkout"), a_slo("fast", probes=("checkout",)))
SHAPES = ["text", "markdown", "html", "json"]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """Ten days from two locations, of which the other lost its line for an hour."""
    bad = during("2026-10-05T10:00", "2026-10-05T11:00", Outcome.BAD)
    there = steady("checkout", "2026-10-01", "2026-10-11", marks=bad)
    return store_history(
        tmp_path / "a.db",
        [
            *steady("checkout", "2026-10-01", "2026-10-11"),
            *(replace(sample, location="osaka") for sample in there),
        ],
    )


async def declare(database: Path) -> None:
    def change(db: sqlite3.Connection) -> None:
        number = exclusions.declare(
            db,
            kind=Kind.CORRECTION,
            from_ms=ms("2026-10-05T10:00"),
            to_ms=ms("2026-10-05T11:00"),
            services=[],
            slos=["checkout"],
            author="ada",
            reason="the line of Osaka | ours",
            declared_ms=ms("2026-10-06T08:00"),
        )
        exclusions.end(
            db,
            number,
            to_ms=ms("2026-10-05T10:30"),
            author="bo",
            reason="the rest was theirs",
            declared_ms=ms("2026-10-07T08:00"),
        )

    store = await Store.open(database, linger_s=0)
    try:
        await store.write(change)
    finally:
        await store.close()


@pytest.mark.parametrize("shape", SHAPES)
def test_several_locations_are_told_apart(database: Path, shape: str) -> None:
    found = report_of(CONFIG, database)
    slo = found.services[0].slos[0]

    assert slo.reach == Reach(
        locations=2, uptime=Fraction(1), reachability=Fraction(2880 - 6, 2880)
    )
    assert slo.tally.counts.failed == 6
    written = formats.render(found, shape)
    assert ("reachability" if shape != "html" else "Reachability") in written


def test_one_location_says_nothing_of_it(tmp_path: Path) -> None:
    database = store_history(tmp_path / "a.db", steady("checkout", "2026-10-01", "2026-10-02"))

    assert report_of(CONFIG, database).services[0].slos[0].reach is None


@pytest.mark.parametrize("shape", SHAPES)
def test_a_correction_stands_in_the_report_with_who_and_why(database: Path, shape: str) -> None:
    asyncio.run(declare(database))

    found = report_of(CONFIG, database, zone=TOKYO)

    corrected, other = found.services[0].slos
    assert (corrected.tally.counts.failed, corrected.tally.counts.excluded) == (3, 6)
    assert (other.tally.counts.failed, other.tally.counts.excluded) == (6, 0)
    written = " ".join(formats.render(found, shape).replace("\\|", "|").split())
    for said in ("the line of Osaka | ours", "correction", "ada", "bo: the rest was theirs"):
        assert said in written
    assert ("2026-10-06T08:00:00Z" if shape == "json" else "Tue 6 Oct 2026 17:00 JST") in written


@pytest.mark.parametrize(
    ("accounting", "said"),
    [
        pytest.param(
            Accounting(),
            "Samples of several probes and locations of one SLO are pooled, and their time is "
            "averaged.",
            id="pooled",
        ),
        pytest.param(
            Accounting(combine=Combine.ALL),
            "Rounds of 10m are counted, and not samples: each when all of it was due at once, else "
            "at its end. A round is bad if any of its probes is, and unknown if one did not "
            "report. Rounds of several locations are pooled, and their time is averaged.",
            id="probes together",
        ),
        pytest.param(
            Accounting(bad_if=2),
            "Rounds of 10m are counted, and not samples: each when all of it was due at once, else "
            "at its end. A round of a probe is bad if at least 2 locations of those that reported "
            "are bad, and unknown if fewer reported. Rounds of several probes are pooled, and "
            "their time is averaged.",
            id="locations together",
        ),
        pytest.param(
            Accounting(combine=Combine.ALL, bad_if=1),
            "Rounds of 10m are counted, and not samples: each when all of it was due at once, else "
            "at its end. A round of a probe is bad if at least 1 location of those that reported "
            "is bad, and unknown if fewer reported. A round is bad if any of its probes is, and "
            "unknown if one did not report.",
            id="both",
        ),
    ],
)
def test_the_rule_says_how_probes_and_locations_come_together(
    accounting: Accounting, said: str
) -> None:
    slo = a_slo("checkout", accounting=accounting)

    assert dict(rules(slo, {"checkout": a_probe("checkout")}, "month", "UTC"))["R12"] == said


@pytest.mark.parametrize(
    ("slo", "number", "said"),
    [
        pytest.param(
            a_slo("checkout"),
            "R1",
            "It is judged over 30d. A sample belongs",
            id="rolling",
        ),
        pytest.param(
            a_slo("checkout", window=Calendar("fiscal-year", TOKYO, 4)),
            "R1",
            "It is judged over a fiscal year from April in Asia/Tokyo.",
            id="a fiscal year",
        ),
        pytest.param(
            a_slo("checkout", window=Calendar("week", TOKYO)),
            "R6",
            "Budget consumed is the burn rate over the period. What remains is 1 − consumed, and "
            "can go below 0. While a period is in progress, reports for people show the share of "
            "the whole period's budget: consumed × the part that has passed.",
            id="the budget of a period in progress",
        ),
        pytest.param(
            a_slo("checkout"),
            "R6",
            "burn rate over the window. What remains",
            id="its budget",
        ),
        pytest.param(
            a_slo("checkout"), "R7", "A page also takes failures that chance", id="by evidence"
        ),
        pytest.param(
            replace(a_slo("checkout"), reset=Reset.WINDOW),
            "R7",
            "It closes when they do not.",
            id="by the windows",
        ),
    ],
)
def test_the_rules_of_now_say_what_is_in_force(slo: Slo, number: str, said: str) -> None:
    assert said in dict(rules_of_now(slo, {"checkout": a_probe("checkout")}))[number]


def test_rounds_are_called_so(database: Path) -> None:
    """The other location was bad for six of 1,440 rounds, which alone is not enough."""
    config = a_config(a_slo("checkout", accounting=Accounting(bad_if=2)))

    found = report_of(config, database)

    assert "99.9% of rounds of checkout good" in formats.render(found, "text")
    assert found.services[0].slos[0].tally.counts.failed == 0
