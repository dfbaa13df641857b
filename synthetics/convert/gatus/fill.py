"""What may stand in any text of Gatus: variables of the environment, and times of Go."""

from __future__ import annotations

import re

from synthetics.convert.draft import Draft
from synthetics.convert.tree import Item

_ENV = re.compile(r"\$(?:(\$)|\{(\w+)\}|([A-Za-z_]\w*))")
_TIME = re.compile(r"([0-9.]+)(ns|us|µs|ms|s|m|h)")
_UNIT_S = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_SAMPLES = (
    ("UUID", "00000000-0000-4000-8000-000000000000"),
    ("PORT", "443"),
    ("URL", "https://value.example/"),
    ("WEBHOOK", "https://value.example/"),
    ("ENDPOINT", "https://value.example/"),
    ("PROXY", "http://value.example:3128"),
    ("MAIL", "somebody@value.example"),
    ("HOST", "value.example"),
    ("DOMAIN", "value.example"),
    ("SERVER", "value.example"),
    ("ADDR", "value.example"),
    ("INTERVAL", "1m"),
    ("TIMEOUT", "10s"),
)
"""What a variable may hold, by what is in its name."""


def filled(text: str, draft: Draft, line: int, *, sample: str = "") -> str:
    """
    *text* with references to the environment as ours, and ``$$`` as one sign.

    Args:
        text: As it is in the file.
        draft: Written to.
        line: Where it stands.
        sample: What the variable may hold; guessed from its name unless it is given.
    """

    def one(found: re.Match[str]) -> str:
        if found[1]:
            return "$"
        name = found[2] or found[3]
        draft.env.setdefault(name, (sample or _sample(name), line))
        return f"${{env:{name}}}"

    return _ENV.sub(one, text)


def sampled(text: str, draft: Draft) -> str:
    """*text* with a sample in the place of every reference to the environment."""
    return re.sub(r"\$\{env:(\w+)\}", lambda found: draft.env[found[1]][0], text)


def _sample(name: str) -> str:
    return next((held for part, held in _SAMPLES if part in name.upper()), "value-of-it")


def milliseconds(text: str) -> float | None:
    """``1m30s``, or ``None`` if that is no time."""
    parts = _TIME.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _UNIT_S[unit] for number, unit in parts) * 1000


def seconds(item: Item, default: float) -> float:
    """A time of Go's, such as ``1m30s``; *default* if there is none."""
    found = milliseconds(item.text().strip())
    return found / 1000 if found else default
