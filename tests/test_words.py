"""Rounding goes against us, and never tells a missed objective from a met one wrongly."""

from __future__ import annotations

import math
from datetime import date
from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from slo.window import Calendar, Rolling, Window
from synthetics import words
from tests.reports.support import TOKYO, UTC_ZONE, ms

BERLIN = ZoneInfo("Europe/Berlin")
OBJECTIVES = [Fraction(text) for text in ("0.9", "0.99", "0.999", "0.9995", "0.99999", "1")]


def read(text: str) -> Fraction:
    """What a reader takes a percentage for."""
    return Fraction(text.removesuffix("%").replace("−", "-")) / 100


@pytest.mark.parametrize(
    ("ratio", "objective", "said"),
    [
        pytest.param(Fraction(99_985, 100_000), "0.999", "99.98%", id="two digits, rounded down"),
        pytest.param(Fraction(1), "0.999", "100%", id="whole is said without digits"),
        pytest.param(Fraction(9_999_999, 10_000_000), "0.999", "99.99%", id="one failure shows"),
        pytest.param(Fraction("0.999"), "0.999", "99.90%", id="exactly the objective"),
        pytest.param(Fraction("0.99899999"), "0.999", "99.89%", id="missed looks missed"),
        pytest.param(Fraction("0.99900001"), "0.999", "99.900001%", id="just met is told apart"),
        pytest.param(Fraction("0.99995"), "0.9999", "99.995%", id="one more than the objective"),
        pytest.param(Fraction(0), "0.999", "0.00%", id="nothing was good"),
        pytest.param(None, "0.999", "unknown", id="nothing to count"),
    ],
)
def test_availability_is_rounded_down_to_telling_digits(
    ratio: Fraction | None, objective: str, said: str
) -> None:
    assert words.availability(ratio, Fraction(objective)) == said


@given(
    total=st.integers(1, 10_000_000), bad=st.integers(0, 10_000), which=st.sampled_from(OBJECTIVES)
)
@example(total=1_000_000, bad=1_001, which=Fraction("0.999"))
@example(total=10_000_000, bad=1, which=Fraction(1))
def test_what_is_read_is_on_the_same_side_of_the_objective(
    total: int, bad: int, which: Fraction
) -> None:
    ratio = Fraction(total - min(bad, total), total)

    shown = read(words.availability(ratio, which))

    assert shown <= ratio
    assert (shown >= which) == (ratio >= which)
    assert (shown == which) == (ratio == which)
    assert (shown == 1) == (ratio == 1)


@given(st.fractions(0, 3))
def test_what_was_used_is_never_shown_smaller(ratio: Fraction) -> None:
    shown = read(words.used(ratio))

    assert ratio <= shown < ratio + Fraction(1, 1000)


@given(st.fractions(-3, 1))
def test_what_is_left_is_never_shown_larger(ratio: Fraction) -> None:
    shown = read(words.covered(ratio))

    assert ratio - Fraction(1, 1000) < shown <= ratio


@pytest.mark.parametrize("text", ["0.5", "0.9", "0.999", "0.99995", "1", "0.123456789"])
def test_an_objective_is_said_and_written_as_it_is(text: str) -> None:
    assert words.decimal(Fraction(text)) == text
    assert read(words.objective(Fraction(text))) == Fraction(text)


@pytest.mark.parametrize(
    ("length", "used", "free"),
    [
        pytest.param(0, "0s", "0s", id="nothing"),
        pytest.param(1, "1s", "0s", id="a moment lost is a second, a moment allowed is none"),
        pytest.param(2_592_000, "43m12s", "43m12s", id="whole seconds are exact"),
        pytest.param(2_592_500, "43m13s", "43m12s", id="half a second goes against us"),
        pytest.param(90_061_000, "1d1h1m1s", "1d1h1m1s", id="every unit"),
        pytest.param(7_200_000, "2h", "2h", id="empty units are left out"),
    ],
)
def test_durations(length: int, used: str, free: str) -> None:
    assert words.lost(length) == used
    assert words.allowed(length) == free


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (words.exactly(90_000), "1m30s"),
        (words.exactly(1_500), "1s500ms"),
        (words.exactly(250), "250ms"),
        (words.bound(500_000), "500ms"),
        (words.bound(1_500), "1.5ms"),
        (words.factor(Fraction(72, 5)), "14.4×"),
        (words.factor(Fraction(6)), "6×"),
        (words.factor(Fraction(1, 3)), "0.334×"),
        (words.count(44_640), "44,640"),
        (words.many(1, "day"), "1 day"),
        (words.many(2, "day"), "2 days"),
        (words.many(2, "company", "companies"), "2 companies"),
        (words.month(2026, 10), "October 2026"),
        (words.month_short(2026, 3), "Mar 2026"),
        (words.day(date(2026, 10, 14)), "Wed 14 Oct"),
        (words.moment(ms("2026-10-14T00:31"), TOKYO), "Wed 14 Oct 2026 09:31 JST"),
        (words.moment(ms("2026-10-14T00:31:30"), UTC_ZONE), "Wed 14 Oct 2026 00:31:30 UTC"),
        (words.moment(ms("2026-01-01T00:00"), ZoneInfo("Asia/Dubai")).split()[-1], "UTC+04"),
        (words.iso(ms("2026-10-14T00:31")), "2026-10-14T00:31:00Z"),
        (words.iso(ms("2026-10-14T00:31") + 5), "2026-10-14T00:31:00.005Z"),
        (words.iso(ms("2026-10-14T00:31"), TOKYO), "2026-10-14T09:31:00+09:00"),
        (words.used(math.inf), "all"),
        (words.used(None), "unknown"),
        (words.covered(None), "unknown"),
        (words.left(None), "unknown"),
        (words.left(-math.inf), "none was allowed, and some failed"),
        (words.left(Fraction(612, 1000)), "61.2% left"),
        (words.left(Fraction(-425, 1000)), "overspent: 142.5% used"),
        (words.burn(Fraction(400, 7)), "57.2×"),
        (words.burn(Fraction(80)), "80×"),
        (words.burn(Fraction(1000, 7)), "143×"),
        (words.about(59_999), "59s"),
        (words.about(3_599_000), "59m59s"),
        (words.about(12_059_000), "3h20m"),
        (words.about(123_999_000), "1d10h"),
        (words.took(0.5000004), "500ms"),
        (words.took(0.5001), "501ms"),
        (words.took(1.25), "1s250ms"),
        (words.seconds(1_500), 1.5),
        (words.seconds(2_000), 2),
        (words.machine(Fraction(1, 4)), 0.25),
        (words.machine(math.inf), "inf"),
        (words.machine(-math.inf), "-inf"),
        (words.machine(None), None),
    ],
)
def test_small_words(said: object, expected: object) -> None:
    assert said == expected


@given(factor=st.fractions(min_value=0), more=st.fractions(min_value=0))
def test_what_burns_faster_than_its_limit_never_reads_as_slower(
    factor: Fraction, more: Fraction
) -> None:
    assert Fraction(words.burn(factor + more).removesuffix("×")) >= factor


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        pytest.param(
            "2026-10-14T09:31", "2026-10-14T09:54", "14 Oct 11:31 – 11:54 CEST", id="within a day"
        ),
        pytest.param(
            "2026-10-14T21:31",
            "2026-10-14T22:54",
            "14 Oct 23:31 – 15 Oct 00:54 CEST",
            id="over midnight, the day is said again",
        ),
        pytest.param(
            "2026-10-25T00:30",
            "2026-10-25T01:30",
            "25 Oct 02:30 CEST – 02:30 CET",
            id="over the change of clocks, the zone is said again",
        ),
        pytest.param("2026-10-14T09:31", None, "14 Oct 11:31 CEST – not over", id="still going on"),
    ],
)
def test_spans(start: str, end: str | None, said: str) -> None:
    assert words.span(ms(start), None if end is None else ms(end), BERLIN) == said


@pytest.mark.parametrize(
    ("of", "said"),
    [
        (Rolling(30 * 86_400_000), "30d"),
        (Calendar("month", ZoneInfo("Asia/Tokyo")), "a calendar month in Asia/Tokyo"),
        (Calendar("half-year", ZoneInfo("UTC")), "a calendar half-year in UTC"),
        (Calendar("fiscal-year", ZoneInfo("UTC"), 4), "a fiscal year from April in UTC"),
        (Calendar("fiscal-year", ZoneInfo("UTC")), "a fiscal year from January in UTC"),
        (Calendar("quarter", ZoneInfo("UTC"), 2), "a quarter of years from February in UTC"),
    ],
)
def test_a_window_is_said_with_all_that_it_depends_on(of: Window, said: str) -> None:
    assert words.window(of) == said
