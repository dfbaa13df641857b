"""How expectations are written; `probes.judge` holds an answer against them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationInfo,
    WithJsonSchema,
)

from probes.expect_json import JsonExpectation, JsonExpectations
from probes.expressions import Pattern, Patterns
from probes.fields import Duration, Refused, Template, Text, parse_template, said

_REDIRECTS = range(300, 400)


@dataclass(frozen=True, slots=True)
class StatusSet:
    """The statuses that are wanted, and how they were written."""

    codes: frozenset[int]
    written: str

    @property
    def wants_redirect(self) -> bool:
        """Whether a 3xx is among them, so that following it would spoil the answer."""
        return not self.codes.isdisjoint(_REDIRECTS)


def _statuses(value: object) -> set[int]:
    if isinstance(value, int) and not isinstance(value, bool) and 100 <= value <= 599:
        return {value}
    if isinstance(value, str) and re.fullmatch(r"[1-5](xx|XX)", value):
        first = int(value[0]) * 100
        return set(range(first, first + 100))
    raise Refused(f"{said(value)} is not a status", mend="write 200, 2xx or [200, 204]")


def parse_status(value: object) -> StatusSet:
    """
    Read ``200``, ``2xx`` or a list of these.

    Raises:
        Refused: Anything else.
    """
    if isinstance(value, StatusSet):
        return value
    if isinstance(value, list | tuple):
        if not value:
            raise Refused("no status would be right", mend="write 200, 2xx or [200, 204]")
        codes = set().union(*map(_statuses, value))
        return StatusSet(frozenset(codes), ", ".join(map(str, value)))
    return StatusSet(frozenset(_statuses(value)), str(value))


_ONE_STATUS = {
    "anyOf": [
        {"type": "integer", "minimum": 100, "maximum": 599},
        {"type": "string", "pattern": "^[1-5](xx|XX)$"},
    ]
}
Status = Annotated[
    StatusSet,
    PlainValidator(parse_status),
    WithJsonSchema(
        {"anyOf": [*_ONE_STATUS["anyOf"], {"type": "array", "items": _ONE_STATUS, "minItems": 1}]}
    ),
]
SUCCESS = parse_status("2xx")


@dataclass(frozen=True, kw_only=True)
class HeaderExpectation:
    """
    What a header must be, or that it must not be there; a text alone is short for *equals*.

    Attributes:
        equals: The whole value.
        contains: A part of the value.
        regex: A pattern that is found in the value.
        not_regex: A pattern that is found in no value of the header, if it is there.
        absent: Whether the header must not be there at all, or be there with any value.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})

    equals: Text | None = None
    contains: Text | None = None
    regex: Pattern | None = None
    not_regex: Pattern | None = None
    absent: bool | None = None

    def __post_init__(self) -> None:
        others = (self.equals, self.contains, self.regex, self.not_regex)
        if self.absent and any(other is not None for other in others):
            raise Refused("a header that is absent has no value", mend="keep one of the two")
        if self.absent is None and all(other is None for other in others):
            raise Refused("nothing is expected", mend="write equals, contains, regex or absent")


def _header(value: object) -> object:
    return {"equals": value} if isinstance(value, str | Template) else value


_HEADER = Annotated[
    HeaderExpectation, BeforeValidator(_header, json_schema_input_type=str | HeaderExpectation)
]


def _texts(value: object, info: ValidationInfo) -> tuple[Template, ...]:
    many = value if isinstance(value, list | tuple) else (value,)
    return tuple(parse_template(each, info) for each in many)


Texts = Annotated[
    tuple[Template, ...],
    PlainValidator(_texts),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]


def _sha256(value: object) -> str:
    if not isinstance(value, str) or not re.fullmatch(r"[0-9a-fA-F]{64}", value):
        raise Refused(f"{said(value)} is not a SHA-256", mend="write its 64 hexadecimal digits")
    return value.lower()


Sha256 = Annotated[
    str,
    PlainValidator(_sha256),
    WithJsonSchema({"type": "string", "pattern": "^[0-9a-fA-F]{64}$"}),
]


@dataclass(frozen=True, kw_only=True)
class BodyExpectation:
    """
    What the decoded body must be; all that is given must hold.

    Attributes:
        contains: A text, or several that must all be there.
        not_contains: A text, or several none of which may be there.
        regex: A pattern that is found in the text, or several that must all be.
        not_regex: A pattern, or several none of which may be found.
        empty: Whether it must have no byte, or at least one.
        sha256: Of the decoded bytes, 64 hexadecimal digits.
        json: What JSON paths must find: a value, or operators such as ``{at_least: 1}``.
    """

    __pydantic_config__ = ConfigDict(extra="forbid", json_schema_extra={"minProperties": 1})

    contains: Texts = ()
    not_contains: Texts = ()
    regex: Patterns = ()
    not_regex: Patterns = ()
    empty: bool | None = None
    sha256: Sha256 | None = None
    json: JsonExpectations = ()

    def __post_init__(self) -> None:
        several = (self.contains, self.not_contains, self.regex, self.not_regex, self.json)
        single = (self.empty, self.sha256)
        if not any(several) and all(one is None for one in single):
            raise Refused("nothing is expected", mend="write contains, regex, json or the like")

    @property
    def needs_text(self) -> bool:
        """Whether the bytes have to be decoded."""
        return bool(self.contains or self.not_contains or self.regex or self.not_regex)


@dataclass(frozen=True, kw_only=True)
class CertificateExpectation:
    """
    What the presented chain of certificates must be.

    Attributes:
        valid_for: How long it must at least go on being valid.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    valid_for: Duration


def _protocol(value: object) -> object:
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _protocols(value: object) -> object:
    return value if isinstance(value, list | tuple) else (value,)


_ONE_PROTOCOL = {"enum": ["1.0", 1.0, "1.1", 1.1, "2", 2, "3", 3]}
_Protocol = Annotated[Literal["1.0", "1.1", "2", "3"], BeforeValidator(_protocol)]
Protocols = Annotated[
    tuple[_Protocol, ...],
    Field(min_length=1),
    BeforeValidator(_protocols),
    WithJsonSchema(
        {"anyOf": [_ONE_PROTOCOL, {"type": "array", "items": _ONE_PROTOCOL, "minItems": 1}]}
    ),
]


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What the answer must be; all that is given must hold.

    Attributes:
        status: One status, a class such as ``2xx``, or a list of them; ``2xx`` if it is
            not written.
        headers: What headers must be, by name in any case.
        body: What the body must be.
        json: Short for ``body.json``.
        within: Longest time from start to the last byte, redirects included.
        certificate: What the server's certificate must be.
        protocol: The version of HTTP that must have been spoken, or several that will do.
        redirected_to: Where redirects end, or where one that was not followed points:
            a whole URL, or its path with the query.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    status: Status = SUCCESS
    headers: Mapping[str, _HEADER] = field(default_factory=dict)
    body: BodyExpectation | None = None
    json: JsonExpectations = ()
    within: Duration | None = None
    certificate: CertificateExpectation | None = None
    protocol: Protocols = ()
    redirected_to: Text | None = None

    @property
    def json_paths(self) -> tuple[JsonExpectation, ...]:
        """All of them, wherever written."""
        return self.json + (self.body.json if self.body else ())

    @property
    def straight(self) -> bool:
        """Whether no JSON path goes through a document in search of what it selects."""
        return all(wanted.path.singular for wanted in self.json_paths)

    @property
    def needs_body(self) -> bool:
        """Whether anything is expected of the body."""
        return bool(self.json or self.body)
