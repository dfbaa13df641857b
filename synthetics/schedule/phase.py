"""
Where in its interval a probe is asked: the same place for ever, spread over all probes.

A probe with interval *i* and phase *p* is due at every instant ``t`` with
``t mod i = p``, counted in milliseconds from the epoch.  So a restart, a reload or
a clock that was set keep the rhythm, and two services agree on it without a word.
"""

from __future__ import annotations

from datetime import timedelta
from hashlib import blake2b

from synthetics.config.model import Probe

SLOT_MS = 250
"""Phases are whole slots, so that many probes share one beat."""

_OPENINGS = 20
"""Hours that may pass without a due time in them, before no more are looked at."""

_MILLISECOND = timedelta(milliseconds=1)


def phase_ms(probe: str, interval_ms: int) -> int:
    """
    The phase of the probe with the identifier *probe*: a whole slot in [0, *interval_ms*).

    The hash is stable across processes and machines, unlike `hash`.
    """
    slots = max(1, interval_ms // SLOT_MS)
    digest = blake2b(probe.encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") % slots * SLOT_MS


def next_due_ms(after_ms: int, interval_ms: int, phase: int) -> int:
    """The first due time strictly after *after_ms*."""
    return last_due_ms(after_ms, interval_ms, phase) + interval_ms


def last_due_ms(until_ms: int, interval_ms: int, phase: int) -> int:
    """The last due time at or before *until_ms*."""
    return (until_ms - phase) // interval_ms * interval_ms + phase


def grace_ms(interval_ms: int) -> int:
    """
    How late a run may still begin: half its interval, at most five seconds.

    Later than that, the answer would speak for another time than the one it is
    filed under; and after a suspended hour it bounds how much is asked at once.
    """
    return min(interval_ms // 2, 5000)


def due_after_ms(at_ms: int, probe: Probe) -> int | None:
    """
    When *probe* is asked next, after *at_ms*; a composite is made for rounds, from their beginning.

    Returns:
        ``None`` if that is not within its hours for a long time.
    """
    interval_ms = interval_of_ms(probe)
    phase = 0 if probe.members else phase_ms(probe.id, interval_ms)
    due_ms = next_due_ms(at_ms, interval_ms, phase)
    if probe.only is None:
        return due_ms
    for _ in range(_OPENINGS):
        opens_ms = probe.only.begins_ms(due_ms)
        if opens_ms is None or opens_ms == due_ms:
            return opens_ms
        due_ms = next_due_ms(opens_ms - 1, interval_ms, phase)
    return None


def interval_of_ms(probe: Probe) -> int:
    """The interval of *probe*."""
    return probe.every // _MILLISECOND


def asked_of(probe: Probe, first_ms: int, due: int) -> tuple[int, int] | None:
    """
    Of *due* times in a row, the first at *first_ms*, those at which *probe* is asked.

    Returns:
        The first of them and how many there are; ``None`` if there is none.
    """
    if probe.only is None:
        return first_ms, due
    interval_ms = interval_of_ms(probe)
    found, count = None, 0
    for begins, ends in probe.only.spans(first_ms, first_ms + (due - 1) * interval_ms + 1):
        # Counted from the first, rounded up: those at or after an instant begin there.
        first = -(-(begins - first_ms) // interval_ms)
        after = -(-(ends - first_ms) // interval_ms)
        if after > first and found is None:
            found = first_ms + first * interval_ms
        count += after - first
    return None if found is None else (found, count)
