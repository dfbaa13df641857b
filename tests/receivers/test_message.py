from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetics.receivers.base import Message
from synthetics.receivers.text import flat, iso, shorten
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


def test_an_endless_text_is_not_read_to_its_end() -> None:
    assert shorten(" " * 10**7 + "a", 80) == "…"


def test_times_are_written_in_full() -> None:
    assert iso(1_791_209_100_007) == "2026-10-05T14:05:00.007Z"
    assert iso(None) is None
