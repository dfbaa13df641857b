"""One scheduled run of one probe from one location: what is stored and counted."""

from __future__ import annotations

from dataclasses import dataclass

from probes.result import Outcome, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """
    A sample, keyed by (probe, location, scheduled time).

    Attributes:
        probe: Identifier of the probe.
        location: Where it was asked from.
        scheduled_ms: When it was due, in milliseconds since the epoch.
        late_ms: How long after that it began, >= 0; 0 for imported samples.
        result: The **first** attempt, which the SLI counts (R10).
        confirmed: The outcome after all attempts: ``bad`` only if every
            confirmation was bad too.  Equal to the first one's where none was made.
        attempts: How many times it was asked, >= 1; 0 for a ``void`` that never ran.
    """

    probe: str
    location: str
    scheduled_ms: int
    late_ms: int = 0
    result: Result
    confirmed: Outcome
    attempts: int = 1
