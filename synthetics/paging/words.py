"""What a page says: its first line, and its numbers for whoever was asleep."""

from __future__ import annotations

from slo.budget import Rate
from slo.counts import Counts
from slo.policy import Tier
from synthetics.config.model import Latency, Sli, Slices, Slo
from synthetics.language.speech import Speech, speech
from synthetics.receivers.base import Link, Message
from synthetics.receivers.text import flat, shorten

_SERVICE = 30
_PROBE = 30
_STEP = 20
# With these a summary says all but the time within 80 characters at the usual lengths.


def summary(
    speech: Speech,
    *,
    service: str,
    slo: Slo,
    probe: str,
    step: str,
    reason: str,
    status: int | None,
    since_ms: int | None,
    at_ms: int,
) -> str:
    """
    What fails and for whom: ``本店: checkout fails at step order (status 500) since 14:03 UTC``.

    Args:
        speech: In which language, on which clock.
        service: Its name as people call it.
        slo: Whose budget burns.
        probe: What fails; empty if no bad sample was found.
        step: Where in a journey, or empty.
        reason: Why, a slug; empty if the sample itself was good, but too slow.
        status: HTTP status of the failing answer, if there was one.
        since_ms: The first bad sample, if one was found.
        at_ms: Now; a beginning on another day is said with its date.
    """
    phrases = speech.phrases
    since = "" if since_ms is None else phrases.since.format(when=speech.when(since_ms, at_ms))
    whose = shorten(service, _SERVICE)
    what = shorten(probe or slo.id, _PROBE)
    bound_us = _bound_us(slo.sli)
    if bound_us is not None and not reason:
        bound = speech.bound(bound_us)
        return phrases.slower.format(service=whose, what=what, bound=bound, since=since)
    known = reason == "status" and status
    why = phrases.status.format(status=status) if known else speech.reason(reason)
    return phrases.fails.format(
        service=whose,
        what=what,
        step=phrases.at_step.format(step=shorten(step, _STEP)) if step else "",
        why=phrases.because.format(why=flat(why)) if why else "",
        since=since,
    )


def _bound_us(sli: Sli) -> int | None:
    """How fast a sample must be; ``None`` if that does not matter."""
    match sli:
        case Latency(bound_us=bound_us) | Slices(latency=Latency(bound_us=bound_us)):
            return bound_us
        case _:
            return None


def failed(speech: Speech, tier: Tier, counts: Counts, event: str) -> str:
    """How many of late: ``14 of 15 samples failed in the last 5m``; *event* is what is counted."""
    if not counts.valid:
        return ""
    phrase = speech.phrases.failed.get(event, speech.phrases.failed["sample"])
    return phrase.format(
        failed=counts.failed, valid=counts.valid, window=speech.exactly(tier.short_ms)
    )


def burning(
    speech: Speech, tier: Tier, long: Rate | None, short: Rate | None, *, on_evidence: bool
) -> str:
    """
    How fast it burns: ``57.2× over 30s and 80× over 10s, fires above 20×``; where the tier takes
    evidence also, in the same sentence, why it fired and what ends it.
    """
    said = speech.phrases.burning.format(
        long=speech.rate(long),
        long_window=speech.exactly(tier.long_ms),
        short=speech.rate(short),
        short_window=speech.exactly(tier.short_ms),
        factor=speech.factor(tier.factor),
    )
    return speech.phrases.on_evidence.format(burning=said) if on_evidence else said


def budget(speech: Speech, remaining: Rate | None, lasts_ms: int | None) -> str:
    """What is left, and how long it lasts: ``61.2% left, gone in 3h20m at this rate``."""
    left = speech.left(remaining)
    return speech.phrases.gone.format(left=left, time=speech.about(lasts_ms)) if lasts_ms else left


def acknowledged(message: Message, author: str) -> str:
    """What *message* began is taken on."""
    said = speech(message.language, message.zone)
    return said.phrases.acknowledged.format(who=flat(author), summary=message.summary)


def acknowledge_link(message: Message, href: str) -> Link:
    """Where a reader of *message* takes the incident on."""
    return Link(text=speech(message.language, message.zone).phrases.links.acknowledge, href=href)


def told(message: Message, at_ms: int) -> str:
    """
    The first line of *message*, of which the summary says what is wrong and no more: how much
    else is, and whether the receiver heard so before, or somebody else did and has not answered.
    """
    said = speech(message.language, message.zone)
    phrases, summary = said.phrases, message.summary
    if message.also:
        summary = phrases.together.format(count=len(message.also), summary=summary)
    if message.unanswered_ms:
        waited = said.about(message.unanswered_ms)
        return phrases.unanswered.format(time=waited, summary=summary)
    if message.flapping:
        summary = phrases.flapping.format(count=message.again + 1, summary=summary)
    elif message.reminder:
        began_ms = message.detected_ms if message.since_ms is None else message.since_ms
        summary = phrases.reminder.format(time=said.about(at_ms - began_ms), summary=summary)
    elif message.again:
        summary = phrases.again.format(count=message.again + 1, summary=summary)
    return _with_held_back(said, message, summary)


def resolved(message: Message, at_ms: int, resolution: str) -> str:
    """The end of what *message* began, in its language, and what was not told of it."""
    said = speech(message.language, message.zone)
    ending = said.phrases.endings.get(resolution)
    if ending is not None:
        summary = said.phrases.closed.format(why=ending, summary=message.summary)
        return _with_held_back(said, message, summary)
    began_ms = message.detected_ms if message.since_ms is None else message.since_ms
    lasted = said.about(max(at_ms - began_ms, 0))
    summary = said.phrases.resolved.format(time=lasted, summary=message.summary)
    return _with_held_back(said, message, summary)


def _with_held_back(said: Speech, message: Message, summary: str) -> str:
    """*summary*, and how many pages its reader was spared."""
    if not message.held_back:
        return summary
    return said.phrases.held_back.format(count=message.held_back, summary=summary)
