"""
All that a third party's probe kind or receiver imports.

A kind is a module with ``Options`` and ``run`` (a probe) or ``send`` (a receiver), named by an
entry point of the group ``synthetics.probes`` or ``synthetics.receivers``.
"""

from probes.fields import (
    Capture,
    Duration,
    Refused,
    Secret,
    SecretText,
    Size,
    Template,
    Text,
)
from probes.result import Evidence, Facts, Outcome, Phases, Result, StepResult
from probes.watch import Watch
from synthetics.receivers.base import Changed, Event, Failing, Fate, Link, Message, Said, Verdict
from synthetics.receivers.text import flat, shorten

__all__ = [
    "Capture",
    "Changed",
    "Duration",
    "Event",
    "Evidence",
    "Facts",
    "Failing",
    "Fate",
    "Link",
    "Message",
    "Outcome",
    "Phases",
    "Refused",
    "Result",
    "Said",
    "Secret",
    "SecretText",
    "Size",
    "StepResult",
    "Template",
    "Text",
    "Verdict",
    "Watch",
    "flat",
    "shorten",
]
