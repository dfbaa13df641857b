"""Reasons in the words of people who do not run probes; in data a reason stays the slug it is."""

from __future__ import annotations

from typing import Final

SAID: Final[dict[str, str]] = {
    "additional": "wrong additional records",
    "address-denied": "address denied",
    "answer": "wrong answer",
    "authority": "wrong authority records",
    "body": "wrong body",
    "body-too-large": "answer too large",
    "capture": "nothing to capture",
    "certificate": "certificate not as it should be",
    "closed": "closed by the target",
    "connect": "no connection",
    "dns": "name not found",
    "dnssec": "not verified by DNSSEC",
    "empty-reply": "closed without an answer",
    "encoding": "body cannot be decompressed",
    "failed": "no answer that makes sense",
    "header": "wrong header",
    "headers-too-large": "headers too large",
    "hop-limit": "too many routers on the way",
    "invalid-json": "not JSON",
    "invalid-text": "unreadable text",
    "json": "wrong JSON",
    "loss": "echoes lost",
    "malformed": "malformed answer",
    "not-authoritative": "server not responsible",
    "packet-too-big": "packet too big for the way",
    "protocol": "wrong protocol",
    "ocsp": "no proof against revocation",
    "proxy-refused": "proxy cannot reach it",
    "rcode": "wrong response code",
    "redirected-to": "redirected elsewhere",
    "redirects": "redirected astray",
    "reset": "connection broken off",
    "servers-differ": "servers disagree",
    "slow": "too slow",
    "starttls": "TLS not offered",
    "status": "wrong status",
    "subprotocol": "wrong subprotocol",
    "timeout": "timed out",
    "tls-alpn": "wrong protocol over TLS",
    "tls-ca": "own authorities unusable",
    "tls-cipher": "wrong cipher",
    "tls-client-certificate": "client certificate not taken",
    "tls-expired": "certificate expired",
    "tls-handshake": "no agreement on TLS",
    "tls-not-yet-valid": "certificate not valid yet",
    "tls-revoked": "certificate revoked",
    "tls-self-signed": "certificate self-signed",
    "tls-unknown-ca": "certificate by an unknown authority",
    "tls-untrusted": "certificate not trusted",
    "tls-version": "wrong version of TLS",
    "tls-wrong-host": "certificate for another host",
    "truncated": "body cut short",
    "unreachable": "cannot be reached",
}


def said(reason: str) -> str:
    """*reason* in a few words; one that only a third party's probe knows, as it is."""
    return SAID.get(reason, reason)
