"""Probe kind ``journey``: requests in order, as one user would make them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from probes.expressions import CssSelector, JsonPath, Pattern
from probes.fields import Duration, Refused
from probes.request import Request, captures_used
from probes.result import Result
from probes.watch import Watch

SUMMARY = "HTTP requests in order, with cookies and captured values, as one user would make them."
SOURCES = ("header", "cookie", "json", "regex", "css")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


@dataclass(frozen=True, kw_only=True)
class Captured:
    """
    Where a value is found in an answer: exactly one of the sources.

    Attributes:
        regex: Searched in the body; the value is its first group, or the whole match.
        css: The first element it selects; the value is its text, or *attribute*.
        secret: Whether the value is masked wherever it might be shown.
    """

    __pydantic_config__ = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": [{"required": [name]} for name in SOURCES]}
    )

    header: str | None = None
    cookie: str | None = None
    json: JsonPath | None = None
    regex: Pattern | None = None
    css: CssSelector | None = None
    attribute: str | None = None
    secret: bool = False

    def __post_init__(self) -> None:
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            raise Refused(
                "a capture has one source", mend="write one of header, cookie, json, regex, css"
            )
        if self.attribute is not None and self.css is None:
            raise Refused("only css has attributes", mend="drop it", at=("attribute",))


@dataclass(frozen=True, kw_only=True)
class Step(Request):
    """
    One request of a journey.

    Attributes:
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
    tuple[Step, ...], Field(min_length=1, max_length=100), AfterValidator(check_steps)
]
"""The steps, in order."""


async def run(options: tuple[Step, ...], watch: Watch) -> Result:
    """Ask step by step; the first failure decides, and only ``always`` steps follow it."""
    raise NotImplementedError
