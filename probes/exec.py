"""Probe kind ``exec``: what does a program of your own say?"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from probes.exec_parts.perfdata import parse_perfdata
from probes.exec_parts.process import Ended, execute
from probes.expect import Texts
from probes.expressions import Pattern
from probes.failure import short
from probes.fields import FilledText, Refused, refuse_captures
from probes.ids import random_hex
from probes.net.transcript import Transcript
from probes.net.trip import Trip, Trouble, Unmet
from probes.result import Outcome, Result
from probes.watch import Watch

SUMMARY = "A program of your own, judged by its exit code, its output and its performance data."

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")
"""Of our environment; the rest may hold secrets of others."""

_OK, _WARNING, _CRITICAL = 0, 1, 2

Bounds = Annotated[
    Mapping[Literal["equals", "over", "at_least", "under", "at_most"], float],
    Field(min_length=1),
]


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold; all that is given.

    Attributes:
        exit_code: One, or a list of those that are good; 0 unless it is written.
        contains: A text in the output, or several that must all be there.
        not_contains: A text, or several none of which may be there.
        regex: A pattern that is found in the output.
        perfdata: By label of a value in the performance data, what it must be, in the unit
            that the program writes.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    exit_code: int | tuple[int, ...] | None = None
    contains: Texts = ()
    not_contains: Texts = ()
    regex: Pattern | None = None
    perfdata: Mapping[str, Bounds] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("contains", "not_contains"):
            for text in getattr(self, name):
                refuse_captures(text.captures, (name,))

    @property
    def codes(self) -> tuple[int, ...]:
        """Those that are good."""
        if self.exit_code is None:
            return (0,)
        return (self.exit_code,) if isinstance(self.exit_code, int) else self.exit_code


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        command: The program and its arguments; no shell looks at them.
        env: Added to its environment, which has ours only as far as any program needs it.
        stdin: What it reads.
        folder: Where it runs.
        nagios: Whether it is a monitoring plugin: 0 is good, 1 a warning, 2 bad, and anything
            else says that it could not look.
        warning: What a warning of a plugin is.
        expect: What must hold.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    command: Annotated[tuple[FilledText, ...], Field(min_length=1)]
    env: Mapping[Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")], FilledText] = field(
        default_factory=dict
    )
    stdin: FilledText | None = None
    folder: str | None = None
    nagios: bool = False
    warning: Literal["good", "bad"] = "good"
    expect: Expect = field(default_factory=Expect)

    def __post_init__(self) -> None:
        if self.nagios and self.expect.exit_code is not None:
            raise Refused(
                "with `nagios: true` the exit codes have a meaning of their own",
                mend="leave one of them out",
                at=("expect", "exit_code"),
            )


async def run(options: Options, watch: Watch) -> Result:
    """Run it once; when the time is over, it is killed with all that it has started."""
    trip = Trip(watch)
    told = Transcript(" ".join(str(part) for part in options.command), watch)
    try:
        async with trip:
            ended = await execute(
                trip,
                [part.render() for part in options.command],
                env=_environment(options, watch),
                folder=options.folder,
                given=(options.stdin.render() if options.stdin else "").encode(),
                heard=told.heard,
            )
        _judge(options, ended)
    except Trouble as trouble:
        return trip.ended_by(trouble, evidence=told.evidence(trouble))
    return trip.good()


def _environment(options: Options, watch: Watch) -> dict[str, str]:
    inherited = {name: os.environ[name] for name in _INHERITED if name in os.environ}
    ours = {"TRACEPARENT": f"00-{watch.trace_id}-{random_hex(8)}-01"}
    return inherited | ours | {name: text.render() for name, text in options.env.items()}


def _judge(options: Options, ended: Ended) -> None:
    """
    The first expectation that does not hold.

    Raises:
        Trouble: The verdict on it.
    """
    first_line = short(ended.output.strip().partition("\n")[0].partition("|")[0].strip())
    if options.nagios:
        _judge_plugin(ended.code, first_line, options.warning)
    elif ended.code not in options.expect.codes:
        wanted = " or ".join(str(code) for code in options.expect.codes)
        said = f", which says: {first_line}" if first_line else ""
        raise Unmet("exit-code", f"exit code {wanted}", f"{_code(ended.code)}{said}")
    expect, output = options.expect, ended.output
    for text in expect.contains:
        if text.render() not in output:
            raise Unmet("output", f"`{text}` in the output", first_line or "nothing")
    for text in expect.not_contains:
        if text.render() in output:
            raise Unmet("output", f"no `{text}` in the output", first_line)
    if expect.regex is not None and expect.regex.find(output) is None:
        raise Unmet("output", f"`{expect.regex}` in the output", first_line or "nothing")
    if expect.perfdata:
        _judge_perfdata(expect.perfdata, parse_perfdata(output))


def _judge_plugin(code: int, first_line: str, warning: str) -> None:
    said = first_line or "nothing"
    if code == _OK or (code == _WARNING and warning == "good"):
        return
    if code == _WARNING:
        raise Trouble("warning", said)
    if code == _CRITICAL:
        raise Trouble("critical", said)
    raise Trouble("unknown", f"{_code(code)}: {said}", outcome=Outcome.VOID)


def _judge_perfdata(wanted: Mapping[str, Bounds], found: Mapping[str, float]) -> None:
    for label, bounds in wanted.items():
        value = found.get(label)
        if value is None:
            raise Unmet("perfdata", f"a value `{label}`", ", ".join(found) or "none")
        for operator, bound in bounds.items():
            if not _HOLDS[operator](value, bound):
                words = operator.replace("_", " ")
                raise Unmet("perfdata", f"{label} {words} {bound:g}", f"{value:g}")


def _code(code: int) -> str:
    return f"exit code {code}" if code >= 0 else f"ended by signal {-code}"


_HOLDS = {
    "equals": lambda value, bound: value == bound,
    "over": lambda value, bound: value > bound,
    "at_least": lambda value, bound: value >= bound,
    "under": lambda value, bound: value < bound,
    "at_most": lambda value, bound: value <= bound,
}
