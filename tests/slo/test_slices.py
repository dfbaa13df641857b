"""Slices of time, against slices that are gone through one by one, sample by sample."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.counts import Counts
from slo.runs import Mark
from slo.slices import Age, Gaps, Ratio, Slices
from slo.spans import Spans
from slo.timeline import Timeline
from tests.slo.support import MINUTE, Plain, every_minute

L = 10  # the length of a slice, short so that it is gone through by the millisecond
END = 200

Series = Sequence[Mapping[int, Mark]]
Rule = Ratio | Age


def ages(at: int, end: int, excluded: Spans) -> int:
    """How much time that counts has passed from *at* to *end*."""
    return end - at - excluded.length_ms(at, end)


def judged(
    series: Series, number: int, rule: Rule, gaps: Gaps, excluded: Spans
) -> Mark | str | None:
    """What a slice comes to, as the page says it."""
    start, end = number * L, (number + 1) * L
    counting = [(at, m) for one in series for at, m in one.items() if not excluded.contains(at)]
    if isinstance(rule, Age):
        if excluded.contains(end - 1):
            return "excluded"
        marks = [m for at, m in counting if at < end and ages(at, end, excluded) <= rule.most_ms]
    else:
        marks = [m for at, m in counting if start <= at < end]
    valid = [mark for mark in marks if mark is not Mark.VOID]
    if not valid:
        touched = any(excluded.contains(at) for at in range(start, end))
        if touched and isinstance(rule, Ratio):
            return "excluded"
        if marks:
            return Mark.VOID
        return {Gaps.UNKNOWN: None, Gaps.GOOD: Mark.GOOD, Gaps.BAD: Mark.BAD}[gaps]
    if isinstance(rule, Age):
        if Mark.GOOD in valid:
            return Mark.GOOD
        return Mark.BAD if Mark.BAD in valid else Mark.BLIP
    good, blip = valid.count(Mark.GOOD), valid.count(Mark.BLIP)
    if Fraction(good, len(valid)) >= rule.share:
        return Mark.GOOD
    return Mark.BLIP if Fraction(good + blip, len(valid)) >= rule.share else Mark.BAD


def one_by_one(
    series: Series, until: int, rule: Rule, gaps: Gaps, excluded: Spans, since: int | None
) -> dict[int, Mark | str]:
    """Every slice that has ended by *until*, by its beginning."""
    begins = [at for one in series for at in one] + ([] if since is None else [since])
    if not begins:
        return {}
    found = {}
    for number in range(min(begins) // L, (until + 1) // L):
        mark = judged(series, number, rule, gaps, excluded)
        if mark is not None:
            found[number * L] = mark
    return found


def timeline(samples: Mapping[int, Mark]) -> Timeline:
    made = Timeline()
    for at, mark in samples.items():
        made.add(at, mark)
    return made


@st.composite
def histories(draw: st.DrawFn) -> dict[int, Mark]:
    """One series at its own interval and phase, with changes, gaps and strays."""
    every = draw(st.sampled_from([1, 2, 3, 5, 7, 10, 13, 25]))
    phase = draw(st.integers(0, every - 1))
    pieces = st.tuples(st.sampled_from("..xbo "), st.integers(1, 30))
    letters = "".join(letter * length for letter, length in draw(st.lists(pieces, max_size=6)))
    samples = {
        at: Mark(".xbo".index(letter))
        for index, letter in enumerate(letters)
        if letter != " " and (at := index * every + phase) < END
    }
    strays = draw(st.dictionaries(st.integers(0, END - 1), st.sampled_from(Mark), max_size=4))
    return samples | strays


rules = st.one_of(
    st.sampled_from([Fraction(1), Fraction(9, 10), Fraction(1, 2), Fraction(1, 3)]).map(Ratio),
    st.sampled_from([1, 4, 10, 15, 37]).map(Age),
)
spans = st.lists(
    st.tuples(st.integers(0, END), st.integers(0, 60)).map(lambda pair: (pair[0], sum(pair))),
    max_size=3,
).map(Spans.of)
begins = st.none() | st.integers(0, 60)


def tally(found: Mapping[int, Mark | str], after: int, until: int) -> Counts:
    counted = dict.fromkeys(["good", "bad", "blip", "void", "excluded"], 0)
    for start, mark in found.items():
        if after < start + L - 1 <= until:
            counted[mark if isinstance(mark, str) else mark.name.lower()] += 1
    return Counts(**counted)


@given(
    st.lists(histories(), min_size=1, max_size=3),
    rules,
    st.sampled_from(Gaps),
    spans,
    begins,
    st.data(),
)
def test_slices_come_to_what_they_come_to_one_by_one(
    series: Series, rule: Rule, gaps: Gaps, excluded: Spans, since: int | None, data: st.DataObject
) -> None:
    made = Slices(
        [timeline(one) for one in series],
        L,
        rule,
        gaps=gaps,
        excluded=excluded,
        since_ms=since,
    )
    for _ in range(3):  # also after one another, forwards and back
        after, until = sorted(data.draw(st.tuples(st.integers(-5, END), st.integers(-5, END))))
        found = one_by_one(series, until, rule, gaps, excluded, since)
        assert made(after, until) == tally(found, after, until)
        failed = [
            start + L - 1
            for start, mark in found.items()
            if mark in (Mark.BAD, Mark.BLIP) and after < start + L - 1 <= until
        ]
        assert list(made.failures(after, until, 4)) == failed[-4:]


@given(
    st.lists(histories(), min_size=1, max_size=2),
    st.lists(st.tuples(st.integers(0, END - 1), st.sampled_from([*Mark, None])), max_size=6),
    rules,
    st.sampled_from(Gaps),
    spans,
    begins,
)
def test_samples_that_arrive_late_or_go_change_the_slices_they_speak_for(
    series: list[dict[int, Mark]],
    changes: list[tuple[int, Mark | None]],
    rule: Rule,
    gaps: Gaps,
    excluded: Spans,
    since: int | None,
) -> None:
    """Whatever was asked before: the answer is that of one who knew it all from the start."""
    timelines = [timeline(one) for one in series]
    made = Slices(timelines, L, rule, gaps=gaps, excluded=excluded, since_ms=since)
    until = 0
    for at, mark in changes:
        made(-1, until)
        until = min(until + 90, END)
        if mark is None:
            timelines[0].remove(at)
            series[0].pop(at, None)
        else:
            timelines[0].add(at, mark)
            series[0][at] = mark
        made.touch(at)

    found = one_by_one(series, END, rule, gaps, excluded, since)

    if since is not None or any(timelines):
        first = min(found, default=0)
        assert made(first - 1, END) == tally(found, first - 1, END)


@given(
    st.lists(histories(), min_size=1, max_size=2), rules, spans, st.sampled_from(Gaps), st.data()
)
def test_a_slice_speaks_once_it_is_over(
    series: Series, rule: Rule, excluded: Spans, gaps: Gaps, data: st.DataObject
) -> None:
    start, end = sorted(data.draw(st.tuples(st.integers(0, END), st.integers(0, END))))
    made = Slices([timeline(one) for one in series], L, rule, gaps=gaps, excluded=excluded)
    found = one_by_one(series, end - 1, rule, gaps, excluded, None)
    counted = Plain({at: mark for at, mark in found.items() if isinstance(mark, Mark)})

    assert made.time(start, end) == counted.time(start, end, 2 * L, excluded)
    down = made.down_spans(start, end)
    assert down.length_ms(start, end) == counted.time(start, end, 2 * L, excluded).down_ms


@pytest.mark.parametrize(
    ("letters", "rule", "expected"),
    [
        pytest.param(
            ".........x", Ratio(Fraction(9, 10)), Counts(good=1), id="exactly the share is enough"
        ),
        pytest.param(
            "........bx", Ratio(Fraction(9, 10)), Counts(blip=1), id="without the blip it would be"
        ),
        pytest.param("........xx", Ratio(Fraction(9, 10)), Counts(bad=1), id="two in ten are bad"),
        pytest.param("oooooooooo", Ratio(Fraction(9, 10)), Counts(void=1), id="nobody could ask"),
        pytest.param("          ", Ratio(Fraction(9, 10)), Counts(), id="a gap is no event"),
        pytest.param(".xxxxxxxxx", Age(10 * MINUTE), Counts(good=1), id="ten minutes old is fresh"),
        pytest.param(".xxxxxxxxx", Age(9 * MINUTE), Counts(bad=1), id="and too old for nine"),
        pytest.param(".         ", Age(9 * MINUTE), Counts(), id="too old, and nobody looked"),
    ],
)
def test_what_a_slice_of_ten_minutes_comes_to(letters: str, rule: Rule, expected: Counts) -> None:
    made = Slices([every_minute(letters)], 10 * MINUTE, rule)

    assert made(-1, 10 * MINUTE - 2) == Counts()
    assert made(-1, 10 * MINUTE - 1) == expected


def test_a_year_without_trouble_is_judged_at_once() -> None:
    """Not slice by slice: that would be a hundred thousand of them."""
    asked = 0

    class Counted(Timeline):
        def counts(self, after_ms: int, until_ms: int, excluded: Spans = Spans.EMPTY) -> Counts:
            nonlocal asked
            asked += 1
            return super().counts(after_ms, until_ms, excluded)

    year = 365 * 1440
    weekly = Spans.of((day * 1440 * MINUTE, (day * 1440 + 60) * MINUTE) for day in range(7, 365, 7))
    for rule in (Ratio(Fraction(95, 100)), Age(10 * MINUTE)):
        quiet = Counted(every_minute("." * year).runs())
        made = Slices([quiet], 5 * MINUTE, rule, gaps=Gaps.BAD, excluded=weekly)
        before = asked
        counts = made(-1, year * MINUTE - 1)
        assert counts == Counts(good=year // 5 - 12 * len(weekly), excluded=12 * len(weekly))
        assert asked - before < 10 * len(weekly)
