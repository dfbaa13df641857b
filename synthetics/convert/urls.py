"""URLs as people wrote them, also those that are none."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True, slots=True)
class Url:
    """
    The parts of a URL, what is written with percent signs being read; empty if they are not there.

    Attributes:
        scheme: In small letters.
        user, password: Who logs in.
        host: Without brackets.
        port: 0 if none is written.
        path: With its first slash.
        query: As it is written.
    """

    scheme: str = ""
    user: str = ""
    password: str = ""
    host: str = ""
    port: int = 0
    path: str = ""
    query: str = ""

    @property
    def place(self) -> str:
        """Host and port, as a URL has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}" if self.port else host


def parse(text: str) -> Url:
    """*text* as a URL; one without anything if it is none."""
    try:
        parts = urlsplit(text)
        port = parts.port or 0
    except ValueError:
        return Url()
    return Url(
        scheme=parts.scheme.lower(),
        user=unquote(parts.username or ""),
        password=unquote(parts.password or ""),
        host=parts.hostname or "",
        port=port,
        path=parts.path,
        query=parts.query,
    )
