"""JSON lines: what is taken, and how what is not is named."""

from __future__ import annotations

import json

import pytest

from probes.result import Outcome
from synthetics.results.lines import BadLine, Lines, listing
from synthetics.store.bare import Kind
from synthetics.store.codes import NUMBERS

GOOD, BAD, VOID = (NUMBERS[outcome] for outcome in (Outcome.GOOD, Outcome.BAD, Outcome.VOID))
PLAIN = {"probe": "checkout", "scheduled_at": "2026-10-01T00:00:00Z", "outcome": "good"}
OCTOBER_MS = 1_790_812_800_000
NOW_MS = 1_793_404_800_000  # 2026-10-31T00:00:00Z


def read(*lines: str) -> Lines:
    found = Lines(["checkout", "home"], "local", NOW_MS)
    found.read(lines)
    return found


def read_one(**said: object) -> Lines:
    return read(json.dumps({key: value for key, value in (PLAIN | said).items() if value != "-"}))


def only(lines: Lines) -> BadLine:
    (bad,) = lines.bad
    assert not len(lines.samples)
    return bad


def test_a_line_says_probe_instant_and_outcome() -> None:
    samples = read_one().samples

    assert list(samples.scheduled_ms) == [OCTOBER_MS]
    assert list(samples.duration_us) == [0]
    assert samples.kinds == [Kind("checkout", "local", GOOD, GOOD, "")]


def test_a_line_may_say_more() -> None:
    samples = read_one(
        location="東京", outcome="bad", confirmed="good", duration_s=0.123, reason="timeout"
    ).samples

    assert list(samples.duration_us) == [123_000]
    assert samples.kinds == [Kind("checkout", "東京", BAD, GOOD, "timeout")]


def test_what_was_due_this_very_moment_is_taken() -> None:
    assert list(read_one(scheduled_at="2026-10-31T00:00:00Z").samples.scheduled_ms) == [NOW_MS]


def test_what_failed_without_a_reason_has_an_unknown_one() -> None:
    assert read_one(outcome="bad").samples.kinds[0].reason == "unknown"
    assert read_one(outcome="void", reason="").samples.kinds[0].reason == "unknown"


@pytest.mark.parametrize(
    "written",
    ["2026-10-01T02:00:00+02:00", "2026-09-30T20:00-04:00", "2026-10-01T00:00:00.000999Z"],
)
def test_an_instant_has_any_offset_and_is_taken_to_the_millisecond(written: str) -> None:
    assert list(read_one(scheduled_at=written).samples.scheduled_ms) == [OCTOBER_MS]


def test_samples_of_a_kind_share_it() -> None:
    line = json.dumps(PLAIN)
    samples = read(line, line, json.dumps(PLAIN | {"outcome": "bad"}), line).samples

    assert list(samples.kind) == [0, 0, 1, 0]
    assert samples.probes == {"checkout"}


def test_empty_lines_and_windows_line_ends_are_no_harm() -> None:
    found = read(json.dumps(PLAIN) + "\r\n", "\n", "  \n", json.dumps(PLAIN))

    assert (len(found.samples), found.bad) == (2, [])


@pytest.mark.parametrize(
    ("said", "column", "what", "mend"),
    [
        ({"probe": "chekout"}, 11, "there is no probe `chekout`", "did you mean `checkout`?"),
        ({"probe": "zzz"}, 11, "there is no probe `zzz`", "write one of checkout or home"),
        ({"probe": 7}, 11, "there is no probe `7`", "write one of"),
        ({"probe": "-"}, 0, "`probe` is missing", "add it"),
        ({"probe": ["checkout"]}, 11, "`probe` is not text", "write text"),
        ({"scheduled_at": "-"}, 0, "`scheduled_at` is missing", "add it"),
        ({"scheduled_at": "2026-10-01T00:00:00"}, 39, "no time with an offset", "00:00:00Z"),
        ({"scheduled_at": "yesterday"}, 39, "`yesterday` is no time with an offset", "write"),
        ({"scheduled_at": 1790812800}, 39, "`1790812800` is no time", "write"),
        ({"scheduled_at": "1969-12-31T23:59:59Z"}, 39, "is before 1970", "look at the year"),
        ({"scheduled_at": "2026-10-31T00:00:00.001Z"}, 39, "is still to come", "look at the date"),
        ({"outcome": "-"}, 0, "`outcome` is missing", "good, bad, void"),
        ({"outcome": "goood"}, 74, "`goood` is no outcome", "did you mean `good`?"),
        ({"outcome": "skipped"}, 74, "`skipped` is no outcome", "good, bad or void"),
        ({"confirmed": "bad"}, 95, "only a bad sample is asked again", "leave `confirmed` out"),
        ({"duration_s": -1}, 96, "`-1` is no number of seconds", "such as 0.123"),
        ({"duration_s": "0.1"}, 96, "`0.1` is no number of seconds", "such as 0.123"),
        ({"duration_s": True}, 96, "`true` is no number of seconds", "such as 0.123"),
        ({"duration_s": float("nan")}, 96, "`NaN` is no number of seconds", "such as 0.123"),
        ({"duration_s": float("inf")}, 96, "is no number of seconds", "such as 0.123"),
        ({"reason": "why"}, 92, "a good sample has no reason", "leave `reason` out"),
        ({"location": ""}, 94, "an empty text is not 1 to 100", "a word to group by"),
        ({"location": "a\nb"}, 94, "printable", "a word to group by"),
        ({"location": "x" * 101}, 94, "1 to 100", "a word to group by"),
        ({"location": 3}, 94, "`3` is not text", "quotes"),
        ({"durations": 3}, 95, "there is no key `durations`", "did you mean `duration_s`?"),
    ],
)
def test_a_mistake_has_a_place_and_a_cure(
    said: dict[str, object], column: int, what: str, mend: str
) -> None:
    bad = only(read_one(**said))

    assert (bad.line, bad.column) == (1, column)
    assert what in bad.what
    assert mend in bad.mend


@pytest.mark.parametrize(
    ("line", "column", "what"),
    [
        ('{"probe": "checkout",}', 22, "this is not JSON"),
        ("checkout good", 1, "this is not JSON: expecting value"),
        ('{"probe": "check', 11, "this is not JSON: unterminated string"),
        ("[]", 0, "more than one JSON object a line, or none"),
        ('{"probe": "home"} {"probe": "home"}', 0, "more than one JSON object a line"),
        ("  {,}", 4, "this is not JSON"),
        ("[" * 100_000, 0, "this cannot be read"),
        ('{"probe": ' + "9" * 5000 + "}", 0, "this cannot be read"),
    ],
)
def test_what_is_no_json_object_has_a_place(line: str, column: int, what: str) -> None:
    bad = only(read(line))

    assert bad.column == column
    assert what in bad.what


def test_bytes_that_are_no_utf_8_are_a_mistake_of_their_line() -> None:
    line = b'{"probe":"home","scheduled_at":"2026-10-01T00:00Z","outcome":"good","location":"\xff"}'

    assert "UTF-8" in only(read(line.decode(errors="surrogateescape"))).what


def test_every_bad_line_is_found_and_the_good_ones_are_read() -> None:
    found = read("x", json.dumps(PLAIN), "y", "", json.dumps(PLAIN), "z")

    assert [bad.line for bad in found.bad] == [1, 3, 6]
    assert len(found.samples) == 2
    assert listing(found.bad, "week.jsonl", 2).splitlines() == [
        "week.jsonl:1:1: this is not JSON: expecting value",
        '  to mend: write {"probe": …, "scheduled_at": …, "outcome": …}',
        "week.jsonl:3:1: this is not JSON: expecting value",
        '  to mend: write {"probe": …, "scheduled_at": …, "outcome": …}',
        "… and 1 more bad line",
    ]
