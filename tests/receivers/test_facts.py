"""What a message says line by line."""

from __future__ import annotations

from dataclasses import replace

from synthetics.receivers.base import Event
from synthetics.receivers.facts import facts
from tests.receivers.support import trigger


def test_an_end_says_what_it_was_and_none_of_the_numbers_of_the_beginning() -> None:
    end = replace(
        trigger(also=("home-fast", "search")),
        event=Event.RESOLVE,
        detected_ms=trigger().detected_ms + 600_000,
    )

    assert [(each.label, each.text) for each in facts(end)] == [
        ("Since", "14:03 UTC"),
        ("Failed too", "home-fast, search"),
        ("Owner", "team-checkout"),
    ]
