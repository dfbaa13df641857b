"""Text on its way out: one line, no control characters, never too long; and times in words."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from hashlib import sha256

from synthetics.clock import instant

LONGEST_LINK = 2048

_JOINER = "\u200d"
_MARKS = {"Mn", "Mc", "Me"}
_LONGEST_CLUSTER = 16

_BREAKS = {"Cc", "Zl", "Zp"}
_STEERING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f")


def flat(text: str) -> str:
    """
    *text* on one line that no terminal, pager or JSON parser stumbles over.

    Control characters and line breaks become spaces, runs of spaces one; lone surrogates
    become U+FFFD; marks that turn the direction of writing go, since they can make a
    line say the opposite.
    """
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip(" ")
    kept = []
    for character in text:
        category = unicodedata.category(character)
        if category in _BREAKS:
            kept.append(" ")
        elif category == "Cs":
            kept.append("\ufffd")
        elif character not in _STEERING:
            kept.append(character)
    return " ".join("".join(kept).split())


Size = Callable[[str], int]
"""How much a text counts at the far side; of two texts together, the sum."""


def utf16(text: str) -> int:
    """What JavaScript, Java and .NET call the length of *text*: an emoji counts two."""
    return len(text) + sum(character > "\uffff" for character in text)


def utf8(text: str) -> int:
    """The bytes of *text*, which holds no lone surrogate."""
    return len(text.encode())


def shorten(text: str, limit: int, size: Size = len) -> str:
    """
    *text*, flat, in at most *limit* by *size*; what was cut leaves an ellipsis.

    A cut never parts a character from what belongs to it: an accent, a joined emoji.
    No more than four times *limit* is looked at, so an endless text costs nothing.

    Args:
        text: Anything.
        limit: At least what an ellipsis counts.
        size: How the far side counts; no character may count less than 1.
    """
    found = flat(text[: 4 * limit])
    if size(found) <= limit and len(text) <= 4 * limit:
        return found
    return _cut(found, limit - size("…"), size).rstrip() + "…"


def _cut(text: str, limit: int, size: Size) -> str:
    kept = used = 0
    for character in text:
        used += size(character)
        if used > limit:
            break
        kept += 1
    for at in range(kept, max(kept - _LONGEST_CLUSTER, -1), -1):
        if at in {0, len(text)} or not _belongs(text[at - 1], text[at]):
            return text[:at]
    return text[:kept]


def _belongs(before: str, after: str) -> bool:
    return (
        _JOINER in {before, after}
        or unicodedata.category(after) in _MARKS
        or "\U0001f3fb" <= after <= "\U0001f3ff"  # the tone of a skin
    )


def short_key(key: str, limit: int) -> str:
    """*key* as it is, or what is left of it and a digest, so that two long keys stay two."""
    if len(key) <= limit and flat(key) == key:
        return key
    digest = sha256(key.encode(errors="surrogatepass")).hexdigest()[:32]
    return f"{flat(key)[: limit - 33]}-{digest}"


def is_link(href: str) -> bool:
    """
    Whether *href* can be sent as it is, and followed.

    One that must be cut or mended leads nowhere, and a scheme that is not of the web
    could do anything when somebody clicks.
    """
    return (
        href.startswith(("https://", "http://"))
        and len(href) <= LONGEST_LINK
        and " " not in href
        and flat(href) == href
    )


def iso(ms: int | None) -> str | None:
    """*ms* since the epoch as ``2026-10-05T14:03:00.000Z``."""
    if ms is None:
        return None
    return instant(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
