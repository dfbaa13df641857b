"""Values that a journey keeps from one answer for later requests."""

from __future__ import annotations

import json
from dataclasses import dataclass

from pydantic import ConfigDict

from probes.ask import header_values
from probes.curl.engine import Line
from probes.curl.order import Answer
from probes.decode import json_of, text_of
from probes.expressions import CssSelector, JsonPath, Pattern, TooMuchWork
from probes.fields import Refused

CAPTURE_LIMIT = 16_384
SOURCES = ("header", "cookie", "json", "regex", "css")


@dataclass(frozen=True, kw_only=True)
class Captured:
    """
    Where a value is found in an answer: exactly one of the sources.

    Attributes:
        header: The name of a header.
        cookie: The name of a cookie.
        json: A JSON path; the value is the first that it finds.
        regex: Searched in the body; the value is its first group, or the whole match.
        css: The first element it selects; the value is its text, or *attribute*.
        attribute: The attribute to take of what *css* selects.
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

    @property
    def needs_body(self) -> bool:
        """Whether it is looked for in the body."""
        return bool(self.json or self.regex or self.css)

    @property
    def straight(self) -> bool:
        """Whether it is found without a search that a hostile document could make long."""
        return self.css is None and (self.json is None or self.json.singular)

    @property
    def written(self) -> str:
        """Source and where in it, as in the configuration."""
        name = next(name for name in SOURCES if getattr(self, name) is not None)
        suffix = f" {self.attribute}" if self.attribute is not None else ""
        return f"{name} {getattr(self, name)}{suffix}"

    def __post_init__(self) -> None:
        given = [name for name in SOURCES if getattr(self, name) is not None]
        if len(given) != 1:
            raise Refused(
                "a capture has one source", mend="write one of header, cookie, json, regex, css"
            )
        if self.attribute is not None and self.css is None:
            raise Refused("only css has attributes", mend="drop it", at=("attribute",))


def find(captured: Captured, answer: Answer, line: Line) -> str | None:
    """
    The value, or ``None`` if there is none.

    Raises:
        Undecodable: The body is not text, or not JSON.
    """
    if captured.header is not None:
        return next(iter(header_values(answer.headers, captured.header)), None)
    if captured.cookie is not None:
        jar = [entry.split("\t") for entry in line.cookies()]
        return next((entry[6] for entry in reversed(jar) if entry[5] == captured.cookie), None)
    if captured.json is not None:
        try:
            nodes = captured.json.values(json_of(answer))
        except TooMuchWork:
            return None
        if not nodes:
            return None
        return nodes[0] if isinstance(nodes[0], str) else json.dumps(nodes[0], ensure_ascii=False)
    text = text_of(answer)
    if captured.regex is not None:
        return captured.regex.find(text)
    assert captured.css is not None
    try:
        return captured.css.find(text, captured.attribute)
    except TooMuchWork:
        return None
