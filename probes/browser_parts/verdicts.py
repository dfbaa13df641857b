"""What Chromium's errors mean, as the reasons that other kinds give for the same."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from probes.browser_parts.way import Way
from probes.net.trip import Trouble

_CODE = re.compile(r"net::(ERR_[A-Z0-9_]+)")

_REASONS = {
    "ERR_NAME_NOT_RESOLVED": ("dns", "the name cannot be looked up"),
    "ERR_CONNECTION_REFUSED": ("connect", "the connection was refused"),
    "ERR_CONNECTION_FAILED": ("connect", "no connection"),
    "ERR_SOCKS_CONNECTION_FAILED": ("connect", "no connection"),
    "ERR_SOCKS_CONNECTION_HOST_UNREACHABLE": ("connect", "no connection"),
    "ERR_CONNECTION_RESET": ("reset", "the connection broke off"),
    "ERR_CONNECTION_CLOSED": ("reset", "the connection was closed"),
    "ERR_CONNECTION_ABORTED": ("reset", "the connection broke off"),
    "ERR_EMPTY_RESPONSE": ("empty-reply", "closed without an answer"),
    "ERR_CONTENT_LENGTH_MISMATCH": ("truncated", "the answer ends too soon"),
    "ERR_INCOMPLETE_CHUNKED_ENCODING": ("truncated", "the answer ends too soon"),
    "ERR_INVALID_HTTP_RESPONSE": ("malformed", "the answer is not HTTP"),
    "ERR_INVALID_RESPONSE": ("malformed", "the answer makes no sense"),
    "ERR_INVALID_CHUNKED_ENCODING": ("malformed", "the answer makes no sense"),
    "ERR_HTTP2_PROTOCOL_ERROR": ("malformed", "the answer is not HTTP/2"),
    "ERR_CONTENT_DECODING_FAILED": ("malformed", "the answer cannot be decompressed"),
    "ERR_RESPONSE_HEADERS_TOO_BIG": ("malformed", "the headers are too large"),
    "ERR_CERT_DATE_INVALID": ("tls-expired", "the certificate's time is over, or has not come"),
    "ERR_CERT_COMMON_NAME_INVALID": ("tls-wrong-host", "the certificate is for another host"),
    "ERR_CERT_AUTHORITY_INVALID": ("tls-unknown-ca", "nobody who is trusted signed it"),
    "ERR_CERT_REVOKED": ("tls-revoked", "the certificate is revoked"),
    "ERR_SSL_PROTOCOL_ERROR": ("tls-handshake", "no agreement on TLS"),
    "ERR_SSL_VERSION_OR_CIPHER_MISMATCH": ("tls-handshake", "no agreement on TLS"),
    "ERR_BAD_SSL_CLIENT_AUTH_CERT": ("tls-client-certificate", "it refuses our certificate"),
    "ERR_SSL_CLIENT_AUTH_CERT_NEEDED": ("tls-client-certificate", "it wants a certificate of us"),
}


def failed_to_load(message: str, url: str, way: Way) -> Trouble:
    """
    Why a page is not there.

    Args:
        message: Playwright's; Chromium's code is in it.
        url: Where we went, without secrets.
        way: What it says of a host is more than Chromium knows.
    """
    host = urlsplit(url).hostname or ""
    if host in way.troubles:
        return way.troubles[host]
    if way.troubles and "ERR_SOCKS" in message:
        return next(reversed(way.troubles.values()))  # of a host that a redirect led to
    found = _CODE.search(message)
    code = found.group(1) if found else ""
    if code == "ERR_TOO_MANY_REDIRECTS":
        return Trouble("redirects", f"{url}: redirected too often")
    if code in _REASONS:
        reason, said = _REASONS[code]
        return Trouble(reason, f"{url}: {said}")
    if code.startswith("ERR_CERT_"):
        return Trouble("tls-untrusted", f"{url}: {code}")
    if "Download is starting" in message:
        return Trouble("navigation", f"{url} is a download and no page")
    why = code or message.partition("\n")[0].partition(": ")[2]
    return Trouble("navigation", f"{url}: {why}")
