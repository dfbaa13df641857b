"""The types of single values that only the configuration has: percentages, instants, zones."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from datetime import datetime
from fractions import Fraction
from functools import cache
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, ValidationInfo, WithJsonSchema

from probes.fields import Refused, read_template, said
from synthetics.config.model import Network
from synthetics.config.words import did_you_mean

PERCENT_PATTERN = r"^[0-9]{1,12}(\.[0-9]{1,12})?%$"
SHARE_PATTERN = r"^(?!0+(\.0+)?%)(100(\.0+)?|[0-9]{1,2}(\.[0-9]{1,12})?)%$"
"""What `parse_percent` takes in the end, for editors."""

URL_PATTERN = r"^(https?://\S+|.*\$\{.*)?$"
IDENTIFIER_PATTERN = r"^[a-z0-9][a-z0-9._-]*$"
INSTANT_PATTERN = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$"
)
LONGEST_IDENTIFIER = 128


def parse_percent(value: object) -> Fraction:
    """
    Read ``99.95%`` exactly, as a share of one.

    Raises:
        Refused: No ``%``, not a number before it, 0, or above 100.
    """
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise Refused(f"{value} has no unit", mend=f"write {value}%")
    if not isinstance(value, str) or not re.fullmatch(PERCENT_PATTERN, value):
        raise Refused(f"{said(value)} is not a percentage", mend="write it as 99.9%")
    share = Fraction(value.removesuffix("%")) / 100
    if not 0 < share <= 1:
        raise Refused(f"`{value}` is not above 0% and up to 100%", mend="write it as 99.9%")
    return share


def parse_objective(value: object) -> Fraction:
    """
    Read an objective; 100 % is allowed and means that one bad sample spends all there is.

    Raises:
        Refused: As `parse_percent`, with what such an objective would mean.
    """
    try:
        return parse_percent(value)
    except Refused as refused:
        if not isinstance(value, str) or not re.fullmatch(PERCENT_PATTERN, value):
            raise
        share = Fraction(value.removesuffix("%"))
        meaning = (
            "an objective of 0% promises nothing, so it has no budget to burn"
            if share == 0
            else f"an objective of {value} is more than always"
        )
        raise Refused(meaning, mend="write more than 0% and at most 100%, such as 99.9%") from (
            refused
        )


def parse_factor(value: object) -> Fraction:
    """
    Read a burn rate such as ``14.4``, exactly as written.

    Raises:
        Refused: Not a number, or not above 0.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Refused(f"{said(value)} is not a number", mend="write a burn rate, such as 14.4")
    if value <= 0:
        raise Refused("a factor must be above 0", mend="write a burn rate, such as 14.4")
    return Fraction(str(value))


def parse_instant(value: object) -> datetime:
    """
    Read ``2026-11-01T02:00+09:00``.

    Raises:
        Refused: Not an instant, or one without offset, which every reader would take differently.
    """
    if isinstance(value, str) and re.fullmatch(INSTANT_PATTERN, value):
        try:
            return datetime.fromisoformat(value)
        except ValueError as error:
            raise Refused(
                f"`{value}` is no instant: {error}", mend="write it as 2026-11-01T02:00+09:00"
            ) from None
    if isinstance(value, str) and re.fullmatch(INSTANT_PATTERN, value + "Z"):
        raise Refused(
            f"`{value}` has no offset, so it is a different instant in every time zone",
            mend=f"write {value}Z for UTC, or an offset such as {value}+09:00",
        )
    raise Refused(f"{said(value)} is not an instant", mend="write it as 2026-11-01T02:00+09:00")


def parse_zone(value: object) -> ZoneInfo:
    """
    Read the name of a time zone.

    Raises:
        Refused: Not known to the system or to the package `tzdata`.
    """
    if not isinstance(value, str):
        raise Refused(f"{said(value)} is not a time zone", mend="write it as Asia/Tokyo")
    zones = _zones()
    if value not in zones:
        near = did_you_mean(value, zones)
        raise Refused(
            f"`{value}` is not a time zone",
            mend=near if near.startswith("did") else "write an IANA name, such as Asia/Tokyo",
        )
    return ZoneInfo(value)


@cache
def _zones() -> Sequence[str]:
    return sorted(available_timezones())


def parse_network(value: object) -> Network:
    """
    Read ``10.0.0.0/8`` or one address.

    Raises:
        Refused: Neither, or bits set behind the prefix.
    """
    if not isinstance(value, str):
        raise Refused(f"{said(value)} is not a network", mend="write it as 10.0.0.0/8")
    try:
        return ipaddress.ip_network(value)
    except ValueError:
        try:
            loose = ipaddress.ip_network(value, strict=False)
        except ValueError:
            raise Refused(
                f"{said(value)} is not a network", mend="write it as 10.0.0.0/8 or fd00::/8"
            ) from None
        raise Refused(
            f"`{value}` is an address within a network, not a network", mend=f"write {loose}"
        ) from None


def parse_shown(value: object, info: ValidationInfo) -> str:
    """
    Read a text that is shown to people: references are filled in, and are no secrets.

    Raises:
        Refused: Not text, a reference that cannot be had, or a capture.
    """
    template = read_template(value, (info.context or {}).get("show"))
    if template.captures:
        raise Refused(
            f"nothing is captured here to fill ${{{min(template.captures)}}}",
            mend="write $${ for a plain ${",
        )
    return template.render()


def _url(value: str) -> str:
    try:
        parts = urlsplit(value)
        fine = parts.scheme in {"http", "https"} and bool(parts.hostname) and " " not in value
    except ValueError:
        fine = False
    if value and not fine:
        raise Refused(
            f"{said(value)} is not a URL", mend="write it in full, such as https://wiki.example/"
        )
    return value


def _some(value: str) -> str:
    if not value.strip():
        raise Refused("an empty text says nothing", mend="write a few words")
    return value


class Known:
    """
    The identifier of something that is defined elsewhere in the configuration.

    Args:
        what: What it is called; the context key ``names`` lists those that there are.
        section: Where it is defined.
    """

    def __init__(self, what: str, section: str = "") -> None:
        self.what = what
        self.section = section or f"{what}s"

    def __call__(self, value: object, info: ValidationInfo) -> str:
        """Check *value*; raises `Refused` with the nearest one that is there."""
        if not isinstance(value, str):
            raise Refused(f"{said(value)} is not text", mend="put it in quotes")
        known: Sequence[str] = (info.context or {})["names"][self.what]
        if value not in known:
            raise Refused(
                f"there is no {self.what.removeprefix('routed ')} `{value}`",
                mend=did_you_mean(value, known, none=f"add it below `{self.section}`"),
            )
        return value


def check_identifier(value: object) -> str:
    """
    An identifier: it becomes a label of metrics, a column, part of a URL.

    Raises:
        Refused: Something else, with one that would do.
    """
    if not isinstance(value, str):
        raise Refused(f"{said(value)} is not text", mend="put it in quotes")
    if not re.fullmatch(IDENTIFIER_PATTERN, value) or len(value) > LONGEST_IDENTIFIER:
        better = re.sub(r"[^a-z0-9._-]+", "-", value.lower()).strip("-._")[:LONGEST_IDENTIFIER]
        raise Refused(
            f"{said(value)} is not an identifier (lower-case letters, digits, `.`, `_`, `-`)",
            mend=(f"write {better}; " if better else "") + "`name:` takes any text",
        )
    return value


def _identifier_schema(*examples: str) -> WithJsonSchema:
    return WithJsonSchema(
        {
            "type": "string",
            "pattern": IDENTIFIER_PATTERN,
            "maxLength": LONGEST_IDENTIFIER,
            "examples": list(examples),
        }
    )


Identifier = Annotated[str, BeforeValidator(check_identifier), _identifier_schema("shop-home")]
ServiceName = Annotated[str, BeforeValidator(Known("service")), _identifier_schema("shop")]
ProbeName = Annotated[str, BeforeValidator(Known("probe")), _identifier_schema("checkout")]
ReceiverName = Annotated[str, BeforeValidator(Known("receiver")), _identifier_schema("oncall")]
SloName = Annotated[str, BeforeValidator(Known("SLO", "slos")), _identifier_schema("home-fast")]
PersonName = Annotated[str, BeforeValidator(Known("person", "people")), _identifier_schema("aiko")]
HoursName = Annotated[
    str, BeforeValidator(Known("set of hours", "hours")), _identifier_schema("office")
]
EscalationName = Annotated[
    str, BeforeValidator(Known("escalation")), _identifier_schema("checkout")
]
TargetName = Annotated[
    str,
    BeforeValidator(Known("receiver, person or rotation", "receivers")),
    _identifier_schema("oncall"),
]
RoutedService = Annotated[
    str, BeforeValidator(Known("routed service", "services")), _identifier_schema("shop")
]
Percent = Annotated[
    Fraction,
    BeforeValidator(parse_percent),
    WithJsonSchema({"type": "string", "pattern": SHARE_PATTERN, "examples": ["2%"]}),
]
Objective = Annotated[
    Fraction,
    BeforeValidator(parse_objective),
    WithJsonSchema({"type": "string", "pattern": SHARE_PATTERN, "examples": ["99.9%", "99.95%"]}),
]
Factor = Annotated[
    Fraction,
    BeforeValidator(parse_factor),
    WithJsonSchema({"type": "number", "exclusiveMinimum": 0, "examples": [14.4]}),
]
Instant = Annotated[
    datetime,
    BeforeValidator(parse_instant),
    WithJsonSchema(
        {"type": "string", "pattern": INSTANT_PATTERN, "examples": ["2026-11-01T02:00+09:00"]}
    ),
]
Zone = Annotated[
    ZoneInfo,
    BeforeValidator(parse_zone),
    WithJsonSchema({"type": "string", "examples": ["Asia/Tokyo", "UTC"]}),
]
NetworkText = Annotated[
    ipaddress.IPv4Network | ipaddress.IPv6Network,
    BeforeValidator(parse_network),
    WithJsonSchema({"type": "string", "examples": ["10.0.0.0/8", "fd00::/8"]}),
]
Shown = Annotated[str, BeforeValidator(parse_shown), WithJsonSchema({"type": "string"})]
Words = Annotated[
    str,
    BeforeValidator(parse_shown),
    AfterValidator(_some),
    WithJsonSchema({"type": "string", "minLength": 1}),
]
Url = Annotated[
    str,
    BeforeValidator(parse_shown),
    AfterValidator(_url),
    WithJsonSchema(
        {
            "type": "string",
            "pattern": URL_PATTERN,
            "examples": ["https://wiki.example/oncall/shop"],
        }
    ),
]
