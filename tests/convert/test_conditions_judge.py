"""Random conditions of Gatus judge random answers here as they do there."""

from __future__ import annotations

import fnmatch
import json
import operator
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from probes.ask import Asked
from probes.curl.order import Answer
from probes.expect import Expect
from probes.judge import judge
from probes.result import Phases
from probes.watch import Shared, Watch
from synthetics.clock import SystemClock
from synthetics.convert.draft import Draft
from synthetics.convert.gatus.file import convert
from synthetics.convert.tree import read

NOW = datetime(2027, 1, 1, tzinfo=UTC)
EXPECT = TypeAdapter(Expect)
WORDS = st.sampled_from(["UP", "DOWN", "john", "john.doe", "jane", "a b", "x-1", "v1.2", "ok", ""])
NUMBERS = st.integers(0, 2)
SCALARS = st.one_of(WORDS, NUMBERS, st.booleans())
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3), max_leaves=5
)  # an object's length is that of its text there, so objects are only walked through
USERS = st.fixed_dictionaries({}, optional={"id": SCALARS, "some-key": VALUES})
DOCUMENTS = st.fixed_dictionaries(
    {"status": st.one_of(NUMBERS, VALUES)},
    optional={"user": USERS, "data": st.lists(SCALARS, max_size=3)},
)
BODIES = st.one_of(DOCUMENTS.map(json.dumps), WORDS, st.sampled_from([" UP\n", "<h1>UP</h1>", "5"]))
PATHS = st.sampled_from(
    [".status", ".status", ".user.id", ".user.some-key", ".data[0]", ".data", ".nothing"]
)
PATTERNS = st.sampled_from(["*", "*UP*", "j*n", "j?hn*", "*.doe", "[a-j]*", "[^a-j]*", "v1.?", "x"])
LITERALS = st.one_of(
    WORDS,
    NUMBERS.map(str),
    PATTERNS.map("pat({})".format),
    st.lists(st.one_of(WORDS.filter(bool), NUMBERS.map(str)), min_size=1, max_size=3).map(
        lambda several: f"any({', '.join(several)})"
    ),
)
EQUALS = st.sampled_from(["==", "!="])
ORDERS = st.sampled_from(["<", "<=", ">", ">="])
CONDITIONS = st.one_of(
    st.tuples(st.just("[STATUS]"), ORDERS, st.sampled_from(["200", "300", "400", "599"])),
    st.tuples(
        st.just("[STATUS]"), EQUALS,
        st.sampled_from(["200", "404", "any(200, 201, 404)", "pat(2*)", "pat(?0?)"]),
    ),
    st.tuples(st.just("[BODY]"), EQUALS, LITERALS),
    st.tuples(PATHS.map("[BODY]{}".format), EQUALS, LITERALS),
    st.tuples(PATHS.map("[BODY]{}".format), ORDERS, NUMBERS.map(str)),
    st.tuples(PATHS.map("len([BODY]{})".format), ORDERS, st.integers(0, 2).map(str)),
    st.tuples(PATHS.map("len([BODY]{})".format), st.just("=="), st.integers(0, 2).map(str)),
    st.tuples(PATHS.map("has([BODY]{})".format), EQUALS, st.sampled_from(["true", "false"])),
    st.tuples(st.just("[RESPONSE_TIME]"), st.just("<"), st.sampled_from(["500", "1s", "250ms"])),
    st.tuples(st.just("[CERTIFICATE_EXPIRATION]"), st.just(">"), st.sampled_from(["48h", "720h"])),
).map(" ".join)  # fmt: skip


class Quirk(Exception):
    """Gatus takes what is not there as 0, or as a text that patterns find; here it fails."""


def found(path: str, body: str) -> Any:
    """What Gatus finds at *path*; KeyError if nothing."""
    try:
        value = json.loads(body)
        for name, index in re.findall(r"\.([^.\[]+)|\[(\d+)\]", path):
            value = value[name] if name else value[int(index)]
    except (ValueError, TypeError, LookupError):
        raise KeyError(path) from None
    return value


def shown(value: Any) -> str:
    """As Go prints it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{' '.join(map(shown, value))}]"
    return json.dumps(value) if isinstance(value, dict) else str(value)


def groups(pattern: str, text: str) -> tuple[str, ...]:
    match = re.fullmatch(pattern, text)
    assert match is not None
    return match.groups()


def said(placeholder: str, answer: dict[str, Any], *, order: bool) -> str:
    """What stands for *placeholder* in a condition, as the documentation of Gatus has it."""
    simple = {
        "[STATUS]": answer["status"],
        "[RESPONSE_TIME]": answer["ms"],
        "[CERTIFICATE_EXPIRATION]": answer["days"] * 86_400_000,
        "[BODY]": answer["body"].strip(),
    }
    if placeholder in simple:
        return str(simple[placeholder])
    function, path = groups(r"(len|has|)\(?\[BODY\](.*?)\)?", placeholder)
    try:
        value = found(path, answer["body"])
    except KeyError:
        if function == "has":
            return "false"
        if order or function == "len":
            raise Quirk from None
        return f"{placeholder} (INVALID)"
    if function == "has":
        return "true"
    if function == "len":
        if not isinstance(value, list | str):
            raise Quirk
        return str(len(value))
    if order and (not isinstance(value, int) or isinstance(value, bool)):
        raise Quirk
    return shown(value)


def milliseconds(text: str) -> int:
    for unit, size in (("ms", 1), ("s", 1000), ("h", 3_600_000), ("", 1)):
        if text.endswith(unit):
            return int(text.removesuffix(unit)) * size
    raise AssertionError(text)


def equal(left: str, right: str) -> bool:
    if right.startswith("pat("):
        if left.endswith("(INVALID)"):
            raise Quirk
        pattern = right[4:-1].replace("[^", "[!")
        return fnmatch.fnmatchcase(left.replace("/", ""), pattern)
    if right.startswith("any("):
        return left in [one.strip() for one in right[4:-1].split(",")]
    return left == right


def holds(condition: str, answer: dict[str, Any]) -> bool:
    """Whether *condition* does, for *answer*, in Gatus."""
    left, sign, right = groups(r"(\S+) (\S+) ?(.*)", condition)
    if sign in ("==", "!="):
        return equal(said(left, answer, order=False), right) == (sign == "==")
    compare = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}[sign]
    return bool(compare(int(said(left, answer, order=True)), milliseconds(right)))


def answered(answer: dict[str, Any]) -> Asked:
    body = answer["body"].encode()
    whole = Answer(
        failure=0, message="", errno=0, verify=0, proxy_error=0, denied="", too_large=False,
        status=answer["status"], head=(), body=body, body_bytes=len(body), protocol="HTTP/1.1",
        address="127.0.0.1", phases=Phases(), total_s=answer["ms"] / 1000,
        certificate_expires_at=NOW + timedelta(days=answer["days"]),
    )  # fmt: skip
    return Asked(
        answer=whole, url="https://x.test/", target=None, failure=None, phases=Phases(),
        duration_s=answer["ms"] / 1000, redirects=0,
    )  # fmt: skip


class At(SystemClock):
    def now_ms(self) -> int:
        return int(NOW.timestamp() * 1000)


def agreed(conditions: list[str], answer: dict[str, Any]) -> bool:
    """Whether both judge, and alike but where a line of the file is named for it."""
    file = {"endpoints": [{"name": "x", "url": "https://x.test/", "conditions": conditions}]}
    draft = Draft(file="gatus.yaml")
    convert(read(json.dumps(file)), draft)
    if any("is left out" in note.what for note in draft.notes):
        return False
    try:
        wanted = all(holds(condition, answer) for condition in conditions)
    except Quirk:
        return False

    expect = EXPECT.validate_python(draft.probes["x"]["http"]["expect"])
    watch = Watch(clock=At(), timeout_s=10, shared=Shared())
    failure = judge(expect, answered(answer), watch, {})

    stricter = any("fail" in each.what or "only texts" in each.what for each in draft.notes)
    assert (failure is None) == wanted or (stricter and wanted), (failure, draft.probes)
    return True


@settings(max_examples=200, deadline=None)
@given(
    conditions=st.lists(CONDITIONS, min_size=1, max_size=3, unique=True),
    answer=st.fixed_dictionaries(
        {
            "status": st.sampled_from([200, 201, 204, 301, 404, 500, 599]),
            "body": BODIES,
            "ms": st.sampled_from([3, 100, 300, 700, 2000]),
            "days": st.sampled_from([1, 10, 100]),
        }
    ),
)
def test_an_answer_is_judged_as_gatus_would(conditions: list[str], answer: dict[str, Any]) -> None:
    assume(agreed(conditions, answer))


@pytest.mark.parametrize("sign", ["<", "<=", ">", ">=", "==", "!="])
@pytest.mark.parametrize("value", [0, 1, 2])
def test_bounds_are_as_sharp_as_those_of_gatus(sign: str, value: int) -> None:
    body = json.dumps({"n": value, "list": ["x"] * value, "text": "x" * value})
    answer = {"status": 200 + value, "body": body, "ms": 300, "days": 10}
    assert agreed([f"[BODY].n {sign} 1"], answer)
    assert agreed([f"[STATUS] {sign} 201"], answer)
    if sign != "!=":
        assert agreed([f"len([BODY].list) {sign} 1", f"len([BODY].text) {sign} 1"], answer)
