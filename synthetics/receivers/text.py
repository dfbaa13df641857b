"""Text on its way out: one line, no control characters, never too long; and times in words."""

from __future__ import annotations

import unicodedata

from synthetics.clock import instant

LONGEST_LINK = 2048

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


def shorten(text: str, limit: int) -> str:
    """
    *text*, flat, in at most *limit* characters (>= 1); what was cut leaves an ellipsis.

    No more than four times *limit* is looked at, so an endless text costs nothing.
    """
    found = flat(text[: 4 * limit])
    if len(found) <= limit and len(text) <= 4 * limit:
        return found
    return found[: limit - 1].rstrip() + "…"


def is_link(href: str) -> bool:
    """Whether *href* can be sent as it is; one that must be cut or mended leads nowhere."""
    return len(href) <= LONGEST_LINK and " " not in href and flat(href) == href


def iso(ms: int | None) -> str | None:
    """*ms* since the epoch as ``2026-10-05T14:03:00.000Z``."""
    if ms is None:
        return None
    return instant(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
