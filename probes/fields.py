"""
The types of what people write: durations, sizes, texts with references.

A probe's ``Options`` uses these, so that one file says both what a kind takes
and how it is written; the loader turns each refusal into an error with a place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

SHORTEST_SECRET = 4
"""Characters; a shorter one is found in ordinary words, and masking it would blacken them."""

LONGEST_SHOWN = 60
"""Characters of a value that an error repeats."""


class Refused(ValueError):
    """
    A value that cannot be taken, in words for the person who wrote it.

    Args:
        what: What is wrong, one line, without the place.
        mend: What to write instead, one line; may be empty.
        at: Path below the value that was being read, for a problem deeper inside.
    """

    def __init__(self, what: str, *, mend: str = "", at: tuple[str | int, ...] = ()) -> None:
        super().__init__(what)
        self.what = what
        self.mend = mend
        self.at = at


DURATION_PATTERN = r"^([0-9]{1,12}(\.[0-9]{1,12})?(ms|s|m|h|d|w)){1,8}$"
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ms|s|m|h|d|w)")
_DURATION_UNITS_MS = {
    "ms": 1,
    "s": 1000,
    "m": 60_000,
    "h": 3_600_000,
    "d": 86_400_000,
    "w": 604_800_000,
}
_LONGEST_MS = 3660 * _DURATION_UNITS_MS["d"]


def parse_duration(value: object) -> timedelta:
    """
    Read ``30s``, ``1h30m``, ``250ms`` or ``1.5s``; the smallest unit is a millisecond.

    Raises:
        Refused: Not text, no unit, nothing at all, finer than 1 ms, or over ten years.
    """
    if isinstance(value, timedelta):
        return value
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise Refused(f"{value} has no unit", mend=f"write {value}s, {value}m or {value}h")
    if not isinstance(value, str) or not re.fullmatch(DURATION_PATTERN, value):
        raise Refused(
            f"{said(value)} is not a duration",
            mend="write a number and a unit, such as 30s or 1h30m",
        )
    total_us = 0
    for number, unit in _DURATION_PART.findall(value):
        whole, _, fraction = number.partition(".")
        unit_us = _DURATION_UNITS_MS[unit] * 1000
        total_us += int(whole) * unit_us
        if fraction:
            scaled, rest = divmod(int(fraction) * unit_us, 10 ** len(fraction))
            if rest:
                raise Refused(f"`{value}` is finer than a millisecond", mend="round it to ms")
            total_us += scaled
    if total_us % 1000:
        raise Refused(f"`{value}` is finer than a millisecond", mend="round it to ms")
    if total_us == 0:
        raise Refused(f"`{value}` is no time at all", mend="write more than 0")
    if total_us > _LONGEST_MS * 1000:
        raise Refused(f"`{value}` is longer than ten years", mend="write a shorter time")
    return timedelta(microseconds=total_us)


SIZE_PATTERN = r"^[0-9]{1,12}(B|kB|KiB|MB|MiB|GB|GiB)$"
_SIZE_UNITS = {
    "B": 1,
    "kB": 1000,
    "KiB": 1024,
    "MB": 1000**2,
    "MiB": 1024**2,
    "GB": 1000**3,
    "GiB": 1024**3,
}


def parse_size(value: object) -> int:
    """
    Read ``64KiB`` or ``1MB`` as a number of bytes.

    Raises:
        Refused: Not text or no unit.
    """
    if isinstance(value, int) and not isinstance(value, bool):
        raise Refused(f"{value} has no unit", mend=f"write {value}B, {value}KiB or {value}MiB")
    if not isinstance(value, str) or not re.fullmatch(SIZE_PATTERN, value):
        raise Refused(
            f"{said(value)} is not a size", mend="write a number and a unit, such as 64KiB"
        )
    unit = value.lstrip("0123456789")
    return int(value.removesuffix(unit)) * _SIZE_UNITS[unit]


Duration = Annotated[
    timedelta,
    BeforeValidator(parse_duration),
    WithJsonSchema({"type": "string", "pattern": DURATION_PATTERN, "examples": ["30s", "1h30m"]}),
]
"""A `timedelta` > 0 written with its unit."""

Size = Annotated[
    int,
    BeforeValidator(parse_size),
    WithJsonSchema({"type": "string", "pattern": SIZE_PATTERN, "examples": ["64KiB", "1MiB"]}),
]
"""A number of bytes >= 0 written with its unit."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A value that never shows: its ``repr`` and ``str`` are a mask."""

    _value: str

    def reveal(self) -> str:
        """The value itself, for the one place that sends it."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(***)"

    def __str__(self) -> str:
        return "***"


@dataclass(frozen=True, slots=True)
class Capture:
    """The place of a captured value: ``${csrf}``."""

    name: str


@dataclass(frozen=True, slots=True)
class Template:
    """
    A text whose references are known: literals, secrets that were looked up, captures to come.

    Attributes:
        parts: In order; a `str` is literal, a `Secret` came from ``${env:…}`` or
            ``${file:…}`` at load time, a `Capture` is filled while a journey runs.
    """

    parts: tuple[str | Secret | Capture, ...]

    def render(self, captures: Mapping[str, str] | None = None) -> str:
        """
        The text to send, secrets included.

        Raises:
            KeyError: A capture has no value.
        """
        known = captures or {}
        return "".join(
            part
            if isinstance(part, str)
            else part.reveal()
            if isinstance(part, Secret)
            else known[part.name]
            for part in self.parts
        )

    @property
    def captures(self) -> frozenset[str]:
        """Names of the captures it needs."""
        return frozenset(part.name for part in self.parts if isinstance(part, Capture))

    def __str__(self) -> str:
        """The text as it may be shown: secrets masked, captures by name."""
        return "".join(
            f"${{{part.name}}}" if isinstance(part, Capture) else str(part) for part in self.parts
        )


Resolve = Callable[[str, str], str]
"""Looks a reference up: ``resolve("env", "SHOP_PASSWORD")``; raises `Refused`."""

_REFERENCE = re.compile(r"\$\$\{|\$\{([^}]*)\}")
_CAPTURE_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


def read_template(value: object, resolve: Resolve | None) -> Template:
    """
    Read a text with ``${env:NAME}``, ``${file:PATH}``, ``${capture}``; ``$${`` is a plain ``${``.

    Without *resolve*, references to secrets are kept as a mask.

    Raises:
        Refused: Not text, a malformed reference, or a secret that cannot be had.
    """
    if not isinstance(value, str):
        raise Refused(f"{said(value)} is not text", mend="put it in quotes")
    if "${" not in value:
        return Template((value,) if value else ())
    parts: list[str | Secret | Capture] = []
    end = 0
    for match in _REFERENCE.finditer(value):
        if match.start() > end:
            parts.append(value[end : match.start()])
        end = match.end()
        inner = match.group(1)
        if inner is None:
            parts.append("${")
            continue
        source, colon, name = inner.partition(":")
        if colon and source in {"env", "file"}:
            parts.append(Secret(resolve(source, name) if resolve else "***"))
        elif not colon and _CAPTURE_NAME.fullmatch(inner):
            parts.append(Capture(inner))
        else:
            raise Refused(
                f"`${{{inner}}}` is not a reference",
                mend="write ${env:NAME}, ${file:/path}, a captured ${name}, or $${ for a plain ${",
            )
    if end < len(value):
        parts.append(value[end:])
    return Template(tuple(parts))


def parse_template(value: object, info: ValidationInfo) -> Template:
    """
    Read a text with references, those to secrets by ``resolve`` of the validation context.

    Raises:
        Refused: As `read_template`.
    """
    if isinstance(value, Template):
        return value
    return read_template(value, (info.context or {}).get("resolve"))


def refuse_captures(captures: Collection[str], at: tuple[str | int, ...] = ()) -> None:
    """
    Refuse references to captured values where nothing is captured.

    Args:
        captures: The names that are referred to.
        at: The path to where they are.

    Raises:
        Refused: If there are any.
    """
    if captures:
        raise Refused(
            f"nothing is captured here to fill ${{{min(captures)}}}",
            mend="write ${env:NAME} or ${file:/path}",
            at=at,
        )


def parse_filled(value: object, info: ValidationInfo) -> Template:
    """
    Read a text with references, where nothing is captured that could fill one.

    Raises:
        Refused: As `read_template`, or a reference to a captured value.
    """
    template = parse_template(value, info)
    refuse_captures(template.captures)
    return template


def parse_secret(value: object, info: ValidationInfo) -> Secret:
    """
    Read a text that is secret as a whole, whether referenced or written out.

    It is told to ``keep`` of the validation context, if there is one, so that a secret
    that was written out is masked like one that was looked up.

    Raises:
        Refused: As `read_template`, a capture where none can be, or too short to be masked;
            the words never repeat the value.
    """
    if isinstance(value, Secret):
        return value
    if not isinstance(value, str):
        raise Refused("this secret is not text", mend="put it in quotes")
    context = info.context or {}
    template = read_template(value, context.get("resolve"))
    refuse_captures(template.captures)
    secret = template.render()
    if len(secret) < SHORTEST_SECRET and "resolve" in context:
        raise Refused(
            f"a secret of {len(secret)} characters cannot be masked without blackening other words",
            mend=f"use one of at least {SHORTEST_SECRET} characters",
        )
    if keep := context.get("keep"):
        keep(secret)
    return Secret(secret)


def said(value: object) -> str:
    """*value* as an error repeats it: short, and named for what it is."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            flat = " ".join(value.split())
            cut = flat if len(flat) <= LONGEST_SHOWN else flat[: LONGEST_SHOWN - 1] + "…"
            return f"`{cut}`" if value else "an empty text"
        case list():
            return "a list"
        case dict():
            return "a group of keys"
        case int() | float():
            return f"the number {value}"
        case _:
            return "this"


Text = Annotated[Template, BeforeValidator(parse_template), WithJsonSchema({"type": "string"})]
"""A `Template`, written as text."""

FilledText = Annotated[Template, BeforeValidator(parse_filled), WithJsonSchema({"type": "string"})]
"""A `Template`, written as text, that needs nothing captured."""

SecretText = Annotated[
    Secret,
    BeforeValidator(parse_secret),
    WithJsonSchema({"type": "string", "writeOnly": True, "minLength": 4}),
]
"""A `Secret`, written as text, usually ``${env:…}`` or ``${file:…}``."""

JsonValue = Any
"""What JSON can say; kept as written."""
