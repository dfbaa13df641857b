"""Probe kind ``http``: does one request get the answer that is expected?"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from probes.curl.engine import engine_of
from probes.request import Request
from probes.result import Outcome, Result
from probes.tell import Question
from probes.watch import Watch

SUMMARY = "One HTTP request and what is expected of its answer."
SOURCE = True
"""Whether it can be asked from an address of choice."""


@dataclass(frozen=True, kw_only=True)
class Options(Request):
    """One request and what is expected of its answer."""


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.host


async def run(options: Options, watch: Watch) -> Result:
    """
    Ask once, over a connection of its own, and judge the answer.

    libcurl holds the time limit, so a run that passes it still says how far it
    came.  The duration is libcurl's too: what this process was late counts for
    nothing.
    """
    engine = await engine_of(watch)
    with engine.line(keep=False) as line:
        told = await Question(
            request=options,
            watch=watch,
            engine=engine,
            line=line,
            captures={},
            request_id=watch.trace_id,
            timeout_s=watch.remaining_s(),
        ).tell()
    seen: dict[str, Any] = {"phases": told.phases, "facts": told.facts}
    if told.reason != "timeout":
        seen["duration_s"] = told.duration_s
    if told.outcome is Outcome.GOOD:
        return watch.good(**seen)
    say = watch.void if told.outcome is Outcome.VOID else watch.bad
    return say(told.reason, told.detail, evidence=told.evidence, **seen)
