"""URLs: what may be asked, how non-ASCII is sent, where a redirect leads, what may be shown."""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urljoin, urlsplit

import idna

from probes.fields import Refused

_UNSENDABLE = re.compile(r"[\x00-\x20\x7f]")
_TELLING = re.compile(r"pass|secret|token|key|auth|sig|session|credential|code|csrf", re.IGNORECASE)
_PORTS = {"http": 80, "https": 443}
_SAFE = "!#$%&'()*+,/:;=?@[]~-._"


def check_url(url: str) -> SplitResult:
    """
    The parts of an absolute ``http`` or ``https`` URL.

    Raises:
        Refused: Not one, or it carries a user name or a password.
    """
    if _UNSENDABLE.search(url):
        raise Refused("a URL has no spaces and no line breaks", mend="write %20 for a space")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise Refused(f"this is not a URL: {error}") from None
    if parts.scheme not in _PORTS or not parts.hostname or port == 0:
        raise Refused("this is not an http or https URL", mend="write https://host/path")
    if "@" in parts.netloc:
        raise Refused("a URL carries no user name and no password", mend="use auth: {basic: …}")
    try:
        ascii_host(parts.hostname)
    except idna.IDNAError as error:
        raise Refused(
            f"the host name cannot be looked up: {error}", mend="check how the host is spelled"
        ) from None
    return parts


def ascii_host(host: str) -> str:
    """
    *host* as DNS and TLS know it.

    Raises:
        idna.IDNAError: It has none such form.
    """
    return host if host.isascii() else idna.encode(host, uts46=True).decode("ascii")


def to_send(parts: SplitResult, query: str = "") -> str:
    """The URL in ASCII, with *query* (already encoded) added, without its fragment."""
    host = ascii_host(parts.hostname or "")
    netloc = f"[{host}]" if ":" in host else host
    if parts.port is not None and parts.port != _PORTS[parts.scheme]:
        netloc += f":{parts.port}"
    both = "&".join(text for text in (quote(parts.query, safe=_SAFE), query) if text)
    path = quote(parts.path, safe=_SAFE) or "/"
    return f"{parts.scheme}://{netloc}{path}{'?' + both if both else ''}"


def origin(url: str) -> tuple[str, str, int]:
    """Scheme, host and port: what credentials must not leave."""
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS[parts.scheme]


def redirect_target(base: str, location: str) -> str:
    """
    Where ``Location: location`` leads from *base*.

    Raises:
        Refused: To something that is not an http or https URL.
    """
    try:
        whole = urljoin(base, location.strip())
    except ValueError as error:
        raise Refused(f"this is not a URL: {error}") from None
    return to_send(check_url(whole))


def to_show(url: str) -> str:
    """*url* with the values of telling query parameters hidden."""
    head, mark, query = url.partition("?")
    if not mark:
        return url
    shown = []
    for pair in query.split("&"):
        name, equals, _ = pair.partition("=")
        shown.append(f"{name}=***" if equals and telling(name) else pair)
    return f"{head}?{'&'.join(shown)}"


def telling(name: str) -> bool:
    """Whether a parameter or a header of this *name* is likely to hold a secret."""
    return _TELLING.search(name) is not None
