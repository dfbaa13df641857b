"""People, and how a page goes on to others while nobody acknowledges it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody who can be on call, and where to reach them."""

    id: str
    name: str
    receivers: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """*after* so long without acknowledgement, these are told *to*."""

    after: timedelta
    to: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Escalation:
    """
    How a page goes on while nobody acknowledges it.

    Attributes:
        steps: In the order of time.
        again: So long after the last step everything begins anew, from the route's own `to` on.
        times: How often.
    """

    id: str
    steps: tuple[Step, ...]
    again: timedelta = timedelta()
    times: int = 0

    @property
    def round(self) -> timedelta:
        """From one beginning to the next."""
        return self.steps[-1].after + self.again
