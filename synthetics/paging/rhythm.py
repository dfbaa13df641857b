"""How often is too often: flapping, reminders, and the quota of pages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from synthetics.config.model_quiet import Flapping, Incidents

HOUR_MS = 3_600_000
REMEMBERED_MS = 24 * HOUR_MS
"""How long it is told that pages were held back, where none follows sooner."""
PATIENCE_MS = 600_000
"""How long a page waits for the quota at most: what lasts is told, however much there was."""

_MS = timedelta(milliseconds=1)


def flapping(beginnings: Sequence[int], rule: Flapping) -> bool:
    """Whether a receiver that was told of these *beginnings* was told too often."""
    if not beginnings or not rule.keep_open_for:
        return False
    since_ms = beginnings[-1] - rule.within // _MS
    return sum(1 for each in beginnings if each > since_ms) >= rule.times


def calm(ended_ms: int, rule: Flapping, at_ms: int) -> bool:
    """Whether what flapped and ended at *ended_ms* has been calm for long enough."""
    return at_ms - ended_ms >= rule.keep_open_for // _MS


def reopens_since_ms(rules: Incidents, at_ms: int) -> int:
    """What ended after this begins anew, when it fails at *at_ms*."""
    return at_ms - rules.reopen_within // _MS
