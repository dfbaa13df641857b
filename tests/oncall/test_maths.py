"""Whose turn it is and what is open, against a wall that is looked at minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetics.oncall.hours import MINUTE_MS, Hours, When
from synthetics.oncall.rotation import Layer, Override, Rotation, Shift
from synthetics.oncall.wall import first_ms, shows

ZONES = [
    ZoneInfo(name)
    for name in (
        "UTC",
        "Asia/Tokyo",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",  # sets its clock by half an hour
        "Africa/Casablanca",
        "Asia/Kathmandu",
    )
]
SPRING = datetime(2026, 3, 28, 12, tzinfo=UTC)  # Berlin skips an hour the night after
AUTUMN = datetime(2026, 10, 24, 12, tzinfo=UTC)  # and shows one twice
BEGINNINGS = [
    SPRING,
    AUTUMN,
    datetime(2026, 3, 7, 12, tzinfo=UTC),
    datetime(2026, 4, 4, tzinfo=UTC),
]
BERLIN = ZoneInfo("Europe/Berlin")


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def wall(zone: ZoneInfo, at_ms: int) -> datetime:
    """What the standard library says that a clock shows."""
    return datetime.fromtimestamp(at_ms // 1000, tz=zone).replace(tzinfo=None, fold=0)


minute_of_day = st.integers(0, 24 * 60 - 1)


@st.composite
def hours(draw: st.DrawFn) -> Hours:
    pieces = st.builds(
        lambda begin, length: (begin, begin + length), minute_of_day, st.integers(1, 24 * 60)
    )
    return Hours(
        zone=draw(st.sampled_from(ZONES)),
        weekly=draw(
            st.dictionaries(st.integers(0, 6), st.lists(pieces, min_size=1, max_size=2).map(tuple))
        ),
        holidays=frozenset(
            draw(st.lists(st.sampled_from([date(2026, 3, 29), date(2026, 10, 25)])))
        ),
    )


whens = st.builds(When, hours=hours(), outside=st.booleans())


@st.composite
def rotations(draw: st.DrawFn) -> Rotation:
    zone = draw(st.sampled_from(ZONES))
    begin = draw(st.sampled_from(BEGINNINGS))
    layers = draw(
        st.lists(
            st.builds(
                Layer,
                zone=st.sampled_from(ZONES),
                people=st.lists(st.sampled_from("abc"), min_size=1, max_size=3).map(tuple),
                starts=st.integers(-5000, 1000).map(
                    lambda m: begin.replace(tzinfo=None) + timedelta(minutes=m)
                ),
                every=st.sampled_from([30, 60, 8 * 60, 12 * 60, 24 * 60, 7 * 24 * 60]).map(
                    lambda m: timedelta(minutes=m)
                ),
                when=st.none() | whens,
            ),
            min_size=1,
            max_size=3,
        )
    )
    first = int(begin.timestamp() * 1000)
    overrides = draw(
        st.lists(
            st.builds(
                lambda person, at, length: Override(
                    person=person,
                    from_ms=first + at * MINUTE_MS,
                    to_ms=first + (at + length) * MINUTE_MS,
                ),
                st.sampled_from("de"),
                st.integers(0, 2000),
                st.integers(1, 500),
            ),
            max_size=2,
        )
    )
    return Rotation(id="r", name="r", zone=zone, layers=tuple(layers), overrides=tuple(overrides))


def is_open(of: Hours, at_ms: int) -> bool:
    """By looking at the wall, day and time of day."""
    shown = wall(of.zone, at_ms)
    for back in (0, 1):
        day = shown.date() - timedelta(days=back)
        minute = shown.hour * 60 + shown.minute + back * 24 * 60
        if day not in of.holidays and any(
            begin <= minute < end for begin, end in of.weekly.get(day.weekday(), ())
        ):
            return True
    return False


class Watcher:
    """Stands before a layer's wall and counts the hand-overs that the clock has shown."""

    def __init__(self, layer: Layer, from_ms: int) -> None:
        self.layer = layer
        self.furthest = max(
            wall(layer.zone, from_ms - minutes * MINUTE_MS) for minutes in range(181)
        )

    def on_call(self, at_ms: int) -> str | None:
        self.furthest = max(self.furthest, wall(self.layer.zone, at_ms))
        turn = (self.furthest - self.layer.starts) // self.layer.every
        when = self.layer.when
        if turn < 0 or (when and is_open(when.hours, at_ms) is when.outside):
            return None
        return self.layer.people[turn % len(self.layer.people)]


@settings(deadline=None, max_examples=50)
@given(rotations(), st.sampled_from(BEGINNINGS))
def test_a_rotation_is_what_a_wall_shows_minute_by_minute(
    rotation: Rotation, begin: datetime
) -> None:
    first = int(begin.timestamp() * 1000)
    minutes = [first + i * MINUTE_MS for i in range(36 * 60)]
    watchers = [Watcher(layer, first) for layer in rotation.layers]
    expected: list[str | None] = []
    for at_ms in minutes:
        seen = [watcher.on_call(at_ms) for watcher in watchers]
        over = [o.person for o in rotation.overrides if o.from_ms <= at_ms < o.to_ms]
        expected.append(next((p for p in [*reversed(over), *reversed(seen)] if p), None))

    shifts = rotation.shifts(minutes[0], minutes[-1] + MINUTE_MS)
    covered = rotation.covered(minutes[0], minutes[-1] + MINUTE_MS)

    assert [rotation.on_call(at_ms) for at_ms in minutes] == expected
    assert [s.person for s in shifts for _ in range(s.from_ms, s.to_ms, MINUTE_MS)] == expected
    assert all(one.person != two.person for one, two in pairwise(shifts))
    assert list(covered) == [
        (start, end)
        for start, end in covered
        if all(expected[(m - first) // MINUTE_MS] for m in range(start, end, MINUTE_MS))
    ]
    assert sum(end - start for start, end in covered) == MINUTE_MS * sum(
        person is not None for person in expected
    )


@settings(deadline=None, max_examples=50)
@given(whens, st.sampled_from(BEGINNINGS))
def test_hours_are_what_a_wall_shows_minute_by_minute(when: When, begin: datetime) -> None:
    first = int(begin.timestamp() * 1000)
    minutes = [first + i * MINUTE_MS for i in range(50 * 60)]
    expected = {at_ms for at_ms in minutes if is_open(when.hours, at_ms) is not when.outside}

    spans = when.spans(minutes[0], minutes[-1] + MINUTE_MS)

    assert {at_ms for at_ms in minutes if when.holds(at_ms)} == expected
    assert {m for start, end in spans for m in range(start, end, MINUTE_MS)} == expected
    begins = when.begins_ms(first)
    if expected:
        assert begins == min(expected)
    else:
        assert begins is None or begins > minutes[-1]


def weekly(**more: object) -> Rotation:
    layer = Layer(
        zone=BERLIN,
        people=("aiko", "ben"),
        starts=datetime(2026, 10, 19, 9),
        every=timedelta(weeks=1),
    )
    return Rotation(id="r", name="r", zone=BERLIN, layers=(layer,), **more)  # type: ignore[arg-type]


def test_a_week_on_call_ends_at_the_same_time_of_day_when_it_has_169_hours() -> None:
    first, second = weekly().shifts(ms("2026-10-19T09:00+02:00"), ms("2026-11-02T09:00+01:00"))

    assert (first.person, second.person) == ("aiko", "ben")
    assert first.to_ms - first.from_ms == 169 * 3_600_000
    assert second.to_ms - second.from_ms == 168 * 3_600_000


def test_an_override_goes_before_the_turn_and_a_later_one_before_it() -> None:
    rotation = weekly(
        overrides=(
            Override(person="chie", from_ms=ms("2026-10-20T00:00Z"), to_ms=ms("2026-10-22T00:00Z")),
            Override(person="dan", from_ms=ms("2026-10-21T00:00Z"), to_ms=ms("2026-10-21T12:00Z")),
        )
    )

    said = [s.person for s in rotation.shifts(ms("2026-10-19T09:00Z"), ms("2026-10-23T00:00Z"))]

    assert said == ["aiko", "chie", "dan", "chie", "aiko"]


def test_before_its_first_turn_a_rotation_has_nobody() -> None:
    before = ms("2026-10-01T00:00Z")

    assert weekly().on_call(before) is None
    assert weekly().shifts(before, before + 1) == [
        Shift(person=None, from_ms=before, to_ms=before + 1)
    ]


@pytest.mark.parametrize(
    ("shown", "first"),
    [
        pytest.param("2026-03-29T02:30", "2026-03-29T01:00Z", id="a time that is skipped"),
        pytest.param("2026-10-25T02:30", "2026-10-25T00:30Z", id="a time that is shown twice"),
        pytest.param("2026-07-01T09:00", "2026-07-01T07:00Z", id="any other"),
    ],
)
def test_a_time_of_day_comes_once(shown: str, first: str) -> None:
    assert first_ms(BERLIN, datetime.fromisoformat(shown)) == ms(first)
    assert shows(BERLIN, ms(first)) >= datetime.fromisoformat(shown)
