"""The feed, as a calendar reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from icalendar import Calendar

from synthetics.oncall.ical import feed
from synthetics.oncall.rotation import Layer, Override, Rotation

TOKYO = ZoneInfo("Asia/Tokyo")
DAY_MS = 86_400_000
START = round(datetime(2026, 11, 2, tzinfo=UTC).timestamp() * 1000)
NAMES = {"aiko": "愛子; the one, who\nknows " + "本店" * 20, "ben": "Ben"}


def rotation(**more: object) -> Rotation:
    layer = Layer(
        zone=TOKYO,
        people=("aiko", "ben"),
        starts=datetime(2026, 10, 5, 9),
        every=timedelta(weeks=1),
    )
    return Rotation(id="shop", name="Shop", zone=TOKYO, layers=(layer,), **more)  # type: ignore[arg-type]


def made(of: Rotation | None = None, *, days: int = 21, after: int = 0, **more: str) -> str:
    return feed(
        [of or rotation()],
        NAMES,
        from_ms=START + after * DAY_MS,
        to_ms=START + (after + days) * DAY_MS,
        stamp_ms=START,
        person=more.get("person"),
    )


def test_a_calendar_reads_every_shift() -> None:
    events = Calendar.from_ical(made()).walk("VEVENT")

    said = [(str(e["SUMMARY"]).partition(" ")[0], e.decoded("DTSTART")) for e in events]
    assert [name for name, _ in said] == ["愛子;", "Ben", "愛子;"]
    assert said[0][1] == datetime(2026, 11, 2, 0, tzinfo=UTC)
    assert events[0].decoded("DTEND") == datetime(2026, 11, 9, 0, tzinfo=UTC)
    assert all(event.decoded("DTSTAMP") == datetime(2026, 11, 2, tzinfo=UTC) for event in events)


def test_what_separates_is_escaped_and_comes_back() -> None:
    events = Calendar.from_ical(made(person="aiko")).walk("VEVENT")

    assert {str(event["SUMMARY"]) for event in events} == {f"{NAMES['aiko']} is on call: Shop"}


def test_lines_end_as_the_standard_says_and_no_character_is_torn() -> None:
    text = made()

    assert text.endswith("END:VCALENDAR\r\n")
    assert "\n" not in text.replace("\r\n", "")
    lines = text.encode().split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert all(line.decode() is not None for line in lines)


def test_the_same_shift_has_the_same_uid_in_a_later_feed() -> None:
    def uids(text: str) -> dict[str, datetime]:
        return {
            str(event["UID"]): event.decoded("DTSTART")
            for event in Calendar.from_ical(text).walk("VEVENT")
        }

    now, later = uids(made()), uids(made(after=3))

    assert later.items() >= now.items()
    assert len(later) == 4


def test_who_is_always_on_call_is_one_event_whenever_it_is_asked() -> None:
    layer = Layer(zone=TOKYO, people=("ben",), starts=datetime(2020, 1, 1), every=timedelta(days=1))
    alone = Rotation(id="solo", name="Solo", zone=TOKYO, layers=(layer,))

    (one,), (other,) = (
        Calendar.from_ical(made(alone, after=days)).walk("VEVENT") for days in (0, 5)
    )

    assert one["UID"] == other["UID"]


def test_an_override_is_an_event_of_its_own() -> None:
    swapped = rotation(
        overrides=(Override(person="ben", from_ms=START + 2 * DAY_MS, to_ms=START + 3 * DAY_MS),)
    )

    assert len(Calendar.from_ical(made(swapped, days=7)).walk("VEVENT")) == 3
