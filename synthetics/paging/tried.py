"""What was tried, in the words of a page."""

from __future__ import annotations

import re

from synthetics import words
from synthetics.config.model_remedy import Remedy
from synthetics.language.speech import speech
from synthetics.paging.mending import Answer
from synthetics.receivers.base import Message
from synthetics.receivers.text import shorten

_OUTPUT = 120
_EXIT = re.compile(r"exit (\d+)")


def line(
    draft: Message,
    how: str,
    outcome: str,
    *,
    remedy: Remedy,
    began_ms: int | None = None,
    answer: Answer | None = None,
) -> str:
    """
    One line: what was tried, when, and what came of it.

    Args:
        draft: The page, for its language and clock.
        how: ``command`` or ``webhook``.
        outcome: A slug.
        remedy: How long and how often it may.
        began_ms: When; ``None`` where it was not tried.
        answer: What it said, if it came to that.
    """
    said = speech(draft.language, draft.zone)
    phrases = said.phrases
    last = answer.output.rpartition("\n")[2] if answer else ""
    answered = answer.said if answer else ""
    if ended := _EXIT.fullmatch(answered):
        answered = phrases.exit_code.format(code=ended[1])
    limit = remedy.timeout if outcome == "timeout" else remedy.wait
    return phrases.tried[outcome].format(
        how=phrases.remedies[how],
        when="" if began_ms is None else said.when(began_ms, draft.detected_ms),
        answer=f"{answered}: {shorten(last, _OUTPUT)}" if last else answered,
        time=said.exactly(limit // words.MILLISECOND),
        count=remedy.at_most,
    )
