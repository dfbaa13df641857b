"""What people write for a browser: steps, what they expect, where evidence is kept."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
)
from pydantic import WithJsonSchema as Schema

from probes.expressions import Pattern
from probes.fields import (
    Duration,
    FilledText,
    Refused,
    Template,
    parse_duration,
    parse_filled,
    said,
)
from probes.url import check_url

MOST_STEPS = 100
MEBIBYTE = 1024 * 1024


def _several(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


Selectors = Annotated[
    tuple[Annotated[str, Field(min_length=1)], ...],
    BeforeValidator(_several),
    Schema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""One selector, or several."""

Filled = Mapping[Annotated[str, Field(min_length=1)], FilledText]
"""Texts by selector."""


def _texts(value: object, info: ValidationInfo) -> tuple[tuple[str, Template], ...]:
    if isinstance(value, dict):
        return tuple((str(where), parse_filled(text, info)) for where, text in value.items())
    many = value if isinstance(value, list | tuple) else (value,)
    return tuple(("body", parse_filled(text, info)) for text in many)


TextsSomewhere = Annotated[
    tuple[tuple[str, Template], ...],
    PlainValidator(_texts),
    Schema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "array", "items": {"type": "string"}},
                {"type": "object", "additionalProperties": {"type": "string"}},
            ]
        }
    ),
]
"""Texts of the page, or by selector of a part of it; ``(selector, text)`` each."""


def _keys(value: object) -> object:
    return {"": value} if isinstance(value, str) else value


Keys = Annotated[
    Mapping[str, str],
    BeforeValidator(_keys),
    Schema(
        {
            "anyOf": [
                {"type": "string"},
                {"type": "object", "additionalProperties": {"type": "string"}},
            ]
        }
    ),
]
"""Keys to press, by selector of what gets them; an empty one is what has the focus."""


def _address(value: object, info: ValidationInfo) -> Template:
    template = parse_filled(value, info)
    if all(isinstance(part, str) for part in template.parts):
        check_url(template.render())
    return template


Address = Annotated[Template, PlainValidator(_address), Schema({"type": "string"})]
"""An ``http`` or ``https`` URL, with references to secrets if need be."""


@dataclass(frozen=True, kw_only=True)
class StepExpect:
    """
    What must come true, within the probe's `patience`; all that is given.

    Attributes:
        status: Of the page that `goto` went to; below 400 unless it is written.
        url: A pattern that is found in the page's URL.
        title: A pattern that is found in its title.
        text: Texts that are in the page, or by selector in a part of it.
        visible: What is to be seen.
        hidden: What is not, or is not there at all.
        value: What fields hold, by selector.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})

    status: Annotated[int, Field(ge=100, le=599)] | None = None
    url: Pattern | None = None
    title: Pattern | None = None
    text: TextsSomewhere = ()
    visible: Selectors = ()
    hidden: Selectors = ()
    value: Filled = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Step:
    """
    What one step does, in this order.

    Attributes:
        name: What reports and pages call it.
        goto: A URL to go to.
        until: When it is there: at `load`, at `domcontentloaded`, when the network has been idle
            for half a second, or as soon as the answer has begun (`commit`).
        fill: What is typed, by selector of the field.
        select: What is chosen, by selector of the list: the value or the label of an option.
        click: What is clicked.
        press: A key such as `Enter` or `Control+A`, where the focus is, or by selector.
        wait: What must have come up before it goes on.
        expect: What must come true.
        screenshot: Whether to keep a screenshot also when all is well.
        timeout: Limit of this step; the probe's own limit holds besides.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100)]
    goto: Address | None = None
    until: Literal["load", "domcontentloaded", "networkidle", "commit"] = "load"
    fill: Filled = field(default_factory=dict)
    select: Filled = field(default_factory=dict)
    click: Selectors = ()
    press: Keys = field(default_factory=dict)
    wait: Selectors = ()
    expect: StepExpect | None = None
    screenshot: bool = False
    timeout: Duration | None = None

    def __post_init__(self) -> None:
        does = (self.goto, self.fill, self.select, self.click, self.press, self.wait, self.expect)
        if not any(does) and not self.screenshot:
            raise Refused("this step does nothing", mend="write goto, fill, click, expect, …")
        if self.goto is None and self.expect is not None and self.expect.status is not None:
            raise Refused(
                "without `goto` there is no status", mend="delete it", at=("expect", "status")
            )


def check_steps(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """
    Refuse steps of one name, and a first one that goes nowhere.

    Raises:
        Refused: With the path of the first mistake.
    """
    seen: set[str] = set()
    for index, step in enumerate(steps):
        if step.name in seen:
            raise Refused(f"two steps are called {step.name!r}", at=(index, "name"))
        seen.add(step.name)
    if steps and steps[0].goto is None:
        raise Refused("the first step is on no page yet", mend="begin with goto", at=(0,))
    return steps


@dataclass(frozen=True, kw_only=True)
class Below:
    """
    Attributes:
        under: The bound; what is measured must be below it.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    under: Duration


@dataclass(frozen=True, kw_only=True)
class BelowNumber:
    """
    Attributes:
        under: The bound; what is measured must be below it.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    under: Annotated[float, Field(gt=0)]


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold of the whole run, on the worst of its pages; all that is given.

    Attributes:
        lcp: Largest Contentful Paint: when the largest text or picture was painted.
        fcp: First Contentful Paint: when anything was.
        ttfb: Time To First Byte of the page.
        cls: Cumulative Layout Shift: how much of the page jumped about.
        console_errors: Most errors in the console, uncaught exceptions among them.
        failed_requests: Most requests of the pages that got no answer, or one of 400 and above.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})

    lcp: Below | None = None
    fcp: Below | None = None
    ttfb: Below | None = None
    cls: BelowNumber | None = None
    console_errors: Annotated[int, Field(ge=0)] | None = None
    failed_requests: Annotated[int, Field(ge=0)] | None = None


@dataclass(frozen=True, slots=True)
class Script:
    """
    A file with ``async def check(page, run)``.

    Attributes:
        path: As it is written.
        source: What is in it; empty where files were not read.
        steps: Names of the steps that it writes out, in order.
    """

    path: str
    source: str = ""
    steps: tuple[str, ...] = ()


def parse_script(value: object, info: ValidationInfo) -> Script:
    """
    Read the file, without running any of it.

    Raises:
        Refused: It cannot be read, is not Python, or has no ``async def check`` of two arguments.
    """
    from probes.browser_parts.source import read_script

    if isinstance(value, Script):
        return value
    if not isinstance(value, str) or not value:
        raise Refused(f"{said(value)} is not a file", mend="write script: check.py")
    show: Any = (info.context or {}).get("show")
    return Script(value) if show is None else read_script(value, show("file", value))


ScriptFile = Annotated[Script, PlainValidator(parse_script), Schema({"type": "string"})]
"""A `Script`, written as its path."""


def parse_viewport(value: object) -> tuple[int, int]:
    """
    Read ``1280x720``.

    Raises:
        Refused: It is not two numbers of 100 to 4096.
    """
    if isinstance(value, tuple):
        return value
    found = re.fullmatch(VIEWPORT_PATTERN, value) if isinstance(value, str) else None
    width, height = (int(found[1]), int(found[2])) if found else (0, 0)
    if not (100 <= width <= 4096 and 100 <= height <= 4096):
        mend = "write width and height in pixels, 100 to 4096, such as 1280x720"
        raise Refused(f"{said(value)} is not a size of a window", mend=mend)
    return width, height


VIEWPORT_PATTERN = r"^([0-9]{3,4})x([0-9]{3,4})$"
Viewport = Annotated[
    tuple[int, int],
    PlainValidator(parse_viewport),
    Schema({"type": "string", "pattern": VIEWPORT_PATTERN, "default": "1280x720"}),
]
"""Width and height of a window in pixels, written ``1280x720``."""

PATIENCE = parse_duration("5s")
