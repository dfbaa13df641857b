"""Probe kind ``journey``: requests in order, as one user would make them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Annotated, Any

from pydantic import AfterValidator, Field

from probes.captured import CAPTURE_LIMIT, Captured, find
from probes.curl.engine import Engine, Line, engine_of
from probes.decode import Undecodable
from probes.failure import Failure
from probes.fields import Duration, Refused
from probes.prepare import disguises, prepared
from probes.request import Request, captures_used
from probes.result import Outcome, Result, StepResult
from probes.tell import Question, Told, evidence_of, hide_cookies, is_short, look
from probes.watch import Watch

SUMMARY = "HTTP requests in order, with cookies and captured values, as one user would make them."
SOURCE = True
"""Whether it can be asked from an address of choice."""
MOST_STEPS = 100
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, kw_only=True)
class Step(Request):
    """
    One request of a journey.

    Attributes:
        name: What reports and pages call it.
        capture: Values to keep for later steps, written there as ``${name}``.
        always: Run even when an earlier step failed, and never decide the
            outcome: for cleaning up.
        timeout: Limit of this step; the run's own limit holds besides.
    """

    name: Annotated[str, Field(min_length=1, max_length=100)]
    capture: Mapping[str, Captured] = field(default_factory=dict)
    always: bool = False
    timeout: Duration | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in self.capture:
            if not _NAME.fullmatch(name):
                raise Refused(
                    f"{name!r} is not a name for a capture",
                    mend="use letters, digits, _ and -",
                    at=("capture", name),
                )


def check_steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """
    Refuse steps of one name, and captures that are used before they are made.

    Raises:
        Refused: With the path of the first mistake.
    """
    if not 1 <= len(steps) <= MOST_STEPS:
        raise Refused(f"{len(steps)} steps", mend=f"write 1 to {MOST_STEPS}")
    seen: set[str] = set()
    captured: set[str] = set()
    for index, step in enumerate(steps):
        if step.name in seen:
            raise Refused(f"two steps are called {step.name!r}", at=(index, "name"))
        seen.add(step.name)
        for at, name in captures_used(step):
            if name not in captured:
                known = ", ".join(sorted(captured)) or "nothing yet"
                raise Refused(
                    f"${{{name}}} is used before it is captured",
                    mend=f"captured so far: {known}",
                    at=(index, *at),
                )
        captured |= step.capture.keys()
    if all(step.always for step in steps):
        raise Refused("every step is `always`, so none decides the outcome", at=(0, "always"))
    return steps


Options = Annotated[
    tuple[Step, ...],
    Field(json_schema_extra={"minItems": 1, "maxItems": MOST_STEPS}),
    AfterValidator(check_steps),
]
"""The steps, in order."""


def steps(options: tuple[Step, ...]) -> tuple[str, ...]:
    """What the steps are called, in order."""
    return tuple(step.name for step in options)


def host(options: tuple[Step, ...]) -> str:
    """The host that is asked first, for limits by host."""
    return options[0].host


async def run(options: tuple[Step, ...], watch: Watch) -> Result:
    """
    Ask step by step; the first failure decides, and only ``always`` steps follow it.

    Connections, names and cookies are shared by the steps of this run and die
    with it.  Part of the time is kept for ``always`` steps: what each names as
    its timeout, or a tenth of the whole, together at most half.
    """
    engine = await engine_of(watch)
    with engine.line(keep=True) as line:
        walk = _Walk(options, watch, engine, line)
        for number, step in enumerate(options, 1):
            await walk.take(number, step)
    return walk.result()


class _Walk:
    """One run through the steps: what was captured so far, and what decides."""

    def __init__(self, steps: tuple[Step, ...], watch: Watch, engine: Engine, line: Line) -> None:
        self._watch = watch
        self._engine = engine
        self._line = line
        self._captures: dict[str, str] = {}
        self._told: list[StepResult] = []
        self._failed: tuple[str, Told] | None = None
        self._last = Told(outcome=Outcome.GOOD)
        self._spent_s = 0.0
        self._expiries: list[datetime] = []
        kept = sum(
            step.timeout.total_seconds() if step.timeout else watch.timeout_s / 10
            for step in steps
            if step.always
        )
        self._reserve_s = min(kept, watch.timeout_s / 2)
        self._whole_time = False

    async def take(self, number: int, step: Step) -> None:
        """Ask *step*, unless it is to be skipped."""
        request_id = f"{self._watch.trace_id}-{number}"
        if self._failed is not None and not step.always:
            self._skip(step, "")
            return
        missing = {name for _, name in captures_used(step)} - self._captures.keys()
        if missing:
            self._skip(step, f"${{{min(missing)}}} was never captured")
            return
        rest_s = self._watch.remaining_s() - (0 if step.always else self._reserve_s)
        own_s = step.timeout.total_seconds() if step.timeout else rest_s
        told = await Question(
            request=step,
            watch=self._watch,
            engine=self._engine,
            line=self._line,
            captures=self._captures,
            request_id=request_id,
            timeout_s=min(own_s, rest_s),
            needs_body=any(capture.needs_body for capture in step.capture.values()),
        ).tell()
        if told.outcome is Outcome.GOOD:
            told = await self._capture(step, told)
        if told.facts.certificate_expires_at is not None:
            self._expiries.append(told.facts.certificate_expires_at)
        self._told.append(
            StepResult(
                name=step.name,
                outcome=told.outcome,
                reason=told.reason,
                detail=self._watch.one_line(told.detail),
                duration_s=told.duration_s,
                phases=told.phases,
                facts=told.facts,
                request_id=request_id,
                always=step.always,
            )
        )
        if step.always:
            return
        self._last = told
        self._spent_s += told.duration_s
        if told.outcome is not Outcome.GOOD:
            self._failed = step.name, told
            self._whole_time = told.reason == "timeout" and rest_s <= own_s

    def _skip(self, step: Step, detail: str) -> None:
        self._told.append(
            StepResult(
                name=step.name,
                outcome=Outcome.SKIPPED,
                reason="capture" if detail else "",
                detail=detail,
                always=step.always,
            )
        )

    async def _capture(self, step: Step, told: Told) -> Told:
        """Keep what *step* captures; a value that is not there makes it bad."""
        assert told.asked is not None
        answer = told.asked.answer
        for name, captured in step.capture.items():
            quick = not captured.needs_body or (captured.straight and is_short(answer))
            try:
                value = await look(partial(find, captured, answer, self._line), at_once=quick)
            except Undecodable as undecodable:
                return self._lost(step, told, undecodable.failure)
            if value is None:
                what = Failure("capture", f"{captured.written} for ${{{name}}}", "nothing")
                return self._lost(step, told, what)
            if len(value) > CAPTURE_LIMIT:
                what = Failure(
                    "capture",
                    f"at most {CAPTURE_LIMIT} characters for ${{{name}}}",
                    f"{len(value)}",
                )
                return self._lost(step, told, what)
            if captured.secret:
                self._watch.mask = self._watch.mask.also(*disguises(value))
            self._captures[name] = value
        return told

    def _lost(self, step: Step, told: Told, failure: Failure) -> Told:
        assert told.asked is not None
        hide_cookies(self._line, self._watch)
        ready = prepared(step, self._captures)
        return replace(
            told,
            outcome=Outcome.BAD,
            reason=failure.reason,
            detail=self._watch.one_line(failure.detail),
            evidence=evidence_of(told.asked, ready, self._watch, failure),
        )

    def result(self) -> Result:
        """The verdict on the run."""
        watch = self._watch
        seen: dict[str, Any] = {
            "steps": tuple(self._told),
            "facts": replace(
                self._last.facts, certificate_expires_at=min(self._expiries, default=None)
            ),
        }
        if not self._whole_time:
            seen["duration_s"] = self._spent_s
        if self._failed is None:
            return watch.good(**seen)
        name, told = self._failed
        say = watch.void if told.outcome is Outcome.VOID else watch.bad
        detail = f"{name}: {told.detail}"
        return say(told.reason, detail, failed_step=name, evidence=told.evidence, **seen)
