"""What an answer shows, and whether it is what an ``http`` module expects."""

from __future__ import annotations

from dataclasses import dataclass
from email.utils import parsedate_to_datetime

from probes.ask import header_values
from probes.curl.order import Answer
from probes.curl.reasons import verdict
from synthetics.exporter import cel, certificates
from synthetics.exporter.frame import Failed, Frame
from synthetics.exporter.http_order import MOST_BODY
from synthetics.exporter.written import Http

_PROTOCOLS = {"HTTP/2": "HTTP/2.0", "HTTP/3": "HTTP/3.0"}


@dataclass(slots=True)
class Ended:
    """The last answer, where it came from, and whether its body is all there."""

    answer: Answer
    url: str
    whole: bool


def show(frame: Frame, ended: Ended) -> None:
    """Write what the answer shows, whatever is thought of it."""
    answer, gauges = ended.answer, frame.gauges
    headers = answer.headers
    frame.say(f"status {answer.status} by {answer.protocol}")
    gauges.set("probe_http_status_code", answer.status)
    if ended.whole and answer.phases.transfer_s is not None:
        gauges.took("probe_http_duration_seconds", "transfer", answer.phases.transfer_s)
    length = header_values(headers, "content-length")
    known = length and length[0].isdecimal()
    empty = answer.status in {204, 304} or 100 <= answer.status < 200
    gauges.set("probe_http_content_length", int(length[0]) if known else 0 if empty else -1)
    gauges.set("probe_http_uncompressed_body_length", _length(frame.module.written.http, ended))
    gauges.set("probe_http_version", _version(answer.protocol))
    for said in header_values(headers, "last-modified"):
        try:
            at = parsedate_to_datetime(said).timestamp()
        except (ValueError, OverflowError):
            continue
        gauges.set("probe_http_last_modified_timestamp_seconds", at)
        break
    if answer.tls is not None and answer.chain:
        gauges.set("probe_http_ssl", 1)
        version, cipher = answer.tls
        chain = [certificates.read(pem) for pem in answer.chain]
        tls = frame.module.tls
        certificates.show(gauges, version=version, cipher=cipher, chain=chain, tls=tls)


def _length(kind: Http, ended: Ended) -> int:
    """Bytes of the body that count: what is packed otherwise than it must be counts for nothing."""
    if not ended.whole or not _packed_as_wanted(kind, ended.answer):
        return 0
    return min(ended.answer.body_bytes, kind.body_size_limit or MOST_BODY)


def _packed_as_wanted(kind: Http, answer: Answer) -> bool:
    if kind.compression in ("", "identity"):
        return True
    return kind.compression in header_values(answer.headers, "content-encoding")


def _version(protocol: str | None) -> float:
    return float(protocol.partition("/")[2]) if protocol else 0.0


def judge(frame: Frame, kind: Http, ended: Ended) -> None:
    """
    Hold the answer against the module, in the exporter's order.

    Raises:
        Failed: At the first thing that does not hold.
    """
    answer = ended.answer
    wanted = kind.valid_status_codes
    if not (answer.status in wanted if wanted else 200 <= answer.status < 300):
        raise Failed(f"status {answer.status} is not {list(wanted) or '2xx'}")
    if why := _of_headers(kind, answer) or _of_body(kind, answer):
        frame.gauges.set("probe_failed_due_to_regex", 1)
        raise Failed(why)
    if why := _of_json(kind, answer):
        frame.gauges.set("probe_failed_due_to_cel", 1)
        raise Failed(why)
    if answer.failure:
        _, reason, detail = verdict(answer, timeout_s=frame.watch.timeout_s, proxy=False)
        raise Failed(f"{reason}: {detail}")
    if not _packed_as_wanted(kind, answer):
        raise Failed(f"the answer is not compressed by {kind.compression}")
    protocol = _PROTOCOLS.get(answer.protocol or "", answer.protocol)
    if kind.valid_http_versions and protocol not in kind.valid_http_versions:
        raise Failed(f"{protocol} is not one of {', '.join(kind.valid_http_versions)}")
    if kind.fail_if_ssl and answer.tls is not None:
        raise Failed("the last answer came over TLS")
    if kind.fail_if_not_ssl and answer.tls is None:
        raise Failed("the last answer did not come over TLS")


def _of_headers(kind: Http, answer: Answer) -> str:
    if not (kind.fail_if_header_matches or kind.fail_if_header_not_matches):
        return ""
    headers = answer.headers
    for rules, bad_if in (
        (kind.fail_if_header_matches, True),
        (kind.fail_if_header_not_matches, False),
    ):
        for rule in rules:
            values = header_values(headers, rule.header)
            if not values:
                if not rule.allow_missing:
                    return f"there is no header {rule.header}"
                continue
            if any(rule.regexp.search(value.encode()) for value in values) is bad_if:
                return f"header {rule.header}: {_said(rule.regexp, bad_if)}"
    return ""


def _of_body(kind: Http, answer: Answer) -> str:
    for regexes, bad_if in (
        (kind.fail_if_body_matches_regexp, True),
        (kind.fail_if_body_not_matches_regexp, False),
    ):
        for regex in regexes:
            if (regex.search(answer.body) is not None) is bad_if:
                return f"body: {_said(regex, bad_if)}"
    return ""


def _of_json(kind: Http, answer: Answer) -> str:
    if not kind.judges_json:
        return ""
    try:
        body = cel.read(answer.body)
        for condition, bad_if in (
            (kind.fail_if_body_json_matches_cel, True),
            (kind.fail_if_body_json_not_matches_cel, False),
        ):
            if condition is not None and condition.holds(body) is bad_if:
                return f"body: {condition.text!r} is {'true' if bad_if else 'not true'}"
    except cel.Unjudged as error:
        return f"body: {error}"
    return ""


def _said(regex: object, matched: bool) -> str:
    pattern = getattr(regex, "pattern", b"").decode("utf-8", "replace")
    return f"{pattern!r} {'matches' if matched else 'does not match'}"
