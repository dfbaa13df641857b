from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetics.receivers.base import Message
from synthetics.receivers.text import flat, is_link, iso, short_key, shorten, utf8, utf16
from tests.receivers.support import resolve, trigger


@pytest.mark.parametrize("message", [trigger(), resolve(), trigger(failing=None, burn_long=None)])
def test_a_message_is_stored_and_read_whole(message: Message) -> None:
    assert Message.from_json(message.to_json()) == message


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", '{"event": "trigger"}'])
def test_another_text_is_no_message(text: str) -> None:
    with pytest.raises(ValueError):
        Message.from_json(text)


@settings(deadline=None)
@given(st.text())
def test_flat_text_is_one_line_that_utf_8_can_carry(text: str) -> None:
    found = flat(text)

    found.encode()
    assert len(found.splitlines()) <= 1
    assert found == found.strip()
    assert flat(found) == found


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("plain", "plain"),
        ("  two  spaces ", "two spaces"),
        ("a\r\nb\tc\x00d\x1b[31m", "a b c d [31m"),
        ("本店 🔥", "本店 🔥"),
        ("\u202eevil\u2069", "evil"),
        ("half \ud83d pair", "half \ufffd pair"),
    ],
)
def test_what_flat_does(text: str, words: str) -> None:
    assert flat(text) == words


@settings(deadline=None)
@given(text=st.text(), limit=st.integers(1, 50))
def test_shortened_text_fits(text: str, limit: int) -> None:
    found = shorten(text, limit)

    assert len(found) <= limit
    assert found == flat(text) or found.endswith("…")


@settings(deadline=None)
@given(text=st.text(), limit=st.integers(3, 50), size=st.sampled_from([utf8, utf16]))
def test_shortened_text_fits_as_the_far_side_counts(text: str, limit: int, size: Any) -> None:
    assert size(shorten(text, limit, size)) <= limit


@pytest.mark.parametrize(
    ("text", "limit", "size", "short"),
    [
        ("🔥🔥🔥", 5, utf16, "🔥🔥…"),
        ("🔥🔥🔥", 6, utf16, "🔥🔥🔥"),
        ("本店本店", 9, utf8, "本店…"),
        ("👩‍👩‍👧‍👦 family", 4, len, "…"),
        ("cafe\u0301 au lait", 5, len, "caf…"),
        ("👍🏽👍🏽", 4, utf16, "…"),
    ],
)
def test_a_cut_never_parts_what_belongs_together(
    text: str, limit: int, size: Any, short: str
) -> None:
    assert shorten(text, limit, size) == short


def test_two_long_keys_stay_two() -> None:
    first, second = (short_key("k" * 300 + end, 255) for end in "ab")

    assert first != second
    assert len(first) == len(second) == 255
    assert short_key("short", 255) == "short"


@pytest.mark.parametrize("href", ["javascript:alert(1)", "ftp://a.example", "/page", "https://a b"])
def test_what_cannot_be_followed_is_no_link(href: str) -> None:
    assert not is_link(href)


def test_an_endless_text_is_not_read_to_its_end() -> None:
    assert shorten(" " * 10**7 + "a", 80) == "…"


def test_times_are_written_in_full() -> None:
    assert iso(1_791_209_100_007) == "2026-10-05T14:05:00.007Z"
    assert iso(None) is None
