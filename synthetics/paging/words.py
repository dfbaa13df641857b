"""What a page says: its first line, and its numbers for whoever was asleep."""

from __future__ import annotations

from slo.budget import Rate
from slo.policy import Tier
from synthetics import reasons, words
from synthetics.clock import instant
from synthetics.config.model import Latency, Slo
from synthetics.receivers.base import Message
from synthetics.receivers.text import flat, shorten

_SERVICE = 30
_PROBE = 30
_STEP = 20
# With these a summary says all but the time within 80 characters at the usual lengths.

_ENDINGS = {
    "slo-removed": "its SLO is no longer configured",
    "slo-moved": "its SLO belongs to another service now",
    "policy-changed": "its alert policy no longer has this tier",
    "rerouted": "others are told now",
}


def summary(
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
        service: Its name as people call it.
        slo: Whose budget burns.
        probe: What fails; empty if no bad sample was found.
        step: Where in a journey, or empty.
        reason: Why, a slug; empty if the sample itself was good, but too slow.
        status: HTTP status of the failing answer, if there was one.
        since_ms: The first bad sample, if one was found.
        at_ms: Now; a beginning on another day is said with its date.
    """
    what = shorten(probe or slo.id, _PROBE)
    if isinstance(slo.sli, Latency) and not reason:
        what += f" is slower than {words.bound(slo.sli.bound_us)}"
    else:
        what += " fails"
        if step:
            what += f" at step {shorten(step, _STEP)}"
        why = f"status {status}" if reason == "status" and status else reasons.said(reason)
        if why:
            what += f" ({flat(why)})"
    since = "" if since_ms is None else f" since {_when(since_ms, at_ms)}"
    return f"{shorten(service, _SERVICE)}: {what}{since}"


def burning(tier: Tier, long: Rate | None, short: Rate | None) -> str:
    """How fast it burns: ``57.2× over 30s and 80× over 10s, fires above 20×``."""
    windows = (long, tier.long_ms), (short, tier.short_ms)
    fast = " and ".join(f"{_rate(rate)} over {words.exactly(ms)}" for rate, ms in windows)
    return f"{fast}, fires above {words.factor(tier.factor)}"


def budget(remaining: Rate | None, lasts_ms: int | None) -> str:
    """What is left, and how long it lasts: ``61.2% left, gone in 3h20m at this rate``."""
    said = words.left(remaining)
    return f"{said}, gone in {words.about(lasts_ms)} at this rate" if lasts_ms else said


def resolved(message: Message, at_ms: int, resolution: str) -> str:
    """The end of what *message* began."""
    ending = _ENDINGS.get(resolution)
    if ending is not None:
        return f"Closed, {ending}: {message.summary}"
    began_ms = message.detected_ms if message.since_ms is None else message.since_ms
    return f"Resolved after {words.about(max(at_ms - began_ms, 0))}: {message.summary}"


def _rate(rate: Rate | None) -> str:
    if rate is None:
        return words.UNKNOWN
    return "infinitely fast" if isinstance(rate, float) else words.burn(rate)


def _when(ms: int, at_ms: int) -> str:
    then, now = instant(ms), instant(at_ms)
    return f"{then:%H:%M} UTC" if then.date() == now.date() else f"{then:%Y-%m-%d %H:%M} UTC"
