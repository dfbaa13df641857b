"""The conditions of Gatus, one by one, as expectations of ours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

EVERY_STATUS = frozenset(range(100, 600))
_OPERATORS = (" == ", " != ", " <= ", " >= ", " > ", " < ")
_ORDER = {"<": "under", "<=": "at_most", ">": "over", ">=": "at_least"}
_NOT_EMPTY = ((">", 0), (">=", 1), ("!=", 0))
_FUNCTION = re.compile(r"(len|has|pat|any)\((.*)\)", re.DOTALL)
_UNIT_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1, "m": 60, "h": 3600}
_TIME = re.compile(r"([0-9.]+)(ns|us|µs|ms|s|m|h)")
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")
_CONTEXT = re.compile(r"\[CONTEXT\]\.([A-Za-z0-9_-]+)")


class Unsaid(Exception):
    """We cannot say that; the message says why."""


@dataclass(slots=True)
class Wanted:
    """
    What all conditions of an endpoint come to.

    Attributes:
        status: Those that will do.
        about_status: Whether any condition is about it.
        body: `expect.body` of HTTP.
        json: Operators by JSON path.
        within_s: How fast it must be.
        valid_for_s: How long the certificate must be valid.
        rcode: Of DNS.
        answers: Of DNS.
        connected: Whether there must be a connection.
    """

    status: set[int] = field(default_factory=lambda: set(EVERY_STATUS))
    about_status: bool = False
    body: dict[str, Any] = field(default_factory=dict)
    json: dict[str, dict[str, Any]] = field(default_factory=dict)
    within_s: float | None = None
    valid_for_s: float | None = None
    rcode: list[str] | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    connected: bool = True

    def take(self, condition: str, *, dns: bool) -> None:
        """
        Add one *condition*.

        Args:
            condition: As written.
            dns: Whether the body is the answer of a name server.

        Raises:
            Unsaid: We have no words for it.
        """
        left, operator, right = _parts(condition)
        function = _FUNCTION.fullmatch(left)
        if left == "[STATUS]":
            self.about_status = True
            left_over = {code for code in self.status if _holds(code, operator, right)}
            if not left_over:
                raise Unsaid("no status would do")
            self.status = left_over
        elif left == "[RESPONSE_TIME]":
            self._time(operator, right)
        elif left == "[CERTIFICATE_EXPIRATION]":
            self.valid_for_s = max(self.valid_for_s or 0, _longer(operator, right))
        elif left == "[DOMAIN_EXPIRATION]":
            raise Unsaid("when a domain expires is not asked for")
        elif left == "[CONNECTED]":
            if operator not in ("==", "!=") or right not in ("true", "false"):
                raise Unsaid("a connection is true or false")
            self.connected = (operator == "==") == (right == "true")
        elif left == "[DNS_RCODE]" and operator == "==":
            self.rcode = _any(right) or [right]
        elif left == "[IP]":
            raise Unsaid("the address that was reached is not judged")
        elif function is not None and function[1] in ("len", "has"):
            self._measured(function[1], _path(function[2]), operator, right)
        elif left.startswith("[BODY]"):
            if left == "[BODY]":
                self._whole(operator, right, dns=dns)
            else:
                self._json(_path(left), operator, right)
        else:
            raise Unsaid("it is not understood")

    def _time(self, operator: str, right: str) -> None:
        limit_s = _milliseconds(right) / 1000
        if operator not in ("<", "<="):
            raise Unsaid("nothing must be slow here")
        self.within_s = min(limit_s, self.within_s or limit_s)

    def _whole(self, operator: str, right: str, *, dns: bool) -> None:
        """The body as one text."""
        pattern = _pattern(right, star=r"\S*" if dns else ".*")
        if operator != "==":
            if right == "" and operator == "!=":
                self.body["empty"] = False
                return
            raise Unsaid("a whole body is only compared by ==")
        if dns:
            self.answers.setdefault("any_matches", []).append(rf"\s(?:{pattern})\.?$")
        elif right == "":
            self.body["empty"] = True
        elif "regex" in self.body:
            raise Unsaid("there is one pattern for the body already")
        else:
            self.body["regex"] = rf"(?s)\A(?:{pattern})\s*\z"

    def _json(self, path: str, operator: str, right: str) -> None:
        named = self.json.setdefault(path, {})
        if operator in _ORDER:
            _once(named, _ORDER[operator], _number(right))
            return
        if right.startswith(("[BODY]", "len(", "has(")):
            raise Unsaid("two parts of a body are not compared")
        if _any(right) is not None or right.startswith("pat("):
            if operator == "!=":
                raise Unsaid("what must not match is not said of a part of a body")
            _once(named, "regex", rf"(?s)\A(?:{_pattern(right)})\z")
            return
        _once(named, "equals" if operator == "==" else "not", _CONTEXT.sub(r"${\1}", right)
              if _CONTEXT.search(right) else _value(right))  # fmt: skip

    def _measured(self, function: str, path: str, operator: str, right: str) -> None:
        if function == "has":
            if operator not in ("==", "!=") or right not in ("true", "false"):
                raise Unsaid("a part of a body is there or is not")
            there = (operator == "==") == (right == "true")
            _once(self.json.setdefault(path, {}), "exists", there)
            return
        count = int(_number(right))
        if (operator, count) in _NOT_EMPTY:
            if path == "$":
                self.body["empty"] = False
            else:
                _once(self.json.setdefault(path, {}), "not", "")
            return
        if operator == "==":
            _once(self.json.setdefault(path, {}), "length", count)
            return
        last = {">": count, ">=": count - 1, "<": count - 1, "<=": count}.get(operator)
        if last is None:
            raise Unsaid("a length is not compared by !=")
        if last >= 0:
            _once(self.json.setdefault(f"{path}[{last}]", {}), "exists", operator[0] == ">")


def loosely(condition: str) -> str:
    """How we can only say a *condition* about a length; empty if it is said as it was meant."""
    left, operator, right = _parts(condition)
    if not left.startswith("len([BODY]") or left == "len([BODY])" or operator == "==":
        return ""
    if right.isdecimal() and (operator, int(right)) in _NOT_EMPTY:
        return "any value but an empty text will do, also an empty list"
    return "taken as the length of a list; for a text write a `regex`, such as `.{9}`"


def _parts(condition: str) -> tuple[str, str, str]:
    for operator in _OPERATORS:
        if operator in condition:
            left, _, right = condition.partition(operator)
            left, right, sign = left.strip(), right.strip(), operator.strip()
            if right.startswith(("[STATUS]", "[BODY]", "[RESPONSE_TIME]", "len(", "has(")) and not (
                left.startswith(("[", "len(", "has("))
            ):
                left, right = right, left
                sign = sign.translate(str.maketrans("<>", "><"))
            return left, sign, right
    if condition.rstrip().endswith((" ==", " !=")):  # nothing on the right
        left, sign = condition.rstrip().rsplit(" ", 1)
        return left.strip(), sign, ""
    raise Unsaid("it is not understood")


def _once(named: dict[str, Any], operator: str, value: Any) -> None:
    if named.setdefault(operator, value) != value:
        raise Unsaid(f"two of {operator} for one path")


def _any(text: str) -> list[str] | None:
    found = _FUNCTION.fullmatch(text)
    if found is None or found[1] != "any":
        return None
    return [one.strip() for one in found[2].split(",")]


def _pattern(text: str, *, star: str = ".*") -> str:
    """A regular expression for the right side of ``==``."""
    several = _any(text)
    if several is not None:
        return "|".join(map(re.escape, several))
    found = _FUNCTION.fullmatch(text)
    if found is not None and found[1] == "pat":
        return "".join({"*": star, "?": "."}.get(one) or re.escape(one) for one in found[2])
    return re.escape(text)


def _holds(code: int, operator: str, right: str) -> bool:
    if operator in ("==", "!="):
        same = re.fullmatch(_pattern(right), str(code)) is not None
        return same == (operator == "==")
    limit = _number(right)
    return {"<": code < limit, "<=": code <= limit, ">": code > limit, ">=": code >= limit}[
        operator
    ]


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        if _TIME.fullmatch(text):
            return _milliseconds(text)
        raise Unsaid(f"`{text}` is no number") from None
    return int(value) if value.is_integer() else value


def _milliseconds(text: str) -> float:
    parts = _TIME.findall(text)
    if parts and "".join(number + unit for number, unit in parts) == text:
        return sum(float(number) * _UNIT_S[unit] for number, unit in parts) * 1000
    try:
        return float(text)
    except ValueError:
        raise Unsaid(f"`{text}` is no time") from None


def _longer(operator: str, right: str) -> float:
    if operator not in (">", ">="):
        raise Unsaid("a certificate is only asked to be valid for long enough")
    return _milliseconds(right) / 1000


def _value(text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if re.fullmatch(r"-?(0|[1-9][0-9]*)", text):
        return int(text)
    if re.fullmatch(r"-?(0|[1-9][0-9]*)\.[0-9]+", text):
        return float(text)
    return text.replace("${", "$${")


def _path(text: str) -> str:
    """``[BODY].a.b[0]`` as a JSON path of ours."""
    if not text.startswith("[BODY]"):
        raise Unsaid("only the body has parts")
    rest = text.removeprefix("[BODY]")
    steps = _STEP.findall(rest)
    if "".join(f"[{index}]" if index else name for name, index in steps) != rest.replace(".", ""):
        raise Unsaid(f"`{text}` is not understood")
    path = "$"
    for name, index in steps:
        if index:
            path += f"[{index}]"
        elif _BARE.fullmatch(name):
            path += f".{name}"
        else:
            path += f"['{name}']"
    return path
