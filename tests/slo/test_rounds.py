"""Rounds of several series (R12), against rounds that are gone through one by one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.counts import Counts
from slo.history import Pool, Together
from slo.rounds import (
    Rule,
    Said,
    any_bad,
    any_good,
    bad_if,
    combined,
    counts_at,
    events_of,
    round_of,
    said_in,
    slots,
    time,
    timeline_of,
    whole_slots,
)
from slo.runs import Mark, Run
from slo.spans import Spans
from slo.timeline import Timeline
from tests.slo.support import MINUTE, Plain, expanded

I = 10  # noqa: E741 - the interval, short so that a slot is gone through by the millisecond
RULES: dict[str, Rule] = {
    "all": any_bad,
    "bad_if 1": bad_if(1),
    "bad_if 2": bad_if(2),
    "bad_if 3": bad_if(3),
    "uptime": any_good,
}


def plainly(said: Sequence[Mark | None], rule: str) -> Mark:
    """R12 as it is written, for one round."""
    reported = [mark for mark in said if mark not in (None, Mark.VOID)]
    bad = [mark for mark in reported if mark is not Mark.GOOD]
    confirmed = [mark for mark in bad if mark is Mark.BAD]
    match rule.split():
        case ["all"]:
            if bad:
                return Mark.BAD if confirmed else Mark.BLIP
            return Mark.GOOD if len(reported) == len(said) else Mark.VOID
        case ["bad_if", number]:
            least = int(number)
            if len(reported) < least:
                return Mark.VOID
            if len(bad) < least:
                return Mark.GOOD
            return Mark.BAD if len(confirmed) >= least else Mark.BLIP
        case _:
            if not reported:
                return Mark.VOID
            if len(bad) < len(reported):
                return Mark.GOOD
            return Mark.BAD if len(confirmed) == len(reported) else Mark.BLIP


def worst_in(samples: Mapping[int, Mark], slot: int) -> Mark | None:
    """The worst that one series said in a slot; knowing nothing is the least."""
    found = [mark for at, mark in samples.items() if slot * I <= at < (slot + 1) * I]
    for mark in (Mark.BAD, Mark.BLIP, Mark.GOOD, Mark.VOID):
        if mark in found:
            return mark
    return None


def one_by_one(series: Sequence[Mapping[int, Mark]], rule: str) -> dict[int, Mark]:
    """Every round by the beginning of its slot."""
    last = max((at for samples in series for at in samples), default=-1)
    rounds = {}
    for slot in range(last // I + 1):
        said = [worst_in(samples, slot) for samples in series]
        if any(mark is not None for mark in said):
            rounds[slot * I] = plainly(said, rule)
    return rounds


def where_they_count(series: Sequence[Mapping[int, Mark]], rule: str) -> dict[int, int]:
    """The instant at which each round counts, by the beginning of its slot."""
    found = {}
    for start in one_by_one(series, rule):
        begun = [samples for samples in series if min(samples, default=start + I) < start + I]
        due = [[at for at in samples if start <= at < start + I] for samples in begun]
        at_once = all(len(each) == 1 for each in due) and len({at for (at, *_) in due}) == 1
        found[start] = due[0][0] if at_once else start + I - 1
    return found


def timeline(samples: Mapping[int, Mark]) -> Timeline:
    made = Timeline()
    for at, mark in samples.items():
        made.add(at, mark)
    return made


@st.composite
def histories(draw: st.DrawFn) -> dict[int, Mark]:
    """One series: mostly one sample a slot at its own phase, with changes, gaps and strays."""
    phase = draw(st.integers(0, I - 1))
    letters = draw(st.text(alphabet="....xbo ", max_size=25))
    samples = {
        slot * I + phase: Mark(".xbo".index(letter))
        for slot, letter in enumerate(letters)
        if letter != " "
    }
    strays = draw(st.dictionaries(st.integers(0, 25 * I), st.sampled_from(Mark), max_size=5))
    return samples | strays


@given(st.lists(histories(), min_size=1, max_size=4), st.sampled_from(sorted(RULES)))
def test_rounds_come_to_what_they_come_to_one_by_one(
    series: list[dict[int, Mark]], rule: str
) -> None:
    each = [slots(timeline(samples), I) for samples in series]

    found = combined(each, RULES[rule])

    rounds, count_at = one_by_one(series, rule), where_they_count(series, rule)
    assert expanded(timeline_of(found, I)) == rounds
    assert expanded(events_of(found, I)) == {count_at[at]: mark for at, mark in rounds.items()}


@given(st.lists(histories(), min_size=1, max_size=4), st.sampled_from(sorted(RULES)))
def test_a_single_round_comes_to_the_same(series: list[dict[int, Mark]], rule: str) -> None:
    each = [timeline(samples) for samples in series]
    rounds, count_at = one_by_one(series, rule), where_they_count(series, rule)

    for slot in range(30):
        said = [said_in(one, slot, I) for one in each]
        begun = sum(min(one, default=1000) < (slot + 1) * I for one in series)
        found = round_of(said, RULES[rule], begun)
        if found is None:
            assert slot * I not in rounds
        else:
            assert found.mark is rounds[slot * I]
            assert counts_at(slot, found.due_ms, I) == count_at[slot * I]


spans = st.lists(st.tuples(st.integers(0, 250), st.integers(0, 250)), max_size=3).map(Spans.of)


@given(st.lists(histories(), min_size=1, max_size=3), spans, st.data())
def test_a_round_counts_when_all_of_it_was_due_at_once_or_its_slot_ends(
    series: list[dict[int, Mark]], excluded: Spans, data: st.DataObject
) -> None:
    rounds, count_at = one_by_one(series, "all"), where_they_count(series, "all")
    made = events_of(combined([slots(timeline(one), I) for one in series], any_bad), I)
    aside = whole_slots(excluded, I)
    after, until = sorted(data.draw(st.tuples(st.integers(-5, 260), st.integers(-5, 260))))

    tally = dict.fromkeys(["good", "bad", "blip", "void", "excluded"], 0)
    for start, mark in rounds.items():
        if after < count_at[start] <= until:
            touched = any(excluded.contains(at) for at in range(start, start + I))
            tally["excluded" if touched else mark.name.lower()] += 1

    counted = Pool([made], aside)
    assert counted(after, until) == Counts(**tally)
    failed = [
        count_at[start]
        for start, mark in rounds.items()
        if after < count_at[start] <= until
        and mark in (Mark.BAD, Mark.BLIP)
        and not aside.contains(start)
    ]
    assert list(counted.failures(after, until, 3)) == failed[-3:]
    both = Together([counted, counted])
    assert both(after, until) == Counts(**tally) + Counts(**tally)
    assert list(both.failures(after, until, 3)) == sorted(failed * 2)[-3:]


@given(histories(), spans, st.integers(1, 35), st.data())
def test_of_a_slot_that_is_not_over_nothing_is_known_yet(
    samples: dict[int, Mark], excluded: Spans, valid_for: int, data: st.DataObject
) -> None:
    """What is known at an instant must not change when the rest of the slot arrives."""
    rounds, count_at = one_by_one([samples], "all"), where_they_count([samples], "all")
    stretches = combined([slots(timeline(samples), I)], any_bad)
    made, events = timeline_of(stretches, I), events_of(stretches, I)
    start, end = sorted(data.draw(st.tuples(st.integers(0, 260), st.integers(0, 260))))

    found = time(made, I, start, end, valid_for_ms=valid_for, excluded=excluded)
    at_once = time(made, I, start, end, valid_for_ms=valid_for, excluded=excluded, events=events)

    over = {at: mark for at, mark in rounds.items() if at + I <= end}
    assert found == Plain(over).time(start, end, valid_for, excluded)
    counted = {at: mark for at, mark in rounds.items() if at + I <= end or count_at[at] <= end}
    assert at_once == Plain(counted).time(start, end, valid_for, excluded)


@pytest.mark.parametrize(
    ("rule", "said", "mark"),
    [
        pytest.param(any_bad, Said(good=1, bad=1), Mark.BAD, id="all: any bad one is enough"),
        pytest.param(any_bad, Said(good=2), Mark.GOOD, id="all: good if every one is"),
        pytest.param(any_bad, Said(good=2, silent=1), Mark.VOID, id="all: one is missing"),
        pytest.param(any_bad, Said(bad=1, silent=1), Mark.BAD, id="all: bad is bad enough"),
        pytest.param(bad_if(2), Said(good=2, bad=1), Mark.GOOD, id="one of three is not two"),
        pytest.param(bad_if(2), Said(good=1, bad=2), Mark.BAD, id="two of three"),
        pytest.param(bad_if(2), Said(bad=1, void=1), Mark.VOID, id="only one reported"),
        pytest.param(bad_if(2), Said(bad=1, blip=1), Mark.BLIP, id="two, one not confirmed"),
        pytest.param(any_good, Said(good=1, bad=2), Mark.GOOD, id="uptime: somebody was served"),
        pytest.param(any_good, Said(bad=2, void=1), Mark.BAD, id="uptime: nobody was"),
        pytest.param(any_good, Said(void=2), Mark.VOID, id="uptime: nobody could ask"),
    ],
)
def test_what_a_round_comes_to(rule: Rule, said: Said, mark: Mark) -> None:
    assert rule(said) is mark


def test_a_year_of_steady_rounds_is_one_run() -> None:
    """It is worked out run by run, not round by round."""
    minutes = 365 * 24 * 60
    series = [Timeline([Run(phase, MINUTE, minutes, Mark.GOOD)]) for phase in (0, 7_000, 59_999)]

    rounds = combined([slots(one, MINUTE) for one in series], any_bad)

    assert timeline_of(rounds, MINUTE).runs() == [Run(0, MINUTE, minutes, Mark.GOOD)]
    assert events_of(rounds, MINUTE).runs() == [Run(MINUTE - 1, MINUTE, minutes, Mark.GOOD)]
