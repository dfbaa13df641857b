"""Adaptive Cards for the Workflows app."""

from __future__ import annotations

import json
from typing import Any

from synthetics.receivers.teams import whole
from tests.receivers.support import resolve, texts, trigger
from tests.receivers.test_slack import page


def runs(message: dict[str, Any]) -> list[dict[str, Any]]:
    card = message["attachments"][0]["content"]
    return [run for block in card["body"] for run in block["inlines"]]


def test_every_text_of_the_message_is_one_that_knows_no_markdown() -> None:
    """A TextBlock would make a link of ``[click](…)``; a TextRun shows it."""
    card = whole(trigger(summary="**a** [b](https://evil.example) <at>all</at>"))

    assert {run["type"] for run in runs(card)} == {"TextRun"}
    assert '"TextBlock"' not in json.dumps(card)


def test_the_colour_says_how_it_stands() -> None:
    assert runs(whole(trigger()))[0]["color"] == "Attention"
    assert runs(whole(resolve()))[0]["color"] == "Good"


def test_a_card_without_links_has_no_actions() -> None:
    card = whole(trigger(links=(), url=""))["attachments"][0]["content"]

    assert "actions" not in card
    assert "https://wiki.example/oncall/shop" not in texts(card)


def test_the_page_shows_what_is_really_sent() -> None:
    assert page("teams") == [whole(trigger())]
