"""The types of single values that only a probe has: when it is asked, from where, how it fails."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated

from pydantic import BeforeValidator, PlainValidator, ValidationInfo, WithJsonSchema

from probes.fields import Refused, said
from synthetics.config.scalars import IDENTIFIER_PATTERN, Known, parse_zone
from synthetics.config.times import days, parse_days, parse_times
from synthetics.oncall.hours import Hours, Piece

REASON_PATTERN = r"^[a-z0-9]+(-[a-z0-9]+)*$"
ONLY_PATTERN = rf"({IDENTIFIER_PATTERN})|(^\S+ \S+ \S+$)"
"""Hours by name, or days, times and a zone."""

_named = Known("set of hours", "hours")


def parse_only(value: object, info: ValidationInfo) -> str | Hours:
    """
    Read the name of hours, or hours written out: ``mon-fri,sun 08:00-12:00,13:00-18:00 UTC``.

    Raises:
        Refused: Neither.
    """
    if not isinstance(value, str) or " " not in value.strip():
        return _named(value, info)
    parts = value.split()
    if len(parts) != 3:
        raise Refused(
            f"{said(value)} is not days, times and a time zone",
            mend="write it as mon-fri 08:00-20:00 Asia/Tokyo, or name one of `hours`",
        )
    pieces: tuple[Piece, ...] = tuple(parse_times(text) for text in parts[1].split(","))
    weekly = {day: pieces for text in parts[0].split(",") for day in days(parse_days(text))}
    return Hours(zone=parse_zone(parts[2]), weekly=weekly)


def parse_address(value: object) -> str:
    """
    Check an IP address.

    Raises:
        Refused: It is none.
    """
    try:
        if isinstance(value, str):
            return str(ipaddress.ip_address(value))
    except ValueError:
        pass
    raise Refused(f"{said(value)} is not an IP address", mend="write it as 192.0.2.7")


def parse_reason(value: object) -> str:
    """
    Check what may be the slug of a reason.

    Raises:
        Refused: It cannot be one.
    """
    if not isinstance(value, str) or not re.fullmatch(REASON_PATTERN, value):
        raise Refused(f"{said(value)} is not a reason", mend="write one such as connect or timeout")
    return value


TemplateName = Annotated[
    str,
    BeforeValidator(Known("template")),
    WithJsonSchema({"type": "string", "pattern": IDENTIFIER_PATTERN, "examples": ["web-page"]}),
]
Only = Annotated[
    str | Hours,
    PlainValidator(parse_only),
    WithJsonSchema(
        {"type": "string", "pattern": ONLY_PATTERN, "examples": ["mon-fri 08:00-20:00 Asia/Tokyo"]}
    ),
]
Address = Annotated[
    str,
    BeforeValidator(parse_address),
    WithJsonSchema({"type": "string", "examples": ["192.0.2.7"]}),
]
Reason = Annotated[
    str,
    BeforeValidator(parse_reason),
    WithJsonSchema({"type": "string", "pattern": REASON_PATTERN, "examples": ["connect"]}),
]
