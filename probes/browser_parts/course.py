"""The steps of one run as they go by: how long each took, what became of it, what decides."""

from __future__ import annotations

import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from probes.browser_parts.limits import Limits
from probes.browser_parts.vitals import Felt
from probes.net.trip import Trouble
from probes.result import Facts, Outcome, Phases, StepResult
from probes.url import to_show
from probes.watch import Watch

if TYPE_CHECKING:
    from probes.browser_parts.window import Window


@dataclass(frozen=True, slots=True)
class Landing:
    """Where a step has gone to: what is known of the page's own answer."""

    phases: Phases
    facts: Facts


_NOWHERE = Landing(Phases(), Facts())


class Course:
    """
    Args:
        watch: The frame of the run.
        window: What is looked at.
        limit_s: How long all steps may take.
        limits: End what has become pointless.
        meaning: What an error in a step means.

    Attributes:
        doing: What is under way, as a timeout will say it.
        last: The last landing of all.
        landing: Set by a step that goes to a page.
        told: The steps that were taken.
        failed: The first step that failed, and why.
        whole_time: Whether the run ended because its time was over.
        spent_s: How long the steps took.
        felt: The vitals of the pages.
    """

    def __init__(
        self,
        watch: Watch,
        window: Window,
        limit_s: float,
        limits: Limits,
        meaning: Callable[[Exception], Trouble],
    ) -> None:
        self._watch = watch
        self._window = window
        self._ends_at = time.monotonic() + limit_s
        self._step_ends_at = self._ends_at
        self._limits = limits
        self._meaning = meaning
        self.doing = "starting"
        self.landing: Landing | None = None
        self.last = _NOWHERE
        self.told: list[StepResult] = []
        self.failed: tuple[str, Trouble] | None = None
        self.whole_time = False
        self.spent_s = 0.0
        self.felt = Felt()

    def left_s(self) -> float:
        """Seconds until the step must be over, >= 0."""
        return max(0.0, self._step_ends_at - time.monotonic())

    @contextlib.asynccontextmanager
    async def step(self, name: str, timeout_s: float | None = None) -> AsyncIterator[None]:
        """
        What happens inside is the step *name*.

        Raises:
            Trouble: It did not go as it should.
        """
        began = time.monotonic()
        rest_s = max(0.0, self._ends_at - began)
        limit_s = rest_s if timeout_s is None else min(timeout_s, rest_s)
        self._step_ends_at = began + limit_s
        self.landing = None
        self.doing = "starting"
        trouble: Trouble | None = None
        try:
            async with self._limits.limited(limit_s) as limit:
                yield
        except Exception as error:  # noqa: BLE001  # a script may raise anything
            if limit.expired() and not self._limits.interrupted:
                self.whole_time = limit_s == rest_s
                given_s = self._watch.timeout_s if self.whole_time else limit_s
                trouble = Trouble("timeout", f"not done after {given_s:g} s: {self.doing}")
            else:
                trouble = self._meaning(error)
        took_s = time.monotonic() - began
        self.spent_s += took_s
        await self._tell(name, took_s, trouble)
        if trouble is not None:
            self.failed = self.failed or (name, trouble)
            raise trouble

    async def _tell(self, name: str, took_s: float, trouble: Trouble | None) -> None:
        landing = self.landing or _NOWHERE
        if self.landing is not None:
            self.last = self.landing
        vitals = None
        if trouble is None:
            vitals = await self.felt.read(self._window.page, settle=self.landing is not None)
        self.told.append(
            StepResult(
                name=name,
                outcome=trouble.outcome if trouble else Outcome.GOOD,
                reason=trouble.reason if trouble else "",
                detail=self._watch.one_line(trouble.detail) if trouble else "",
                duration_s=took_s,
                phases=landing.phases,
                facts=Facts(
                    status=landing.facts.status,
                    address=landing.facts.address,
                    url=self._watch.mask(to_show(self._window.page.url))[:2000],
                    certificate_expires_at=landing.facts.certificate_expires_at,
                    vitals=vitals,
                ),
            )
        )
