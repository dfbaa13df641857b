"""The conditions of Gatus, one by one, as expectations of ours."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from synthetics.convert.gatus import grammar, values
from synthetics.convert.gatus.values import Unsaid

EVERY_STATUS = frozenset(range(100, 600))
RCODES = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")
_ORDER = {"<": "under", "<=": "at_most", ">": "over", ">=": "at_least"}
_CONTEXT = re.compile(r"\[CONTEXT\]\.([A-Za-z0-9_-]+)")
_SCALARS = ("0", "1", "10", "200", "1.5", "true", "false")


@dataclass(slots=True)
class Wanted:
    """
    What all conditions of an endpoint come to.

    Attributes:
        status: Those that will do.
        about_status: Whether any condition is about it.
        contains, not_contains: Texts that the body must have, or must not.
        regex, not_regex: Patterns of the same sorts.
        empty: Whether the body must be empty, or must not.
        json: Operators by JSON path.
        within_s: How fast it must be.
        valid_for_s: How long the certificate must be valid.
        registered_for_s: The same of the domain.
        addresses: Patterns of the address that the host must have.
        not_addresses: Of those that it must not.
        rcode: Of DNS.
        answers: Of DNS.
        connected: Whether there must be a connection.
    """

    status: set[int] = field(default_factory=lambda: set(EVERY_STATUS))
    about_status: bool = False
    contains: list[str] = field(default_factory=list)
    not_contains: list[str] = field(default_factory=list)
    regex: list[str] = field(default_factory=list)
    not_regex: list[str] = field(default_factory=list)
    empty: bool | None = None
    json: dict[str, dict[str, Any]] = field(default_factory=dict)
    within_s: float | None = None
    valid_for_s: float | None = None
    registered_for_s: float | None = None
    addresses: list[str] = field(default_factory=list)
    not_addresses: list[str] = field(default_factory=list)
    rcode: list[str] | None = None
    answers: dict[str, Any] = field(default_factory=dict)
    connected: bool = True

    @property
    def body(self) -> dict[str, Any]:
        """`expect.body` of HTTP; empty if nothing is expected."""
        several = {
            name: found[0] if len(found) == 1 else found
            for name in ("contains", "not_contains", "regex", "not_regex")
            if (found := getattr(self, name))
        }
        return several | ({} if self.empty is None else {"empty": self.empty})

    def take(self, condition: str, *, dns: bool) -> str:
        """
        Add one *condition*.

        Args:
            condition: As written.
            dns: Whether the body is the answer of a name server.

        Returns:
            What is not quite as it was; empty if all of it is.

        Raises:
            Unsaid: We have no words for it.
        """
        left, operator, right = grammar.parts(condition)
        function, name, rest = grammar.placeholder(left)
        if name == "[BODY]" and (function or rest):
            return self._part(function, grammar.json_path(rest), operator, right)
        if name == "[BODY]":
            self._whole(operator, right, dns=dns)
            return ""
        match "" if function or rest else name:
            case "[STATUS]":
                self._status(operator, right)
            case "[RESPONSE_TIME]":
                self._time(operator, right)
            case "[CERTIFICATE_EXPIRATION]":
                valid_for_s = _longer("certificate", operator, right)
                self.valid_for_s = max(self.valid_for_s or 0, valid_for_s)
            case "[DOMAIN_EXPIRATION]":
                registered_for_s = _longer("domain", operator, right)
                self.registered_for_s = max(self.registered_for_s or 0, registered_for_s)
            case "[CONNECTED]":
                self.connected = _truth(operator, right, "a connection is true or false")
            case "[DNS_RCODE]":
                self._rcode(operator, right)
            case "[IP]":
                self._ip(operator, right)
            case _:
                raise Unsaid("it is not understood")
        return ""

    def _status(self, operator: str, right: str) -> None:
        self.about_status = True
        left_over = {code for code in self.status if _holds(code, operator, right)}
        if not left_over:
            raise Unsaid("no status would do")
        self.status = left_over

    def _time(self, operator: str, right: str) -> None:
        limit_s = values.time_s(right)
        if operator not in ("<", "<="):
            raise Unsaid("nothing must be slow here")
        self.within_s = min(limit_s, self.within_s or limit_s)

    def _rcode(self, operator: str, right: str) -> None:
        if operator not in ("==", "!="):
            raise Unsaid("a code is only compared by == and !=")
        wanted = values.any_of(right) or [right]
        self.rcode = wanted if operator == "==" else [code for code in RCODES if code not in wanted]

    def _ip(self, operator: str, right: str) -> None:
        if operator not in ("==", "!="):
            raise Unsaid("an address is only compared by == and !=")
        patterns = self.addresses if operator == "==" else self.not_addresses
        patterns.append(_either(right, star=r"\S*"))

    def _whole(self, operator: str, right: str, *, dns: bool) -> None:
        """The body as one text, without what is blank around it."""
        if operator in _ORDER:
            _once(self.json.setdefault("$", {}), _ORDER[operator], values.number(right))
            return
        same = operator == "=="
        if dns:
            which = "any_matches" if same else "none_matches"
            value = _either(right, star=r"\S*")
            pattern = rf"\s(?:{value})\.?$"
            self.answers.setdefault(which, []).append(pattern)
        elif right == "":
            (self.not_regex if same else self.regex).append(r"\S")
        elif (text := values.middle(values.pattern_of(right) or "")) is not None:
            (self.contains if same else self.not_contains).append(values.plain(text))
        else:
            pattern = rf"(?s)\A\s*(?:{_either(right)})\s*\z"
            (self.regex if same else self.not_regex).append(pattern)

    def _part(self, function: str, path: str, operator: str, right: str) -> str:
        """A part of a body that is JSON."""
        if function == "has":
            there = _truth(operator, right, "a part of a body is there or is not")
            if path == "$":
                (self.regex if there else self.not_regex).append(r"\S")
                return ""
            _once(self.json.setdefault(path, {}), "exists", there)
            null = "`null` counts as something here"
            return null if there else f"{null}, and a body that is no JSON fails"
        if function == "len":
            return self._length(path, operator, right)
        named = self.json.setdefault(path, {})
        if operator in _ORDER:
            limit = values.number(right)
            _once(named, _ORDER[operator], limit)
            taken_as_0 = {"<": limit > 0, "<=": limit >= 0, ">": limit < 0, ">=": limit <= 0}
            return "where there is no number, that fails here" if taken_as_0[operator] else ""
        if right.startswith(("[", "map[", "{")) and not _CONTEXT.match(right):
            raise Unsaid("two parts of a body are not compared, nor lists and objects")
        if operator == "==":
            return self._equal(named, right)
        if values.any_of(right) is not None or values.pattern_of(right) is not None:
            raise Unsaid("what must not match is not said of a part of a body")
        _once(named, "not", _written(right))
        return "where it is not there, that fails here"

    def _equal(self, named: dict[str, Any], right: str) -> str:
        if (options := values.any_of(right)) is not None:
            _once(named, "one_of", values.both_ways(options))
        elif (pattern := values.pattern_of(right)) is None:
            _once(named, "equals", _written(right))
        elif set(pattern) == {"*"}:
            _once(named, "exists", True)
        else:
            expression = _either(right)
            _once(named, "regex", rf"(?s)\A(?:{expression})\z")
            if any(re.fullmatch(expression, scalar) for scalar in _SCALARS):
                return "only texts match here, and no numbers or truth values"
        return ""

    def _length(self, path: str, operator: str, right: str) -> str:
        count = values.number(right)
        if not isinstance(count, int):
            raise Unsaid(f"`{right}` is no length")
        if path == "$" and (operator, count) in ((">", 0), (">=", 1), ("!=", 0)):
            self.empty = False
            return "an empty list is a body too here"
        named = self.json.setdefault(path, {})
        if operator == "==":
            _once(named, "length", count)
            return ""
        if operator == "!=":
            if count:
                raise Unsaid("a length is not compared by !=")
            operator = ">"
        bounds = named.setdefault("length", {})
        if not isinstance(bounds, dict):
            raise Unsaid("two of length for one path")
        _once(bounds, _ORDER[operator], count)
        less = operator in ("<", "<=")
        return "where it is not there, that fails here" if less else ""


def _once(named: dict[str, Any], operator: str, value: Any) -> None:
    if named.setdefault(operator, value) != value:
        raise Unsaid(f"two of {operator} for one path")


def _truth(operator: str, right: str, why: str) -> bool:
    if operator not in ("==", "!=") or right not in ("true", "false"):
        raise Unsaid(why)
    return (operator == "==") == (right == "true")


def _holds(code: int, operator: str, right: str) -> bool:
    if operator in ("==", "!="):
        return values.same(str(code), right) == (operator == "==")
    limit = values.number(right)
    return {"<": code < limit, "<=": code <= limit, ">": code > limit, ">=": code >= limit}[
        operator
    ]


def _either(text: str, *, star: str = ".*") -> str:
    """A regular expression for the right side of ``==``."""
    if "${env:" in text:
        raise Unsaid("a variable of the environment is not filled into a pattern")
    if (options := values.any_of(text)) is not None:
        return "|".join(map(re.escape, options))
    if (pattern := values.pattern_of(text)) is not None:
        return values.expression(pattern, star=star)
    return re.escape(text)


def _longer(what: str, operator: str, right: str) -> float:
    if operator not in (">", ">="):
        raise Unsaid(f"a {what} is only asked to be valid for long enough")
    return values.time_s(right)


def _written(right: str) -> Any:
    if _CONTEXT.search(right):
        return _CONTEXT.sub(r"${\1}", right)
    return values.one_value(right)
