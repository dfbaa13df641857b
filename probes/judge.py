"""Holds an answer against what was expected of it, and says what differs first."""

from __future__ import annotations

import codecs
import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from probes.ask import Asked, header_values
from probes.curl.order import Answer
from probes.expect import BodyExpectation, Expect, HeaderExpectation
from probes.expect_json import JsonExpectation
from probes.expressions import CompiledPattern, TooMuchWork
from probes.fields import Template
from probes.url import to_show
from probes.watch import Watch

_LONGEST_SHOWN = 120
_LONGEST_CHARSET = 40
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"})
"""Codecs of Python that no page is in; ``punycode`` takes the cube of what it reads."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that does not hold: what it asked for, and what was there instead."""

    reason: str
    expected: str
    actual: str

    @property
    def detail(self) -> str:
        """Both in one line."""
        return f"expected {self.expected}, got {self.actual}"


def judge(
    expect: Expect, asked: Asked, watch: Watch, captures: Mapping[str, str]
) -> Failure | None:
    """
    The first expectation that does not hold, or ``None``.

    In the order in which a human would want to know: what answered, what it
    said, and only then how long it took.
    """
    answer = asked.answer
    if answer.status not in expect.status.codes:
        return Failure("status", f"status {expect.status.written}", f"{answer.status}")
    if expect.protocol is not None and answer.protocol != f"HTTP/{expect.protocol}":
        return Failure("protocol", f"HTTP/{expect.protocol}", answer.protocol or "none")
    if expect.redirected_to is not None:
        wanted = expect.redirected_to.render(captures)
        there = asked.target or (asked.url if asked.redirects else "")
        if wanted not in {there, _path_of(there)}:
            shown = to_show(there) if there else "no redirect"
            return Failure("redirected-to", f"a redirect to {to_show(wanted)}", shown)
    for name, header in expect.headers.items():
        failure = _judge_header(name, header, answer, captures)
        if failure is not None:
            return failure
    if expect.needs_body:
        failure = _judge_body(expect, answer, captures)
        if failure is not None:
            return failure
    if expect.certificate is not None:
        failure = _judge_certificate(expect.certificate.valid_for, answer, watch)
        if failure is not None:
            return failure
    if expect.within is not None and asked.duration_s > expect.within.total_seconds():
        limit_ms = expect.within / timedelta(milliseconds=1)
        return Failure("slow", f"within {limit_ms:g} ms", f"{asked.duration_s * 1000:.0f} ms")
    return None


def _path_of(url: str) -> str:
    return "/" + url.split("/", 3)[3] if url.count("/") >= 3 else ""


def _judge_certificate(valid_for: timedelta, answer: Answer, watch: Watch) -> Failure | None:
    expires = answer.certificate_expires_at
    wanted = f"a certificate valid for {valid_for.days} more days"
    if expires is None:
        return Failure("certificate", wanted, "no certificate: the connection was not encrypted")
    left = expires - watch.started_at
    if left < valid_for:
        return Failure(
            "certificate", wanted, f"{left / timedelta(days=1):.1f} days, until {expires:%Y-%m-%d}"
        )
    return None


def _judge_header(
    name: str, wanted: HeaderExpectation, answer: Answer, captures: Mapping[str, str]
) -> Failure | None:
    values = header_values(answer.headers, name)
    shown = f"{name}: {_short(values[0])}" if values else f"no {name}"
    if wanted.absent is not None:
        if wanted.absent == bool(values):
            return Failure("header", f"{'no' if wanted.absent else 'a'} header {name}", shown)
        return None
    if wanted.equals is not None:
        text = wanted.equals.render(captures)
        if text not in values:
            return Failure("header", f"{name}: {wanted.equals}", shown)
    if wanted.contains is not None:
        text = wanted.contains.render(captures)
        if not any(text in value for value in values):
            return Failure("header", f"{name} containing {wanted.contains}", shown)
    if wanted.regex is not None and not any(wanted.regex.find(v) is not None for v in values):
        return Failure("header", f"{name} matching {wanted.regex}", shown)
    return None


def charset_of(answer: Answer) -> str:
    """The charset that the answer names, or UTF-8."""
    for value in header_values(answer.headers, "content-type"):
        for part in value.split(";")[1:]:
            name, _, charset = part.partition("=")
            if name.strip().lower() == "charset":
                return charset.strip().strip("\"'")
    return "utf-8"


def _codec(charset: str) -> str:
    known = codecs.lookup(charset).name if len(charset) <= _LONGEST_CHARSET else "undefined"
    if known in _NO_CHARSETS:
        raise LookupError(charset)
    return known


class Undecodable(ValueError):
    """A body that is not what it should be, in words."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


def text_of(answer: Answer) -> str:
    """
    The body as text.

    Raises:
        Undecodable: It is not in the charset that it says it is in.
    """
    charset = charset_of(answer)
    try:
        return answer.body.decode(_codec(charset))
    except UnicodeDecodeError as error:
        what = f"a byte 0x{answer.body[error.start]:02x} at {error.start} that is not {charset}"
        raise Undecodable(Failure("invalid-text", f"text in {charset}", what)) from None
    except (LookupError, ValueError):
        raise Undecodable(
            Failure("invalid-text", "text", f"the unknown charset {charset[:40]!r}")
        ) from None


def json_of(answer: Answer) -> Any:
    """
    The body as JSON.

    Raises:
        Undecodable: It is none, or nested too deep to be read.
    """
    try:
        return json.loads(answer.body, parse_constant=_refuse_constant)
    except RecursionError:
        said = "JSON that is nested too deep"
    except UnicodeDecodeError:
        said = "bytes that are not UTF-8"
    except ValueError as error:
        long = "digits" in str(error)
        said = "a number of over 4300 digits" if long else f"something else: {error}"
    raise Undecodable(Failure("invalid-json", "JSON", said))


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _judge_body(expect: Expect, answer: Answer, captures: Mapping[str, str]) -> Failure | None:
    try:
        failure = _judge_content(expect.body, answer, captures) if expect.body else None
        if failure is None and expect.json_paths:
            document = json_of(answer)
            for wanted in expect.json_paths:
                failure = _judge_json(wanted, document, captures)
                if failure is not None:
                    break
    except Undecodable as undecodable:
        return undecodable.failure
    return failure


def _judge_content(
    wanted: BodyExpectation, answer: Answer, captures: Mapping[str, str]
) -> Failure | None:
    if wanted.empty is not None and wanted.empty != (answer.body_bytes == 0):
        return Failure(
            "body", "an empty body" if wanted.empty else "a body", f"{answer.body_bytes} bytes"
        )
    if wanted.sha256 is not None:
        digest = hashlib.sha256(answer.body).hexdigest()
        if digest != wanted.sha256:
            return Failure("body", f"a body with SHA-256 {wanted.sha256}", digest)
    if not wanted.needs_text:
        return None
    text = text_of(answer)
    size = f"{answer.body_bytes} bytes without it"
    for each in wanted.contains:
        if each.render(captures) not in text:
            return Failure("body", f"a body containing {_quoted(str(each))}", size)
    for each in wanted.not_contains:
        if each.render(captures) in text:
            return Failure("body", f"a body without {_quoted(str(each))}", "a body with it")
    if wanted.regex is not None and wanted.regex.find(text) is None:
        return Failure("body", f"a body matching {wanted.regex}", size)
    return None


def _judge_json(
    wanted: JsonExpectation, document: Any, captures: Mapping[str, str]
) -> Failure | None:
    try:
        nodes = wanted.path.values(document)
    except TooMuchWork:
        return Failure("json", f"{wanted.path} in an ordinary document", "one too large for it")
    for operator, operand in wanted.operations:
        value = _filled(operand, captures)
        said = f"{wanted.path} {_OPERATOR_WORDS[operator]} {_show(_filled(operand, None))}"
        if operator == "exists":
            if bool(nodes) != value:
                there = "something" if nodes else "nothing"
                return Failure(
                    "json", f"{'something' if value else 'nothing'} at {wanted.path}", there
                )
            continue
        if not nodes:
            return Failure("json", said, "nothing there")
        for node in nodes:
            if not _OPERATIONS[operator](node, value):
                return Failure("json", said, _show(node))
    return None


def _filled(operand: Any, captures: Mapping[str, str] | None) -> Any:
    """*operand* with its references filled in, or, without *captures*, as it may be shown."""
    if isinstance(operand, Template):
        return str(operand) if captures is None else operand.render(captures)
    if isinstance(operand, Mapping):
        return {key: _filled(value, captures) for key, value in operand.items()}
    if isinstance(operand, tuple):
        return [_filled(value, captures) for value in operand]
    return operand


def _same(one: Any, other: Any) -> bool:
    """Equality as JSON means it: 1 is 1.0, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    return bool(one == other)


def _contains(node: Any, value: Any) -> bool:
    if isinstance(node, str):
        return isinstance(value, str) and value in node
    if isinstance(node, list):
        return any(_same(each, value) for each in node)
    return isinstance(node, dict) and isinstance(value, str) and value in node


def _number(node: Any) -> bool:
    return isinstance(node, int | float) and not isinstance(node, bool)


def _kind(node: Any) -> str:
    if node is None:
        return "null"
    if isinstance(node, bool):
        return "boolean"
    if _number(node):
        return "number"
    return "string" if isinstance(node, str) else "array" if isinstance(node, list) else "object"


def _matches(node: Any, pattern: CompiledPattern) -> bool:
    return isinstance(node, str) and pattern.find(node) is not None


_OPERATIONS: dict[str, Callable[[Any, Any], bool]] = {
    "equals": _same,
    "not": lambda node, value: not _same(node, value),
    "contains": _contains,
    "regex": _matches,
    "over": lambda node, value: _number(node) and node > value,
    "at_least": lambda node, value: _number(node) and node >= value,
    "under": lambda node, value: _number(node) and node < value,
    "at_most": lambda node, value: _number(node) and node <= value,
    "length": lambda node, value: isinstance(node, str | list | dict) and len(node) == value,
    "type": lambda node, value: _kind(node) == value,
}
_OPERATOR_WORDS = {
    "equals": "equal to", "not": "other than", "contains": "containing", "regex": "matching",
    "over": "over", "at_least": "at least", "under": "under", "at_most": "at most",
    "length": "of length", "exists": "existing", "type": "of type",
}  # fmt: skip


def _show(value: Any) -> str:
    if isinstance(value, CompiledPattern):
        return str(value)
    try:
        return _short(json.dumps(value, ensure_ascii=False))
    except RecursionError:
        return "something nested too deep to show"


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"


def _quoted(text: str) -> str:
    return f"“{_short(text)}”"
