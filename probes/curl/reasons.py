"""
Why nothing came back: libcurl's error codes as stable reasons.

A slug, once shipped, is never renamed: people group and filter by it, and
`docs/probes/http.md` lists every one.
"""

from __future__ import annotations

import errno
import os
import re

import pycurl

from probes.curl.order import Answer
from probes.net.verdicts import BROKE_OFF, OUR_OWN, VERIFY
from probes.result import Outcome

CODES = {
    pycurl.E_COULDNT_RESOLVE_HOST: "dns",
    pycurl.E_COULDNT_CONNECT: "connect",
    8: "malformed",  # E_WEIRD_SERVER_REPLY: not HTTP at all
    pycurl.E_HTTP2: "malformed",
    pycurl.E_PARTIAL_FILE: "truncated",
    pycurl.E_WRITE_ERROR: "encoding",
    pycurl.E_OPERATION_TIMEDOUT: "timeout",
    pycurl.E_SSL_CONNECT_ERROR: "tls-handshake",
    pycurl.E_GOT_NOTHING: "empty-reply",
    pycurl.E_SEND_ERROR: "reset",
    pycurl.E_SSL_CIPHER: "tls-handshake",
    pycurl.E_PEER_FAILED_VERIFICATION: "tls-untrusted",
    pycurl.E_BAD_CONTENT_ENCODING: "encoding",
    pycurl.E_SSL_ISSUER_ERROR: "tls-untrusted",
    95: "malformed",  # E_HTTP3
    96: "connect",  # E_QUIC_CONNECT_ERROR
}

_REFUSES_OURS = re.compile(
    r"alert (certificate \w+|(bad|unsupported) certificate|unknown ca|access denied)"
)
"""What a server says of a client's certificate; by TLS 1.3 only after the handshake."""

UNUSABLE = {
    pycurl.E_SSL_CACERT_BADFILE: ("tls-ca", "the authorities in `tls` cannot be used"),
    pycurl.E_SSL_CERTPROBLEM: (
        "tls-client-certificate", "the certificate and key in `tls` cannot be used",
    ),
}  # fmt: skip
"""What is wrong with what we brought."""

_PROXY_UNREACHABLE = frozenset({pycurl.E_COULDNT_RESOLVE_PROXY, 97})
_STREAM_CLOSED = 92
_OUT_OF_MEMORY = pycurl.E_OUT_OF_MEMORY
_TOO_LARGE = 100


def verdict(answer: Answer, *, timeout_s: float, proxy: bool) -> tuple[Outcome, str, str]:
    """Outcome, reason and detail of an *answer* that did not come whole."""
    bad = Outcome.BAD
    said = answer.message
    if answer.too_large:
        return bad, "body-too-large", f"the body passed its limit after {answer.body_bytes} bytes"
    if answer.denied:
        return bad, "address-denied", f"connecting to {answer.denied} is not permitted here"
    if answer.failure == _OUT_OF_MEMORY:
        return Outcome.VOID, "no-sockets", "this machine has no memory left"
    if "CONNECT tunnel failed" in said:
        if "407" in said:
            return Outcome.VOID, "proxy", "the proxy wants a login, or another one"
        return bad, "proxy-refused", said
    if answer.failure in UNUSABLE:
        return Outcome.VOID, *UNUSABLE[answer.failure]
    if answer.failure in _PROXY_UNREACHABLE:
        return Outcome.VOID, "proxy", said
    if answer.failure == pycurl.E_INTERFACE_FAILED:
        return Outcome.VOID, "no-sockets", "this machine has no such address to ask from"
    if answer.failure == pycurl.E_COULDNT_CONNECT and answer.errno in OUR_OWN:
        reason, detail = OUR_OWN[answer.errno]
        return Outcome.VOID, reason, detail
    if proxy and answer.failure == pycurl.E_COULDNT_CONNECT:
        return Outcome.VOID, "proxy", said
    if answer.failure == pycurl.E_COULDNT_CONNECT and answer.errno == errno.ECONNRESET:
        return bad, "reset", BROKE_OFF
    if answer.failure == pycurl.E_COULDNT_CONNECT and answer.errno:
        return bad, "connect", f"{said.partition(' after ')[0]}: {os.strerror(answer.errno)}"
    if answer.failure == pycurl.E_OPERATION_TIMEDOUT:
        return bad, "timeout", f"not done after {_seconds(timeout_s)}: {_stage(answer)}"
    if refusal := _REFUSES_OURS.search(said):
        return bad, "tls-client-certificate", f"the target refused the handshake: {refusal[0]}"
    if answer.failure == pycurl.E_PEER_FAILED_VERIFICATION:
        if answer.verify in VERIFY:
            reason, detail = VERIFY[answer.verify]
            return bad, reason, detail
        if "subject name" in said or "target host" in said:
            return bad, "tls-wrong-host", "the certificate is for another host"
    if answer.failure == pycurl.E_SEND_ERROR and said.startswith("Failed to connect"):
        return bad, "connect", f"{said.partition(' after ')[0]}: nobody answers by QUIC"
    if answer.failure == pycurl.E_HTTP2 and not answer.status:
        if "failure: " in said:
            return bad, "reset", said
        if not said:
            return bad, "empty-reply", "the connection was closed without an answer"
    if answer.failure == pycurl.E_RECV_ERROR:
        return bad, _reception(said), said
    if answer.failure == _STREAM_CLOSED:
        ours = "PROTOCOL_ERROR" in said and "by server" not in said
        return bad, "malformed" if ours else "reset", said
    if answer.failure == _TOO_LARGE:
        return bad, "headers-too-large", "a line of the headers is over 100 KiB"
    if answer.failure == pycurl.E_UNSUPPORTED_PROTOCOL:
        if "HTTP/0.9" in said:
            return bad, "malformed", "the answer does not begin as HTTP does"
        if "response" in said:
            return bad, "malformed", said
    return bad, CODES.get(answer.failure, "failed"), said or pycurl.easy_strerror(answer.failure)


def _reception(said: str) -> str:
    """Libcurl has one code for all that goes wrong while an answer comes in; its words differ."""
    if "response header" in said:
        return "headers-too-large"
    if any(words in said for words in ("Recv failure", "Send failure", "SSL", "closed", "died")):
        return "reset"
    return "malformed"


def _seconds(limit_s: float) -> str:
    """The limit as it was meant: what is left of it when libcurl begins is a little less."""
    return f"{limit_s:.2g} s" if limit_s < 99 else f"{limit_s:.0f} s"


def _stage(answer: Answer) -> str:
    """How far it came, from the phases that are over."""
    phases = answer.phases
    if 100 <= answer.status < 200:
        return f"nothing but an interim answer ({answer.status}) yet"
    if answer.status:
        return f"the answer was still coming, {answer.body_bytes} bytes of body so far"
    if phases.tls_s is not None:
        return "connected by TLS, no answer yet"
    if phases.connect_s is not None:
        return "connected, no answer yet"
    if phases.resolve_s is not None:
        return "resolved, not connected yet"
    return "not connected yet"
