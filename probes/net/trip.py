"""One run's way through its phases: what it is doing, how long each took, and why it ended."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import fields
from types import TracebackType
from typing import Any, Self

from probes.result import Facts, Outcome, Phases, Result
from probes.watch import Watch

_PHASES = frozenset(field.name.removesuffix("_s") for field in fields(Phases))


class Trouble(Exception):
    """
    Why a run cannot go on: a verdict rather than an error.

    Args:
        reason: Stable slug.
        detail: One line for a human.
        outcome: ``bad``, or ``void`` where the fault is ours.
    """

    def __init__(self, reason: str, detail: str, *, outcome: Outcome = Outcome.BAD) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail
        self.outcome = outcome


class Unmet(Trouble):
    """
    An expectation that does not hold.

    Args:
        reason: Stable slug.
        expected: What it asked for, one line.
        actual: What was there instead, one line.
    """

    def __init__(self, reason: str, expected: str, actual: str) -> None:
        super().__init__(reason, f"expected {expected}, got {actual}")
        self.expected = expected
        self.actual = actual


class Trip:
    """
    Keeps the time of one run.  As a context it holds the run's limit, and what passes it is
    `Trouble` that names what was being done.

    Args:
        watch: The frame of the run.

    Attributes:
        doing: What is under way, as a timeout will say it: ``connecting to 10.0.0.1``.
        address: The IP address that was reached; ``None`` before.
    """

    def __init__(self, watch: Watch) -> None:
        self.watch = watch
        self.doing = "starting"
        self.address: str | None = None
        self._took: dict[str, float] = {}
        self._limit: asyncio.Timeout | None = None

    async def __aenter__(self) -> Self:
        self._limit = asyncio.timeout(self.watch.remaining_s())
        await self._limit.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._limit is not None
        try:
            await self._limit.__aexit__(kind, error, trace)
        except TimeoutError:
            said = f"not done after {self.watch.timeout_s:g} s: {self.doing}"
            raise Trouble("timeout", said) from None

    @contextmanager
    def phase(self, name: str, doing: str) -> Iterator[None]:
        """
        Count the time inside as phase *name* of `Phases`; a phase that comes again adds up.

        Args:
            name: ``resolve``, ``connect``, ``tls``, ``first_byte`` or ``transfer``.
            doing: For `doing`, in the present: ``waiting for a banner``.
        """
        assert name in _PHASES, name
        self.doing = doing
        began = time.monotonic()
        try:
            yield
        finally:
            self._took[name] = self._took.get(name, 0.0) + time.monotonic() - began

    def took(self, phases: Phases) -> None:
        """Count *phases*, which somebody else has measured."""
        for field in fields(phases):
            seconds = getattr(phases, field.name)
            if seconds is not None:
                name = field.name.removesuffix("_s")
                self._took[name] = self._took.get(name, 0.0) + seconds

    @property
    def phases(self) -> Phases:
        """How long each phase took that began."""
        return Phases(**{f"{name}_s": took for name, took in self._took.items()})

    def good(self, **seen: Any) -> Result:
        """The run did what was expected."""
        return self.watch.good(**self._seen(seen))

    def ended_by(self, trouble: Trouble, **seen: Any) -> Result:
        """The run ended by *trouble*."""
        say = self.watch.void if trouble.outcome is Outcome.VOID else self.watch.bad
        return say(trouble.reason, trouble.detail, **self._seen(seen))

    def _seen(self, seen: dict[str, Any]) -> dict[str, Any]:
        return {"phases": self.phases, "facts": Facts(address=self.address)} | seen
