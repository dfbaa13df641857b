"""Asks one request, judges its answer, and tells of it without a secret."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeVar

from probes.ask import Asked, Asking
from probes.curl.engine import Engine, EngineStopped, Line
from probes.curl.order import Answer
from probes.failure import Failure
from probes.fields import Refused
from probes.judge import judge
from probes.prepare import Prepared, prepared
from probes.request import Request
from probes.result import Evidence, Facts, Outcome, Phases
from probes.url import telling, to_show
from probes.watch import Watch

T = TypeVar("T")

_HEADERS_LIMIT = 8192
_BODY_LIMIT = 2048
_HIDDEN_FROM = 8
"""Characters of a cookie; shorter ones, such as ``true``, would blacken ordinary words."""

_SHORT_BODY = 16 * 1024
"""Bytes; a longer body is looked at in a thread, so that the loop goes on meanwhile."""

_NO_PHASES = Phases()
_NO_FACTS = Facts()
_PUBLIC = frozenset({"www-authenticate", "proxy-authenticate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    One request as it went; the fields mean what they mean in `probes.result.StepResult`.

    Attributes:
        asked: What a journey captures from; ``None`` if nothing was sent.
    """

    outcome: Outcome
    reason: str = ""
    detail: str = ""
    duration_s: float = 0.0
    phases: Phases = _NO_PHASES
    facts: Facts = _NO_FACTS
    evidence: Evidence | None = None
    asked: Asked | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """
    A request in its run.

    Attributes:
        captures: Values by name.
        needs_body: Whether more than the expectations want the body.
        timeout_s: Limit in seconds; not above 0 means that there is no time to ask.
    """

    request: Request
    watch: Watch
    engine: Engine
    line: Line
    captures: Mapping[str, str]
    request_id: str
    timeout_s: float
    needs_body: bool = False

    async def tell(self) -> Told:
        """Ask and judge."""
        request, watch = self.request, self.watch
        if self.timeout_s <= 0:
            return Told(outcome=Outcome.BAD, reason="timeout", detail="no time was left to ask")
        try:
            ready = prepared(request, self.captures)
        except Refused as refused:
            return Told(outcome=Outcome.BAD, reason="capture", detail=refused.what)
        watch.mask = ready.mask(watch.mask)
        needs_body = self.needs_body or request.expect.needs_body
        try:
            asked = await Asking(
                request=request,
                prepared=ready,
                watch=watch,
                line=self.line,
                permits=watch.gate,
                request_id=self.request_id,
                needs_body=needs_body,
                timeout_s=self.timeout_s,
            ).run()
        except EngineStopped:
            return Told(outcome=Outcome.VOID, reason="stopped", detail="the prober was stopped")
        return await self._judged(asked, ready)

    async def _judged(self, asked: Asked, ready: Prepared) -> Told:
        watch, expect = self.watch, self.request.expect
        facts = asked.facts(watch)
        if asked.failure is not None:
            outcome, reason, detail = asked.failure
            hide_cookies(self.line, watch)
            evidence = evidence_of(asked, ready, watch)
        else:
            failure = await look(
                lambda: judge(expect, asked, watch, self.captures),
                at_once=not expect.needs_body or (expect.straight and is_short(asked.answer)),
            )
            if failure is None:
                return Told(
                    outcome=Outcome.GOOD,
                    duration_s=asked.duration_s,
                    phases=asked.phases,
                    facts=facts,
                    asked=asked,
                )
            outcome, reason, detail = Outcome.BAD, failure.reason, failure.detail
            hide_cookies(self.line, watch)
            evidence = evidence_of(asked, ready, watch, failure)
        return Told(
            outcome=outcome,
            reason=reason,
            detail=watch.one_line(detail),
            duration_s=self.timeout_s if reason == "timeout" else asked.duration_s,
            phases=asked.phases,
            facts=facts,
            evidence=evidence,
            asked=asked,
        )


async def look(work: Callable[[], T], *, at_once: bool) -> T:
    """What *work* finds in an answer: *at_once* where that is quick for certain, else aside."""
    return work() if at_once else await asyncio.to_thread(work)


def is_short(answer: Answer) -> bool:
    """Whether the body of *answer* is read and searched in no time."""
    return answer.body_bytes <= _SHORT_BODY


def hide_cookies(line: Line, watch: Watch) -> None:
    """Mask what the run's cookies hold: a session is a secret that nobody wrote down."""
    values = [entry.split("\t")[6] for entry in line.cookies()]
    watch.mask = watch.mask.also(*(value for value in values if len(value) >= _HIDDEN_FROM))


def evidence_of(
    asked: Asked, ready: Prepared, watch: Watch, failure: Failure | None = None
) -> Evidence:
    """What a failed request looked like, bounded and with secrets masked."""
    answer = asked.answer
    text = answer.body[: 2 * _BODY_LIMIT].decode("utf-8", "replace")
    return Evidence(
        request=watch.one_line(f"{ready.method} {to_show(ready.url)}"),
        headers=_shown_headers(answer.headers, watch),
        body=watch.mask(text)[:_BODY_LIMIT],
        expected=watch.one_line(failure.expected) if failure else "",
        actual=watch.one_line(failure.actual) if failure else "",
    )


def _shown_headers(lines: tuple[str, ...], watch: Watch) -> tuple[str, ...]:
    shown = []
    size = 0
    for line in lines:
        name, colon, value = line.partition(":")
        lower = name.lower()
        if lower == "set-cookie":
            cookie, mark, attributes = value.partition(";")
            value = f"{cookie.partition('=')[0]}=***{mark}{attributes}"
        elif lower == "location":
            value = to_show(value)
        elif telling(name) and lower not in _PUBLIC:
            value = " ***"
        text = watch.mask(f"{name}{colon}{value}")
        size += len(text)
        if size > _HEADERS_LIMIT:
            break
        shown.append(text)
    return tuple(shown)
