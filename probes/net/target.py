"""Where to connect to, and what to send there, as people write it."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from probes.fields import Refused, Template, parse_filled, parse_template, said

_HOST_PORT = re.compile(r"(?:\[(?P<six>[^\]\s]+)\]|(?P<host>[^:\s/@]+)):(?P<port>[0-9]{1,5})")
_UNKNOWN = "***"
"""What a reference to a secret is where nobody may look it up."""


@dataclass(frozen=True, slots=True)
class Target:
    """A *host*, a name or an address without brackets, and a *port* of it, 1 to 65535."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_target(value: object, info: ValidationInfo) -> Target:
    """
    Read ``db.example:5432`` or ``[2001:db8::1]:5432``.

    Raises:
        Refused: No host, no port, or more than both.
    """
    if isinstance(value, Target):
        return value
    text = written_out(value, info)
    if _UNKNOWN in text:
        return Target(_UNKNOWN, 1)
    found = _HOST_PORT.fullmatch(text)
    if found is None or not 1 <= int(found["port"]) <= 65535:
        raise Refused(
            f"{said(value)} is not a host and a port",
            mend="write one such as db.example:5432 or [2001:db8::1]:5432",
        )
    return Target(found["six"] or found["host"], int(found["port"]))


def written_out(value: object, info: ValidationInfo) -> str:
    """
    A text whose references to the environment and to files are filled in.

    Raises:
        Refused: Not text, a reference that leads nowhere, or one to a captured value.
    """
    return parse_filled(value, info).render()


HostPort = Annotated[
    Target,
    PlainValidator(parse_target),
    WithJsonSchema({"type": "string", "examples": ["db.example:5432"]}),
]
"""A `Target`, written ``host:port``."""


@dataclass(frozen=True, slots=True)
class Payload:
    """Bytes to send: *content* is a text with references, or bytes as they are."""

    content: Template | bytes

    def render(self, captures: Mapping[str, str]) -> bytes:
        """The bytes, secrets and captured values filled in."""
        if isinstance(self.content, bytes):
            return self.content
        return self.content.render(captures).encode()

    @property
    def is_text(self) -> bool:
        """Whether it was written as text."""
        return not isinstance(self.content, bytes)

    @property
    def captures(self) -> frozenset[str]:
        """Names of the captured values it needs."""
        return frozenset() if isinstance(self.content, bytes) else self.content.captures

    def __str__(self) -> str:
        """As it may be shown."""
        if isinstance(self.content, bytes):
            return f"{len(self.content)} bytes"
        return str(self.content)


def parse_payload(value: object, info: ValidationInfo) -> Payload:
    """
    Read a text, ``{hex: "00 ff"}`` or ``{base64: "AP8="}``.

    Raises:
        Refused: Something else, or digits that are none.
    """
    if isinstance(value, Payload):
        return value
    match value:
        case {"hex": str(digits), **rest} if not rest:
            try:
                return Payload(bytes.fromhex(digits))
            except ValueError:
                mend = "write pairs of 0-9 and a-f"
                raise Refused(
                    f"{said(digits)} is not hexadecimal", mend=mend, at=("hex",)
                ) from None
        case {"base64": str(digits), **rest} if not rest:
            try:
                return Payload(base64.b64decode(digits, validate=True))
            except binascii.Error:
                raise Refused(f"{said(digits)} is not Base64", at=("base64",)) from None
        case str():
            return Payload(parse_template(value, info))
    raise Refused(f"{said(value)} cannot be sent", mend="write a text, {hex: …} or {base64: …}")


def _either(name: str, about: str) -> dict[str, Any]:
    return {
        "title": name,
        "type": "object",
        "properties": {name: {"type": "string", "description": about}},
        "required": [name],
        "additionalProperties": False,
    }


Sendable = Annotated[
    Payload,
    PlainValidator(parse_payload),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                _either("hex", "Bytes as pairs of hexadecimal digits, spaces between them or not."),
                _either("base64", "Bytes in Base64."),
            ]
        }
    ),
]
"""A `Payload`, written as text, or as ``hex`` or ``base64``."""
