"""Alerts about a budget: what is surely spent, what holds, and a replay that leaves out minutes."""

from __future__ import annotations

from fractions import Fraction
from zoneinfo import ZoneInfo

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from slo.budget_alerts import BudgetAlert, BudgetDecision, BudgetWatch, Kind, Why, decide_budget
from slo.budget_leaps import replay_budget
from slo.counts import Counts
from slo.history import History, Pool
from slo.policy import QUIET, NoData, State
from slo.spans import Spans
from slo.window import Calendar, Rolling, Window
from tests.slo.support import DAY, HOUR, MINUTE, every_minute, history_of

LOW = BudgetAlert(kind=Kind.LOW, severity="ticket", below=Fraction(1, 4))
EXHAUSTED = BudgetAlert(kind=Kind.EXHAUSTED, severity="ticket")


def forecast(over_ms: int) -> BudgetAlert:
    return BudgetAlert(kind=Kind.FORECAST, severity="ticket", over_ms=over_ms)


def watch(
    *alerts: BudgetAlert,
    objective: str = "0.9",
    window: Window | None = None,
    min_bad: int = 1,
    no_data: NoData = NoData.HOLD,
) -> BudgetWatch:
    return BudgetWatch(
        objective=Fraction(objective),
        window=window or Rolling(100 * MINUTE),
        intervals_ms=(MINUTE,),
        alerts=alerts,
        min_bad=min_bad,
        no_data=no_data,
    )


def decided(
    watched: BudgetWatch, letters: str, *, at: int | None = None, firing: bool = False
) -> BudgetDecision:
    """The only alert of *watched*, after one sample a minute."""
    at_ms = (len(letters) - 1 if at is None else at) * MINUTE
    state = State(firing=firing)
    (alert,) = watched.alerts
    return decide_budget(watched, alert, history_of(every_minute(letters)), at_ms, state=state)


@pytest.mark.parametrize(
    ("alert", "failed", "fires"),
    [
        pytest.param(LOW, 7, False, id="30 % of ten is left"),
        pytest.param(LOW, 8, True, id="20 % is less than a quarter"),
        pytest.param(EXHAUSTED, 9, False, id="one is left"),
        pytest.param(EXHAUSTED, 10, True, id="none is left, though the objective is just kept"),
    ],
)
def test_it_fires_when_so_much_is_spent(alert: BudgetAlert, failed: int, fires: bool) -> None:
    assert decided(watch(alert), "." * (100 - failed) + "x" * failed).firing is fires
    assert (watch(alert).failures_until(alert) <= failed) is fires


def test_a_quarter_is_not_below_a_quarter() -> None:
    watched = watch(LOW, objective="0.96")  # four of a hundred

    assert not decided(watched, "." * 97 + "xxx").firing
    assert decided(watched, "." * 96 + "xxxx").firing


def test_samples_that_we_do_not_have_are_taken_to_be_good() -> None:
    """Young history, a gap and a period in progress spend no more than what failed."""
    month = Calendar("month", ZoneInfo("UTC"))

    young = decided(watch(EXHAUSTED), "." * 10 + "xxxxx")
    assert (young.firing, young.left) == (False, Fraction(1, 2))
    assert decided(watch(EXHAUSTED), "xxxxx" + " " * 80 + ".").left == Fraction(1, 2)
    first_hour = decided(watch(EXHAUSTED, objective="0.999", window=month), "." * 30 + "x" * 30)
    assert first_hour.left == 1 - 500 * Fraction(59, 31 * 1440), "as people are shown it"
    assert first_hour.firing is False


def test_a_budget_of_which_all_is_known_is_the_one_that_is_shown() -> None:
    assert decided(watch(EXHAUSTED), "x" * 4 + "." * 96).left == Fraction(6, 10)


def test_few_confirmed_failures_do_not_fire() -> None:
    watched = watch(EXHAUSTED, objective="0.99", min_bad=2)

    assert decided(watched, "." * 99 + "x").why is Why.FEW_BAD
    assert decided(watched, "." * 98 + "bb").why is Why.FEW_BAD
    assert decided(watched, "." * 98 + "xx").why is Why.SPENT


@pytest.mark.parametrize(
    ("failed", "why"),
    [
        pytest.param(10, Why.HELD, id="none is left"),
        pytest.param(9, Why.RECOVERED, id="a tenth is"),
    ],
)
def test_it_is_over_when_a_margin_more_is_left(failed: int, why: Why) -> None:
    assert decided(watch(EXHAUSTED), "." * (100 - failed) + "x" * failed, firing=True).why is why


def test_a_new_period_has_a_new_budget() -> None:
    day = Calendar("day", ZoneInfo("UTC"))
    watched = watch(EXHAUSTED, objective="0.99", window=day)
    letters = "x" * 20 + "." * 1440

    (fired,) = replay_budget(watched, history_of(every_minute(letters)), 0, 1439 * MINUTE).firings
    assert (fired.fired_ms, fired.resolved_ms) == (15 * MINUTE, None)
    (fired,) = replay_budget(watched, history_of(every_minute(letters)), 0, 1459 * MINUTE).firings
    assert (fired.fired_ms, fired.resolved_ms) == (15 * MINUTE, 1440 * MINUTE)


def test_nothing_known_keeps_or_resolves_what_fires() -> None:
    held = decided(watch(EXHAUSTED), "o" * 5, firing=True)
    resolved = decided(watch(EXHAUSTED, no_data=NoData.RESOLVE), "o" * 5, firing=True)

    assert (held.firing, held.why, held.left) == (True, Why.NO_DATA_HELD, None)
    assert (resolved.firing, resolved.why) == (False, Why.NO_DATA_RESOLVED)


def test_at_100_percent_any_confirmed_failure_exhausts_the_budget() -> None:
    assert decided(watch(EXHAUSTED, objective="1"), "." * 50 + "x").firing
    assert not decided(watch(EXHAUSTED, objective="1"), "." * 50).firing
    assert not decided(watch(forecast(30 * MINUTE), objective="1"), "x" * 50).firing


def test_a_forecast_fires_when_errors_go_on_in_each_third_of_its_look_back() -> None:
    """One in five fails, of which one in ten may: the hour to come would spend the rest."""
    watched = watch(forecast(30 * MINUTE))
    letters = "." * 60 + "....x" * 6

    found = decided(watched, letters)

    # Six have failed, as many will in the half hour to come, and ten may.
    assert found.ahead == Fraction(12, 10)
    assert found.firing


def test_one_outage_is_no_pace() -> None:
    """Whenever one looks: an outage shorter than a third lies in two of them at the most."""
    watched = watch(forecast(30 * MINUTE))

    for since in range(40):
        assert not decided(watched, "." * 50 + "x" * 8 + "." * since).firing


def test_a_forecast_of_a_period_reaches_to_its_end() -> None:
    day = Calendar("day", ZoneInfo("UTC"))
    watched = watch(forecast(3 * HOUR), objective="0.99", window=day)
    letters = ("." * 79 + "x") * 3 * 2  # one in 80, and one in 100 may
    at = len(letters) - 1

    found = decided(watched, letters)
    assert found.ahead is not None
    assert found.ahead == pytest.approx(Fraction(100, 80), rel=0.3)
    assert found.firing
    # The same errors late in the day cannot spend what is left of it.
    assert not decided(watched, "." * (1440 - at) + letters, at=1438).firing


def test_what_was_foretold_and_came_true_is_not_foretold_any_more() -> None:
    found = decided(watch(forecast(30 * MINUTE)), "." * 40 + "..x" * 20, firing=True)

    assert (found.firing, found.why) == (False, Why.CAME_TRUE)


windows = st.one_of(
    st.integers(5, 120).map(lambda minutes: Rolling(minutes * MINUTE)),
    st.sampled_from([Calendar("day", ZoneInfo("UTC")), Calendar("day", ZoneInfo("Asia/Kolkata"))]),
)
histories = st.lists(
    st.one_of(
        st.integers(1, 15).map(lambda count: "x" * count),
        st.integers(1, 120).map(lambda count: "." * count),
        st.integers(1, 60).map(lambda count: " " * count),
        st.integers(2, 12).map(lambda count: ("." * count + "x") * 10),
        st.text(".xbo ", min_size=1, max_size=10),
    ),
    min_size=1,
    max_size=8,
).map("".join)


def by_every_minute(
    watched: BudgetWatch, alert: BudgetAlert, history: History, from_ms: int, to_ms: int
) -> tuple[list[tuple[int, int | None]], State]:
    """The slow, obvious way."""
    fired: list[tuple[int, int | None]] = []
    state = QUIET
    for at_ms in range(from_ms, to_ms + 1, MINUTE):
        before, state = (
            state,
            decide_budget(watched, alert, history, at_ms, state=state).state,
        )
        if state.firing and not before.firing:
            fired.append((at_ms, None))
        elif before.firing and not state.firing:
            fired[-1] = fired[-1][0], at_ms
    return fired, state


@settings(max_examples=150, deadline=None)
@given(
    st.lists(histories, min_size=1, max_size=2),
    windows,
    st.sampled_from(["0.5", "0.9", "0.99", "1"]),
    st.sampled_from(NoData),
    st.integers(1, 3),
    st.lists(st.tuples(st.integers(0, 400), st.integers(1, 60)), max_size=2),
)
@example(  # what was foretold ends where the look-back holds nothing, though much is spent
    [
        "........x" * 10
        + "....x" * 10
        + " " * 44
        + "...x" * 10
        + " " * 34
        + "............x" * 10
        + ".....x" * 10
        + " " * 48
    ],
    Calendar("day", ZoneInfo("UTC")),
    "0.99",
    NoData.HOLD,
    2,
    [(200, 53)],
)
def test_a_replay_decides_as_if_at_every_minute(
    series: list[str],
    window: Window,
    objective: str,
    no_data: NoData,
    min_bad: int,
    maintenance: list[tuple[int, int]],
) -> None:
    """Two series as one, so that there can be more samples than one would give."""
    first_ms = 18 * HOUR  # midnight comes in between, here and in Kolkata
    aside = Spans.of(
        (first_ms + start * MINUTE, first_ms + (start + length) * MINUTE)
        for start, length in maintenance
    )
    history = Pool([every_minute(letters, first_ms) for letters in series], aside)
    over_ms = min(window.nominal_length_ms, 2 * HOUR) // 2
    watched = watch(
        *(LOW, EXHAUSTED, forecast(over_ms)),
        objective=objective,
        window=window,
        min_bad=min_bad,
        no_data=no_data,
    )
    to_ms = first_ms + (max(map(len, series)) + 150) * MINUTE

    found = replay_budget(watched, history, first_ms, to_ms)

    for alert in watched.alerts:
        fired, state = by_every_minute(watched, alert, history, first_ms, to_ms)
        own = [each for each in found.firings if each.alert == alert]
        assert [(each.fired_ms, each.resolved_ms) for each in own] == fired
        assert found.states[alert.name] == state


def test_a_month_in_which_nothing_is_near_is_left_out_in_leaps() -> None:
    """A year of one failure a day: the alert that is on by default takes a few dozen looks."""
    letters = "." * 1439 + "x"
    looks = 0

    class Counting(Pool):
        def __call__(self, after_ms: int, until_ms: int, /) -> Counts:
            nonlocal looks
            looks += 1
            return super().__call__(after_ms, until_ms)

    watched = watch(EXHAUSTED, objective="0.99", window=Rolling(30 * DAY))
    history = Counting([every_minute(letters * 60)])

    assert replay_budget(watched, history, 0, 60 * DAY).firings == ()
    assert looks < 300
