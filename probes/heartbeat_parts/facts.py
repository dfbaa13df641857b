"""What is known of a job: the times when it was due, its runs, and what is expected next."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self

ENDED_KEPT = 20
"""Runs of one due time that have ended and are looked at; of further ones only the last."""


class Word(StrEnum):
    """What a job can say."""

    QUEUED = "queued"
    """It waits to start."""
    START = "start"
    SUCCESS = "success"
    FAIL = "fail"
    LOG = "log"
    """Something to keep, which changes nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ping:
    """
    Something that a job said.

    Attributes:
        at_ms: When we heard it.
        word: What.
        rid: Which run it is of, as a UUID; empty where the job does not say.
        exit_code: 0 to 255, where it said that.
        body: The beginning of what came with it, for people.
    """

    at_ms: int
    word: Word
    rid: str = ""
    exit_code: int | None = None
    body: str = ""


@dataclass(slots=True, kw_only=True)
class Run:
    """
    One run.

    Attributes:
        rid: What it calls itself.
        queued_ms, began_ms, ended_ms: When it said so; ``None`` while it has not.
        good: Whether it ended with success; means nothing before its end.
        exit_code: What it ended with, where it said that.
        body: What it said when it failed.
        overran: Whether it went on for too long.
        unsure: Whether we could not hear for a part of it, so its times are not to be trusted.
        lost: Whether another run began in its place, so that its end cannot be told any more.
        again: Whether another run had ended when it began, so that it cannot come too late.
    """

    rid: str = ""
    queued_ms: int | None = None
    began_ms: int | None = None
    ended_ms: int | None = None
    good: bool = False
    exit_code: int | None = None
    body: str = ""
    overran: bool = False
    unsure: bool = False
    lost: bool = False
    again: bool = False

    @property
    def open(self) -> bool:
        """Whether it goes on."""
        return self.ended_ms is None and not self.lost

    @property
    def judged(self) -> bool:
        """Whether there is something to say of it."""
        return self.ended_ms is not None or self.overran


@dataclass(slots=True, kw_only=True)
class Slot:
    """
    A time when the job was due, and the runs that were meant for it.

    Attributes:
        due_ms: When.
        deadline_ms: By when a run must have ended.
        start_checked: Whether the time to start is over.
        not_started: Whether nothing had started by then.
        passed: Whether the deadline is over, and no run had ended by then.
        unheard: Whether we could not hear for a part of the time until then.
    """

    due_ms: int
    deadline_ms: int
    start_checked: bool = False
    not_started: bool = False
    passed: bool = False
    unheard: bool = False
    runs: list[Run] = field(default_factory=list)

    def add(self, run: Run) -> None:
        """Take *run* as one of its own; of too many that have ended, a good one makes room."""
        ended = [one for one in self.runs[1:] if one.ended_ms is not None]
        if len(ended) >= ENDED_KEPT:
            self.runs.remove(next((one for one in ended if one.good), ended[-1]))
        run.again = self.ended
        self.runs.append(run)

    @property
    def ended(self) -> bool:
        """Whether a run has."""
        return any(run.ended_ms is not None for run in self.runs)


@dataclass(slots=True, kw_only=True)
class State:
    """
    Everything that is known of a job; what it said before is not needed any more.

    Attributes:
        now_ms: How far time has been looked at.
        since_ms: From when on something is expected of it.
        rhythm: What it was followed by; another one begins anew.
        pending: What is due next, and has not begun.
        slots: Due times that have begun or passed, in order: the last one, and those of which
            something can still come.
        queued: When runs that have not started were queued, by what they call themselves.
        deaf: Times when we could not hear, of late.
        heard: The newest ping, without its body.
        success_ms: When it last said that it ended with success.
    """

    now_ms: int
    since_ms: int
    rhythm: str = ""
    pending: Slot | None = None
    slots: list[Slot] = field(default_factory=list)
    queued: dict[str, int] = field(default_factory=dict)
    deaf: list[tuple[int, int]] = field(default_factory=list)
    heard: Ping | None = None
    success_ms: int | None = None

    @classmethod
    def new(cls, since_ms: int) -> Self:
        """Of a job of which something is expected from *since_ms* on."""
        return cls(now_ms=since_ms, since_ms=since_ms)

    def dumps(self) -> str:
        """As text; see `loads`."""
        return json.dumps(self, default=_fields, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def loads(cls, text: str) -> Self:
        """The reverse of `dumps`."""
        known: dict[str, Any] = json.loads(text)
        heard = known.pop("heard")
        pending = known.pop("pending")
        return cls(
            **{
                **known,
                "pending": None if pending is None else _slot(pending),
                "slots": [_slot(one) for one in known["slots"]],
                "deaf": [(one, other) for one, other in known["deaf"]],
                "heard": None if heard is None else Ping(**{**heard, "word": Word(heard["word"])}),
            }
        )


def _fields(value: Any) -> dict[str, Any]:
    """A dataclass as it is, which `dataclasses.asdict` would copy with all that is below."""
    return {name: getattr(value, name) for name in value.__slots__}


def _slot(known: dict[str, Any]) -> Slot:
    return Slot(**{**known, "runs": [Run(**run) for run in known["runs"]]})
