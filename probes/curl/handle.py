"""One transfer: an order put into an easy handle, and the answer read out of it."""

from __future__ import annotations

import asyncio
import functools
import re
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

import pycurl

from probes.curl.order import Answer, Order
from probes.net.trust import OLD_TOO, TlsOrder, authorities_file
from probes.result import Phases

# Options and infos of libcurl that pycurl has no name for.
_SUPPRESS_CONNECT_HEADERS = 265

_ENCODINGS = "gzip, br, zstd" if pycurl.version_info()[4] & (1 << 26) else "gzip, br"
SPEAKS_HTTP3 = bool(pycurl.version_info()[4] & (1 << 25))
_VERSIONS = {
    ("http", "2"): pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
    ("https", "2"): pycurl.CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE,
    ("https", "3"): pycurl.CURL_HTTP_VERSION_3ONLY,
    ("https", "auto"): pycurl.CURL_HTTP_VERSION_2TLS,
}
_TLS_VERSIONS = {
    "1.0": pycurl.SSLVERSION_TLSv1_0,
    "1.1": pycurl.SSLVERSION_TLSv1_1,
    "1.2": pycurl.SSLVERSION_TLSv1_2,
    "1.3": pycurl.SSLVERSION_TLSv1_3,
}
_TLS_NEWEST = {
    "1.0": pycurl.SSLVERSION_MAX_TLSv1_0,
    "1.1": pycurl.SSLVERSION_MAX_TLSv1_1,
    "1.2": pycurl.SSLVERSION_MAX_TLSv1_2,
    "1.3": pycurl.SSLVERSION_MAX_TLSv1_3,
}
_FAMILIES = {"4": pycurl.IPRESOLVE_V4, "6": pycurl.IPRESOLVE_V6}
_LITERAL = re.compile(r"https?://(\[|[0-9.]+[:/?#])")
_AGREED = re.compile(rb"SSL connection using (\S+) / (\S+)")
"""What libcurl says of a handshake, and keeps nowhere else."""
_PROTOCOLS = {1: "HTTP/1.0", 2: "HTTP/1.1", 3: "HTTP/2", 30: "HTTP/3"}


class _Opened(socket.SocketType):
    """
    A socket that libcurl takes a duplicate of, closed without a word after.

    Left to be collected, Python would warn of it, and to say so would ask the
    kernel for both of its addresses: a fifth of the cost of a probe.
    """

    __slots__ = ()

    def __del__(self) -> None:
        self.close()


class Transfer:
    """
    An order under way.

    Args:
        easy: Not in use, and either set up for this *order* or without options.
        also: Header lines that this time has besides those of the *order*.
        timeout_ms: Limit from start to the last byte, > 0.
        permits: Whether a connection to this IP address may be opened.
        source: A local IP address to connect from; empty leaves that to the system.
        alone: Whether the connection is for this order only, as is the name that is looked up.
        loop: Where *finished* is awaited.
    """

    __slots__ = (
        "_bytes", "_chunks", "_denied", "_errno", "_keep", "_kept", "_limit", "_lines", "_opened",
        "_order", "_permits", "_tls", "_too_large", "easy", "failure", "finished", "message",
    )  # fmt: skip

    def __init__(
        self,
        easy: Any,
        order: Order,
        also: Sequence[str],
        *,
        timeout_ms: int,
        permits: Callable[[str], bool],
        source: str,
        alone: bool,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.easy = easy
        self.finished: asyncio.Future[None] = loop.create_future()
        self.failure = 0
        self.message = ""
        self._order = order
        self._permits = permits
        self._lines: list[bytes] = []
        self._chunks: list[bytes] = []
        self._bytes = self._kept = 0
        self._limit, self._keep = order.body_limit, order.body_keep
        self._denied = ""
        self._opened = False
        self._errno = 0
        self._too_large = False
        self._tls: tuple[str, str] | None = None
        if easy.order is not order:
            easy.setopt(pycurl.HTTPHEADER, [*order.headers, *also])
            self._load(order, alone=alone)
            if source:
                easy.setopt(pycurl.INTERFACE, f"host!{source}")
                easy.setopt(pycurl.IPRESOLVE, _FAMILIES["6" if ":" in source else "4"])
            if alone and not also and not source and not order.digest:
                easy.order = order
        easy.setopt(pycurl.TIMEOUT_MS, timeout_ms)
        easy.setopt(pycurl.OPENSOCKETFUNCTION, self._open_socket)
        easy.setopt(pycurl.HEADERFUNCTION, self._lines.append)
        easy.setopt(pycurl.WRITEFUNCTION, self._take)
        if order.shows_tls and order.url.startswith("https:"):
            easy.setopt(pycurl.VERBOSE, 1)
            easy.setopt(pycurl.DEBUGFUNCTION, self._listen)

    def _load(self, order: Order, *, alone: bool) -> None:
        put = self.easy.setopt
        put(pycurl.URL, order.url)
        put(pycurl.NOSIGNAL, 1)
        put(pycurl.PROXY, order.proxy)
        if alone:
            put(pycurl.FRESH_CONNECT, 1)
            put(pycurl.FORBID_REUSE, 1)
            put(pycurl.DNS_CACHE_TIMEOUT, 0)
        if order.cookies:
            put(pycurl.COOKIEFILE, "")
        if order.decompress:
            put(pycurl.ACCEPT_ENCODING, _ENCODINGS)
        self._load_method(order)
        scheme = order.url.partition(":")[0]
        put(
            pycurl.HTTP_VERSION,
            _VERSIONS.get((scheme, order.version), pycurl.CURL_HTTP_VERSION_1_1),
        )
        if order.ip != "any":
            put(pycurl.IPRESOLVE, _FAMILIES[order.ip])
        if order.connect_to:
            put(pycurl.CONNECT_TO, list(order.connect_to))
        if order.proxy:
            put(_SUPPRESS_CONNECT_HEADERS, 1)
            if order.proxy_headers and scheme == "https":
                put(pycurl.PROXYHEADER, list(order.proxy_headers))
            put(pycurl.PROXY_CAINFO, authorities_file())
        if order.digest:
            put(pycurl.HTTPAUTH, pycurl.HTTPAUTH_DIGEST)
            put(pycurl.USERNAME, order.digest[0])
            put(pycurl.PASSWORD, order.digest[1])
        if scheme == "https":
            self._load_tls(order.tls)

    def _load_method(self, order: Order) -> None:
        put = self.easy.setopt
        if order.method == "HEAD":
            put(pycurl.NOBODY, 1)
        elif order.body is not None:
            put(pycurl.POSTFIELDS, order.body)
            if order.method != "POST":
                put(pycurl.CUSTOMREQUEST, order.method)
        elif order.method != "GET":
            put(pycurl.CUSTOMREQUEST, order.method)

    def _load_tls(self, tls: TlsOrder | None) -> None:
        put = self.easy.setopt
        put(pycurl.OPT_CERTINFO, 1)
        put(pycurl.SSL_SESSIONID_CACHE, 0)
        if tls is None or tls.ca is None:
            put(pycurl.CAINFO, authorities_file())
        if tls is None:
            return
        if tls.ca is not None:
            put(pycurl.CAINFO_BLOB, tls.ca)
        if tls.certificate is not None:
            put(pycurl.SSLCERT_BLOB, tls.certificate)
            put(pycurl.SSLKEY_BLOB, tls.key)
        if not tls.verify:
            put(pycurl.SSL_VERIFYPEER, 0)
            put(pycurl.SSL_VERIFYHOST, 0)
        if tls.max_version is not None:
            oldest = _TLS_VERSIONS[tls.min_version or "1.2"]
            put(pycurl.SSLVERSION, oldest | _TLS_NEWEST[tls.max_version])
        elif tls.min_version is not None:
            put(pycurl.SSLVERSION, _TLS_VERSIONS[tls.min_version])
        if tls.takes_old:
            put(pycurl.SSL_CIPHER_LIST, OLD_TOO)

    # Called by libcurl, in its thread.

    def _open_socket(self, purpose: int, target: tuple[Any, ...]) -> Any:  # noqa: ARG002
        family, kind, protocol, address = target
        if not self._permits(address[0]):
            self._denied = address[0]
            return pycurl.SOCKET_BAD
        self._opened = True
        try:
            return _Opened(family, kind, protocol)
        except OSError as error:
            self._errno = error.errno or 0
            return pycurl.SOCKET_BAD

    def _take(self, chunk: bytes) -> int:
        size = len(chunk)
        self._bytes += size
        if self._kept < self._keep:
            self._chunks.append(chunk)
            self._kept += size
        if self._bytes > self._limit:
            self._too_large = True
            return -1
        return size

    def _listen(self, kind: int, said: bytes) -> None:
        if kind == pycurl.INFOTYPE_TEXT and (found := _AGREED.match(said)):
            self._tls = found[1].decode(), found[2].decode()

    # Called on the asyncio side, once it is finished.

    def answer(self) -> Answer:
        """What came of it; the handle may be used again after."""
        info = self.easy.getinfo
        status = info(pycurl.RESPONSE_CODE)
        address = info(pycurl.PRIMARY_IP)
        secure = self._order.url.startswith("https:")
        certificates = info(pycurl.INFO_CERTINFO) if secure else []
        body, self._chunks = b"".join(self._chunks)[: self._keep], []
        return Answer(
            failure=self.failure,
            message=self.message,
            errno=self._errno or (info(pycurl.OS_ERRNO) if self.failure else 0),
            verify=info(pycurl.SSL_VERIFYRESULT) if self.failure and secure else 0,
            proxy_error=info(pycurl.PROXY_ERROR) if self.failure and self._order.proxy else 0,
            denied="" if self._opened else self._denied,
            too_large=self._too_large,
            status=status,
            head=self._lines,
            body=body,
            body_bytes=self._bytes,
            protocol=_PROTOCOLS.get(info(pycurl.INFO_HTTP_VERSION)) if status else None,
            address=address or None,
            phases=_phases(info, self._order.url, answered=status > 0),
            total_s=info(pycurl.TOTAL_TIME),
            certificate_expires_at=_expiry(certificates),
            tls=self._tls,
            chain=_chain(certificates) if self._order.shows_tls else (),
        )


def _phases(info: Any, url: str, *, answered: bool) -> Phases:
    """Each phase by itself; libcurl counts all of them from the start."""
    resolved, connected, secured, first, total = (
        info(pycurl.NAMELOOKUP_TIME),
        info(pycurl.CONNECT_TIME),
        info(pycurl.APPCONNECT_TIME),
        info(pycurl.STARTTRANSFER_TIME),
        info(pycurl.TOTAL_TIME),
    )
    opened = connected > 0 and info(pycurl.NUM_CONNECTS) > 0
    secured = secured if url.startswith("https:") else 0.0
    ready = max(connected, secured)
    return Phases(
        resolve_s=resolved if resolved and not _LITERAL.match(url) else None,
        connect_s=max(0.0, connected - resolved) if opened else None,
        tls_s=max(0.0, secured - connected) if opened and secured else None,
        first_byte_s=max(0.0, first - ready) if answered else None,
        transfer_s=max(0.0, total - first) if answered else None,
    )


def _chain(certificates: list[tuple[tuple[str, str], ...]]) -> tuple[str, ...]:
    return tuple(value for each in certificates for name, value in each if name == "Cert")


def _expiry(chain: list[tuple[tuple[str, str], ...]]) -> datetime | None:
    """When the first certificate of the presented chain stops being valid."""
    ends = [
        _instant(value)
        for certificate in chain
        for name, value in certificate
        if name == "Expire date"
    ]
    return min(ends, default=None)


@functools.lru_cache(maxsize=4096)
def _instant(text: str) -> datetime:
    """OpenSSL's words for an instant; cached, because the same chain is seen again and again."""
    return datetime.strptime(text, "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)
