"""The simulated month: repeatable, labelled, and judged by the code that pages."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

from synthetics.config.load import load
from synthetics.demo.history import LABEL, Simulated, generate_month
from synthetics.demo.plot import MINUTE_MS, ZONE, Plot
from synthetics.reports import to_text
from synthetics.reports.gather import Asked
from synthetics.reports.model import Report
from synthetics.reports.read import report
from synthetics.reports.spans import Month
from synthetics.store import Reader

OCTOBER = Month(2026, 10)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Simulated:
    return generate_month(tmp_path_factory.mktemp("history"), OCTOBER)


@pytest.fixture(scope="module")
def found(made: Simulated) -> Report:
    asked = Asked(
        span=made.month, zone=ZONE, as_of_ms=OCTOBER.plus(2).period(ZONE).from_ms, label=made.label
    )
    with Reader.open(made.database) as reader:
        return report(load(made.config, environ={}), reader, asked)


def test_the_same_seed_gives_the_same_samples() -> None:
    start, end = Plot(OCTOBER, 1).outage.within(0, 2**60).__next__()

    def some(seed: int) -> list[object]:
        plot = Plot(OCTOBER, seed)
        return list(islice(plot.samples(start - 60 * MINUTE_MS, end + 60 * MINUTE_MS), 300))

    assert some(1) == some(1)
    assert some(1) != some(2)


def test_the_outage_is_found_as_an_incident_with_its_cause(found: Report) -> None:
    plot = Plot(OCTOBER, 0)
    ((start, end),) = plot.outage
    trouble = next(each for each in found.services[0].incidents if start <= each.start_ms < end)

    assert (trouble.probe, trouble.step, trouble.reason) == ("checkout", "order", "status")
    assert trouble.severity == "page"
    assert trouble.end_ms is not None
    assert trouble.end_ms - trouble.start_ms == 23 * MINUTE_MS
    assert trouble.detected_ms - trouble.start_ms <= 3 * MINUTE_MS


def test_every_kind_of_time_is_in_it(found: Report) -> None:
    checkout = found.services[0].slos[0].tally

    assert checkout.counts.void == 12
    assert checkout.counts.excluded == 120
    assert checkout.time.excluded_ms == 120 * MINUTE_MS
    assert checkout.time.unknown_ms > 190 * MINUTE_MS
    # 23 and 6 minutes of outage, a few lost samples; what failed in maintenance is not counted.
    assert 29 <= checkout.counts.failed < 45


def test_the_report_says_that_it_is_simulated(found: Report) -> None:
    assert LABEL in to_text.render(found)
    assert "SIMULATED" in LABEL


def test_nobody_is_owed_a_message(made: Simulated) -> None:
    with Reader.open(made.database) as reader:
        assert reader.read(lambda db: db.execute("SELECT count(*) FROM deliveries").fetchone()) == (
            0,
        )


def test_a_history_is_not_written_over(made: Simulated) -> None:
    with pytest.raises(FileExistsError, match="name an empty folder"):
        generate_month(Path(made.config).parent, OCTOBER)
