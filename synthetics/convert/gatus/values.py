"""How Gatus reads and compares what stands in its conditions."""

from __future__ import annotations

import re
from typing import Any

from synthetics.convert.gatus.fill import milliseconds

_INTEGER = re.compile(r"[+-]?(?:0[xX][0-9a-fA-F]+|0[oO]?[0-7]+|0[bB][01]+|[1-9][0-9]*|0)")
_DECIMAL = re.compile(r"[+-]?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_SPECIAL = re.compile(r"[*?\[\\]")


class Unsaid(Exception):
    """We cannot say that; the message says why."""


def number(text: str) -> int | float:
    """
    The right side of an order: a number, or a time in milliseconds.

    Raises:
        Unsaid: It is neither; Gatus takes it as 0.
    """
    time_ms = milliseconds(text)
    if time_ms is not None:
        return int(time_ms) if time_ms.is_integer() else time_ms
    if not _DECIMAL.fullmatch(text):
        raise Unsaid(f"`{text}` is no number, so Gatus takes it as 0")
    value = float(text)
    return int(value) if value.is_integer() else value


def time_s(text: str) -> float:
    """
    A time, or a number of milliseconds, in seconds.

    Raises:
        Unsaid: It is neither.
    """
    return number(text) / 1000


def same(left: str, right: str) -> bool:
    """Whether ``left == right``, where *right* may be ``pat(…)`` or ``any(…)``."""
    if (options := any_of(right)) is not None:
        return left in options
    if (wanted := pattern_of(right)) is not None:
        return re.fullmatch(expression(wanted), left, re.DOTALL) is not None
    if _INTEGER.fullmatch(left) and _INTEGER.fullmatch(right):
        return _integer(left) == _integer(right)
    return left == right


def _integer(text: str) -> int:
    octal = re.fullmatch(r"([+-]?)0([0-7]+)", text)
    return int(f"{octal[1]}0o{octal[2]}", 0) if octal else int(text, 0)


def any_of(text: str) -> list[str] | None:
    """What stands in ``any(…)``; ``None`` if it is none."""
    if not (text.startswith("any(") and text.endswith(")")):
        return None
    return [one.strip() for one in text[4:-1].split(",")]


def pattern_of(text: str) -> str | None:
    """What stands in ``pat(…)``; ``None`` if it is none."""
    return text[4:-1] if text.startswith("pat(") and text.endswith(")") else None


def middle(pattern: str) -> str | None:
    """The text of a pattern that is ``*text*``; ``None`` if it is another."""
    text = pattern[1:-1]
    enclosed = len(pattern) > 2 and pattern[0] == pattern[-1] == "*"
    return text if enclosed and not _SPECIAL.search(text) else None


def expression(pattern: str, *, star: str = ".*") -> str:
    """
    A pattern of Go's ``filepath.Match`` as a regular expression for the whole.

    Raises:
        Unsaid: It is malformed, so that Gatus finds it nowhere.
    """
    written, index = "", 0
    while index < len(pattern):
        character = pattern[index]
        if character == "*":
            written += star
        elif character == "?":
            written += "."
        elif character == "\\":
            index += 1
            if index == len(pattern):
                raise Unsaid(f"`{pattern}` is malformed, so it matches nothing")
            written += re.escape(pattern[index])
        elif character == "[":
            found = re.compile(r"\[(\^?)((?:\\.|[^\]\\])+)\]").match(pattern, index)
            if found is None:
                raise Unsaid(f"`{pattern}` is malformed, so it matches nothing")
            inner = re.sub(r"(?<!\\)\[", r"\\[", found[2])
            written += f"[{found[1]}{inner}]"
            index = found.end() - 1
        else:
            written += re.escape(character)
        index += 1
    return written


def one_value(text: str) -> Any:
    """A text of a condition as JSON has it: a number, a truth value or a text."""
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?(0|[1-9][0-9]*)", text):
        return int(text)
    if re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+", text):
        return float(text)
    return plain(text)


def plain(text: str) -> str:
    """*text* so that no reference is seen in it but those to the environment."""
    return re.sub(r"\$\{(?!env:)", "$${", text)


def both_ways(options: list[str]) -> list[Any]:
    """Each of *options* as JSON has it, and as a text where that is another thing."""
    written: list[Any] = []
    for option in options:
        value = one_value(option)
        written += [value] if isinstance(value, str) else [value, option]
    return written
