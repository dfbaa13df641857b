"""What a message says, line by line in its own language: for receivers that people read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from synthetics.language.speech import Speech, speech
from synthetics.receivers.base import Changed, Event, Message


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: what it is about, and what there is to say."""

    label: str
    text: str


def facts(message: Message) -> tuple[Fact, ...]:
    """
    What stands below the summary of *message*, what a woken person asks first first.

    What is not known is left out.  The texts are as long as they are; links stand apart, in
    `Message.links`.
    """
    said = speech(message.language, message.zone)
    return tuple(Fact(label, text) for label, text in _facts(said, message) if text)


def _facts(said: Speech, message: Message) -> Iterator[tuple[str, str]]:
    labels, phrases = said.phrases.labels, said.phrases
    failing = message.failing
    if message.event is Event.RESOLVE:  # its numbers are those of the beginning
        began_ms = message.since_ms
        yield labels.since, "" if began_ms is None else said.when(began_ms, message.detected_ms)
        yield labels.also_failed, phrases.comma.join(message.also)
        yield labels.tried, phrases.comma.join(message.tried)
        yield labels.owner, message.owner
        return
    yield labels.since, _began(said, message)
    yield labels.failed, message.said.failed
    yield labels.last_failure, failing.detail if failing else ""
    for change in message.changes:
        yield labels.changed, changed(said, message, change)
    if message.more_changes:
        yield labels.changed, phrases.no_more.format(count=message.more_changes)
    yield labels.tried, phrases.comma.join(message.tried)
    yield labels.budget, message.said.budget
    yield labels.burn, message.said.burn
    if message.said.objective:
        yield (
            labels.slo,
            phrases.objective.format(
                slo=message.slo, objective=message.said.objective, tier=message.tier
            ),
        )
    yield labels.also, phrases.comma.join(message.also)
    yield labels.location, message.location
    yield labels.owner, message.owner
    yield labels.request, failing.request_id if failing else ""
    yield labels.trace, failing.trace_id if failing else ""


def changed(said: Speech, message: Message, change: Changed) -> str:
    """*change*, and how long before or after the beginning it was."""
    phrases = said.phrases
    what = change.summary
    if change.author:
        what = phrases.said_by.format(what=what, author=change.author)
    began_ms = message.detected_ms if message.since_ms is None else message.since_ms
    phrase = phrases.before if change.at_ms <= began_ms else phrases.after
    return phrase.format(
        when=said.when(change.at_ms, message.detected_ms),
        time=said.about(abs(began_ms - change.at_ms)),
        what=what,
    )


def _began(said: Speech, message: Message) -> str:
    if message.since_ms is None:
        return ""
    return said.phrases.began.format(
        when=said.when(message.since_ms, message.detected_ms),
        time=said.about(max(message.detected_ms - message.since_ms, 0)),
    )
