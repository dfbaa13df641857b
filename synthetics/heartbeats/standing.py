"""How a job stands: when it was last heard, what is expected next, what goes on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from probes.heartbeat_parts.facts import State
from synthetics import words


@dataclass(slots=True)
class PingStats:
    """Counts since the process began: reports by what they said, and those of no job."""

    pings: Counter[str] = field(default_factory=Counter)
    unknown: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class JobStanding:
    """
    How one job stands.

    Attributes:
        heard_ms: When it last said anything; ``None`` if it never did ...
        word: ... and what that was; empty if it never did.
        success_ms: When it last ended with success.
        due_ms: When it is due next ...
        deadline_ms: ... and by when a run must have ended then.
        running_ms: When each run began that goes on, the oldest first.
    """

    heard_ms: int | None
    word: str
    success_ms: int | None
    due_ms: int
    deadline_ms: int
    running_ms: tuple[int, ...]


def standing(state: State) -> JobStanding:
    """How the job stands of which *state* is known."""
    assert state.pending is not None
    running = sorted(
        run.began_ms
        for slot in state.slots
        for run in slot.runs
        if run.open and run.began_ms is not None
    )
    return JobStanding(
        heard_ms=None if state.heard is None else state.heard.at_ms,
        word="" if state.heard is None else state.heard.word.value,
        success_ms=state.success_ms,
        due_ms=state.pending.due_ms,
        deadline_ms=state.pending.deadline_ms,
        running_ms=tuple(running),
    )


def as_json(one: JobStanding) -> dict[str, Any]:
    """*one* as JSON values."""
    return {
        "last_heard_at": None if one.heard_ms is None else words.iso(one.heard_ms),
        "last_said": one.word,
        "last_success_at": None if one.success_ms is None else words.iso(one.success_ms),
        "next_due_at": words.iso(one.due_ms),
        "next_deadline_at": words.iso(one.deadline_ms),
        "running_since": [words.iso(began_ms) for began_ms in one.running_ms],
    }
