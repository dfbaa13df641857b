from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slo.budget import INFINITE, Rate
from synthetics.config.model import Latency
from synthetics.language.speech import speech
from synthetics.paging.words import budget, burning, resolved, summary
from tests.paging.support import FAST, MINUTE_MS, NOON_MS, slo
from tests.receivers.support import trigger


def said(**changes: Any) -> str:
    known: dict[str, Any] = {
        "service": "本店",
        "slo": slo(),
        "probe": "checkout",
        "step": "order",
        "reason": "status",
        "status": 500,
        "since_ms": NOON_MS + 3 * MINUTE_MS,
        "at_ms": NOON_MS + 5 * MINUTE_MS,
    }
    return summary(speech(), **(known | changes))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param(
            {},
            "本店: checkout fails at step order (status 500) since 12:03 UTC",
            id="a step of a journey",
        ),
        pytest.param(
            {"step": "", "reason": "timeout", "status": None},
            "本店: checkout fails (timed out) since 12:03 UTC",
            id="a plain request",
        ),
        pytest.param(
            {"step": "", "reason": "weird-thing", "status": None},
            "本店: checkout fails (weird-thing) since 12:03 UTC",
            id="a reason of a third party's probe is said as it is",
        ),
        pytest.param(
            {"slo": slo(sli=Latency(bound_us=500_000)), "reason": "", "step": "", "status": 200},
            "本店: checkout is slower than 500ms since 12:03 UTC",
            id="too slow",
        ),
        pytest.param(
            {"since_ms": NOON_MS - 24 * 60 * MINUTE_MS, "step": ""},
            "本店: checkout fails (status 500) since 2026-10-04 12:00 UTC",
            id="since another day",
        ),
        pytest.param(
            {"probe": "", "step": "", "reason": "", "status": None, "since_ms": None},
            "本店: checkout fails",
            id="no sample was found, so the SLO is named",
        ),
    ],
)
def test_a_page_begins_with_what_fails_and_for_whom(changes: dict[str, Any], words: str) -> None:
    assert said(**changes) == words


@settings(deadline=None)
@given(service=st.text(min_size=1), probe=st.text(min_size=1), step=st.text())
def test_what_fails_stands_in_the_first_80_characters_whatever_it_is_called(
    service: str, probe: str, step: str
) -> None:
    text = said(service=service, probe=probe, step=step)

    assert " fails" in text[:80]
    assert text.isprintable() or all(c.isprintable() or ord(c) > 0x7F for c in text)
    assert len(text) <= 150


@pytest.mark.parametrize(
    ("long", "short", "words"),
    [
        (Fraction(400, 7), Fraction(80), "57.2× over 1h and 80× over 5m, fires above 14.4×"),
        (
            INFINITE,
            INFINITE,
            "infinitely fast over 1h and infinitely fast over 5m, fires above 14.4×",
        ),
        (Fraction(20), None, "20× over 1h and unknown over 5m, fires above 14.4×"),
    ],
)
def test_how_fast_it_burns_is_said_beside_the_limit(
    long: Rate | None, short: Rate | None, words: str
) -> None:
    assert burning(speech(), FAST, long, short, on_evidence=False) == words


def test_a_page_that_takes_evidence_says_why_it_fired_and_what_ends_it() -> None:
    text = burning(speech(), FAST, Fraction(60), Fraction(60), on_evidence=True)

    assert text == (
        "60× over 1h and 60× over 5m, fires above 14.4×; more failures than chance would bring, "
        "and over once the samples since could hardly be part of it"
    )


@pytest.mark.parametrize(
    ("remaining", "lasts_ms", "words"),
    [
        (Fraction(612, 1000), 12_059_000, "61.2% left, gone in 3h20m at this rate"),
        (Fraction(612, 1000), None, "61.2% left"),
        (Fraction(-41), 0, "overspent: 4200% used"),
        (-INFINITE, 0, "none was allowed, and some failed"),
    ],
)
def test_a_budget_is_said_with_when_it_is_gone(
    remaining: Rate, lasts_ms: int | None, words: str
) -> None:
    assert budget(speech(), remaining, lasts_ms) == words


@pytest.mark.parametrize(
    ("after_ms", "words"),
    [
        (0, "Resolved after 0s: "),
        (59_999, "Resolved after 59s: "),
        (12 * MINUTE_MS, "Resolved after 12m: "),
        (125 * MINUTE_MS + 7_000, "Resolved after 2h5m: "),
        (3 * 24 * 60 * MINUTE_MS, "Resolved after 3d: "),
    ],
)
def test_a_resolve_says_how_long_it_lasted(after_ms: int, words: str) -> None:
    message = trigger(since_ms=NOON_MS, detected_ms=NOON_MS)

    assert resolved(message, NOON_MS + after_ms, "short-within").startswith(words)
