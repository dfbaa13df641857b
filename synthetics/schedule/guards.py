"""
Guards: probes that stand for our own network, and whether this location can see at all.

Before a failure of anything else is believed the guards are asked, so that an outage of ours is
not taken for one of theirs a second before the guards' own turn comes.  Failures of many probes
at once share one round of questions.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from probes.result import DETAIL_LIMIT, Outcome, Result
from synthetics.clock import Clock
from synthetics.config.model import Config, Probe

logger = logging.getLogger(__name__)

BLIND = "blind"
"""The reason of samples that were void because guards failed."""

APART_S = 1.0
"""Between the beginnings of two rounds of questions, so that a storm of failures asks no more."""

Ask = Callable[[Probe], Awaitable[Result]]
"""Asks a probe once; `Guards.saw` is told of the answer."""


@dataclass(frozen=True, slots=True)
class Sight:
    """
    What guards say of this location.

    Attributes:
        known: Whether enough of them have answered, or failed to, since the start.
        since_ms: Since when it is blind; ``None`` while it is not.
        failing: Why each guard fails that does, by its identifier.
    """

    known: bool
    since_ms: int | None
    failing: Mapping[str, str]


class Guards:
    """
    The guards of this location.

    Args:
        clock: For how old an answer is.
        ask: How a guard is asked outside its turn.
        config: For the guards, and how many must fail.
    """

    def __init__(self, *, clock: Clock, ask: Ask, config: Config) -> None:
        self._clock = clock
        self._ask = ask
        self._answers: dict[str, Result] = {}
        self._since_ms: int | None = None
        self._blind_until = float("-inf")
        self._round: asyncio.Task[None] | None = None
        self._begins_at = float("-inf")
        self.rounds = 0
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Go by the guards of *config*; what those said that stay is kept."""
        self._guards = {probe.id: probe for probe in config.probes.values() if probe.guard}
        self._needed = config.watch.blind.guards or len(self._guards)
        self._answers = {
            name: answer for name, answer in self._answers.items() if name in self._guards
        }
        self._weigh()

    def __bool__(self) -> bool:
        return bool(self._guards)

    @property
    def blind(self) -> bool:
        """Whether enough guards failed when they were last asked."""
        return self._since_ms is not None

    def sight(self) -> Sight:
        """How it stands."""
        failing = {
            name: answer.reason
            for name, answer in self._answers.items()
            if answer.outcome is Outcome.BAD
        }
        spoken = len(self._answers)
        sees = spoken - len(failing) > len(self._guards) - self._needed
        return Sight(
            known=not self._guards or self.blind or sees or spoken == len(self._guards),
            since_ms=self._since_ms,
            failing=failing,
        )

    def unseen(self, result: Result) -> Result:
        """*result* of another probe, of which nobody knows whether it was theirs or ours."""
        failing = ", ".join(f"{name} ({why})" for name, why in self.sight().failing.items())
        detail = f"guards failed: {failing}" if failing else "guards had failed"
        if result.outcome is Outcome.BAD:
            detail = f"{detail}; this one: {result.detail or result.reason}"
        return replace(
            result,
            outcome=Outcome.VOID,
            reason=BLIND,
            detail=detail[:DETAIL_LIMIT],
            failed_step="",
        )

    def saw(self, probe: Probe, result: Result) -> None:
        """Take what a guard answered, in its turn or asked; nothing of other probes."""
        if probe.id in self._guards and result.outcome is not Outcome.VOID:
            self._answers[probe.id] = result
            self._weigh()

    async def blind_since(self, began: float) -> bool:
        """
        Whether this location was blind at any time from *began* until now; asks the guards.

        Args:
            began: On the monotonic clock, in seconds.
        """
        if not self._guards:
            return False
        await self._ask_now()
        return self._blind_until >= began

    async def blind_now(self) -> bool:
        """Whether this location is blind; if it was thought to be, the guards are asked again."""
        if self.blind:
            await self._ask_now()
        return self.blind

    async def _ask_now(self) -> None:
        """Wait for a round of questions that begins after this call, shared with whoever waits."""
        under_way = self._round
        if under_way is not None and not under_way.done() and self._begins_at <= self._now():
            await asyncio.wait([under_way])  # what it has asked already says too little
        if self._round is None or self._round.done():
            self._begins_at = max(self._now(), self._begins_at + APART_S)
            self._round = asyncio.create_task(self._ask_all(), name="guards")
        await asyncio.wait([self._round])

    async def _ask_all(self) -> None:
        """Ask every guard, until it is certain whether too many fail."""
        await asyncio.sleep(max(0.0, self._begins_at - self._now()))
        self.rounds += 1
        asking = [asyncio.ensure_future(self._ask(probe)) for probe in self._guards.values()]
        try:
            for answered in asyncio.as_completed(asking):
                await answered
                if self._sees(asking):
                    return
        finally:
            for task in asking:
                task.cancel()
            await asyncio.gather(*asking, return_exceptions=True)

    def _sees(self, asking: Iterable[asyncio.Future[Result]]) -> bool:
        """Whether so many of this round have answered that too few can still fail."""
        fine = sum(
            1
            for task in asking
            if task.done()
            and not task.cancelled()
            and task.exception() is None
            and task.result().outcome is Outcome.GOOD
        )
        return len(self._guards) - fine < self._needed

    def _weigh(self) -> None:
        failing = sum(1 for answer in self._answers.values() if answer.outcome is Outcome.BAD)
        blind = bool(self._guards) and failing >= self._needed
        if blind or self.blind:  # until an answer says otherwise, it was
            self._blind_until = self._now()
        if blind is self.blind:
            return
        self._since_ms = self._clock.now_ms() if blind else None
        logger.log(
            logging.WARNING if blind else logging.INFO,
            "this location is blind: its samples are void" if blind else "this location sees again",
            extra={"action": "blind" if blind else "sees_again", "guards": failing},
        )

    def _now(self) -> float:
        return self._clock.monotonic()
