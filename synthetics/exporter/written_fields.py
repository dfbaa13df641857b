"""Values of the module file of blackbox_exporter, and what is common to its groups of keys."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import re2
from pydantic import BaseModel, ConfigDict, PlainValidator, model_validator

from probes.expressions import QUIET
from probes.fields import Refused, said

_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|ms|[smhdwy]))+")
_PART = re.compile(r"([0-9.]+)(ns|us|µs|ms|[smhdwy])")
_UNITS_S = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0,
    "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0, "y": 31_536_000.0,
}  # fmt: skip
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(i?)B?", re.IGNORECASE)


def _seconds(value: object) -> float:
    """``5s``, ``1m30s``, ``1.5s``; only 0 needs no unit."""
    text = str(value).strip()
    if text == "0":
        return 0.0
    if not _DURATION.fullmatch(text):
        raise Refused(f"{said(value)} is no duration", mend="write one such as 5s")
    return sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(text))


def _bytes(value: object) -> int:
    """``10MB``: as in the exporter, a unit is a power of 1024, with an ``i`` or without."""
    found = _SIZE.fullmatch(str(value).strip())
    if found is None:
        raise Refused(f"{said(value)} is no size", mend="write one such as 10MB")
    return int(float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " "))


def _regex(value: object) -> Any:
    if not isinstance(value, str):
        raise Refused(f"{said(value)} is no text", mend="put it in quotes")
    try:
        return re2.compile(value.encode(), QUIET)
    except re2.error as error:
        why = error.args[0] if error.args else ""
        why = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
        raise Refused(f"{said(value)} is no regular expression: {why}") from None


def _octets(value: object) -> bytes:
    """Text, or ``!!binary``."""
    return value if isinstance(value, bytes) else str(value).encode()


Seconds = Annotated[float, PlainValidator(_seconds)]
Bytes = Annotated[int, PlainValidator(_bytes)]
Regex = Annotated[Any, PlainValidator(_regex)]
"""Compiled by RE2, over bytes."""
Octets = Annotated[bytes, PlainValidator(_octets)]
Regexes = tuple[Regex, ...]
Protocol = Literal["", "ip4", "ip6"]
TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]


class Written(BaseModel):
    """A group of keys; any other key is a mistake."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        coerce_numbers_to_str=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )

    @model_validator(mode="before")
    @classmethod
    def _without_nothing(cls, written: Any) -> Any:
        """A key without a value is one that was not written."""
        if not isinstance(written, dict):
            return written
        return {
            key: value
            for key, value in written.items()
            if value is not None or key not in cls.model_fields
        }


def at_most_one(group: BaseModel, *names: str) -> None:
    """
    Hold that no two of the keys *names* have a value.

    Raises:
        Refused: Two have.
    """
    set_ones = [name for name in names if getattr(group, name)]
    if len(set_ones) > 1:
        raise Refused(f"`{set_ones[0]}` and `{set_ones[1]}` exclude each other", mend="keep one")
