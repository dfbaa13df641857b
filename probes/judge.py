"""Holds an answer against what was expected of it, and says what differs first."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import timedelta

from probes.ask import Asked, header_values
from probes.curl.order import Answer
from probes.decode import Undecodable, json_of, text_of
from probes.expect import BodyExpectation, Expect, HeaderExpectation
from probes.failure import Failure, short
from probes.judge_json import judge_json
from probes.url import to_show
from probes.watch import Watch


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
    spoken = [f"HTTP/{each}" for each in expect.protocol]
    if spoken and answer.protocol not in spoken:
        return Failure("protocol", " or ".join(spoken), answer.protocol or "none")
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
    shown = f"{name}: {short(values[0])}" if values else f"no {name}"
    if wanted.absent is not None and wanted.absent == bool(values):
        return Failure("header", f"{'no' if wanted.absent else 'a'} header {name}", shown)
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
    if wanted.not_regex is not None and any(wanted.not_regex.find(v) is not None for v in values):
        return Failure("header", f"{name} not matching {wanted.not_regex}", shown)
    return None


def _judge_body(expect: Expect, answer: Answer, captures: Mapping[str, str]) -> Failure | None:
    try:
        failure = _judge_content(expect.body, answer, captures) if expect.body else None
        if failure is None and expect.json_paths:
            document = json_of(answer)
            for wanted in expect.json_paths:
                failure = judge_json(wanted, document, captures)
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
    for pattern in wanted.regex:
        if pattern.find(text) is None:
            return Failure("body", f"a body matching {pattern}", size)
    for pattern in wanted.not_regex:
        if pattern.find(text) is not None:
            return Failure("body", f"a body not matching {pattern}", "a body with it")
    return None


def _quoted(text: str) -> str:
    return f"“{short(text)}”"
