"""What people write for a call: the method, its message, where its types are, what is expected."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, PlainValidator, ValidationInfo
from pydantic import WithJsonSchema as Schema

from probes.expect import CertificateExpectation
from probes.expect_json import JsonExpectations
from probes.fields import Duration, Refused, said
from probes.grpc_parts.call import CODES
from probes.grpc_parts.files import ProtoFile, read_set
from probes.net.trip import Trouble

LARGEST_DESCRIPTOR = 16 << 20
"""Bytes of a file of descriptors."""

HOW_TO_WRITE = "let `protoc --include_imports --descriptor_set_out=FILE` or `buf build` write it"
"""How to mend a file of descriptors."""

_METHOD_PATTERN = r"^/?([A-Za-z_]\w*\.)*[A-Za-z_]\w*/[A-Za-z_]\w*$"


@dataclass(frozen=True, slots=True)
class MethodName:
    """A *method* of a *service*, which is named with its package."""

    service: str
    method: str

    def __str__(self) -> str:
        return f"{self.service}/{self.method}"


def _method(value: object) -> MethodName:
    if isinstance(value, MethodName):
        return value
    if not isinstance(value, str) or not re.fullmatch(_METHOD_PATTERN, value, re.ASCII):
        raise Refused(f"{said(value)} is no method", mend="write one such as shop.v1.Orders/Get")
    service, _, method = value.removeprefix("/").partition("/")
    return MethodName(service, method)


MethodWritten = Annotated[
    MethodName,
    PlainValidator(_method),
    Schema({"type": "string", "pattern": _METHOD_PATTERN, "examples": ["shop.v1.Orders/Get"]}),
]


def _statuses(value: object) -> tuple[str, ...]:
    many = tuple(value) if isinstance(value, list | tuple) else (value,)
    for one in many:
        if one not in CODES:
            raise Refused(
                f"{said(one)} is no status of gRPC", mend="write one such as OK or [OK, NOT_FOUND]"
            )
    if not many:
        raise Refused("no status would be right", mend="write OK or [OK, NOT_FOUND]")
    return many


_NAME = {"type": "string", "pattern": "^[A-Z_]+$"}
Statuses = Annotated[
    tuple[str, ...],
    PlainValidator(_statuses),
    Schema({"anyOf": [{"enum": list(CODES)}, {"type": "array", "items": _NAME, "minItems": 1}]}),
]
"""Names of the status codes that are right."""


@dataclass(frozen=True)
class Descriptors:
    """
    A file of descriptors, as compilers write it.

    Attributes:
        path: As it is written.
        files: What is in it; empty where files were not read.
    """

    path: str
    files: tuple[ProtoFile, ...] = ()


def _descriptors(value: object, info: ValidationInfo) -> Descriptors:
    if isinstance(value, Descriptors):
        return value
    if not isinstance(value, str) or not value:
        raise Refused(f"{said(value)} is not a file", mend="write descriptor: orders.binpb")
    read: Any = (info.context or {}).get("read")
    if read is None:
        return Descriptors(value)
    try:
        files = read_set(read(value, LARGEST_DESCRIPTOR))
    except Trouble:
        raise Refused(f"`{value}` is no file of descriptors", mend=HOW_TO_WRITE) from None
    if not files:
        raise Refused(f"`{value}` is a file of descriptors with nothing in it", mend=HOW_TO_WRITE)
    return Descriptors(value, tuple(files))


DescriptorFile = Annotated[Descriptors, PlainValidator(_descriptors), Schema({"type": "string"})]
"""`Descriptors`, written as their path."""


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold; all that is given.

    Attributes:
        health: What the server must say of the service; `SERVING` unless it is written.
        status: The status that a call must end with, or several; `OK` unless it is written.
        json: What JSON paths must find in the answer of a call: a value, or operators.
        within: Longest time from start to the last byte.
        certificate: What the target's certificate must be.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    health: Literal["SERVING", "NOT_SERVING"] | None = None
    status: Statuses | None = None
    json: JsonExpectations = ()
    within: Duration | None = None
    certificate: CertificateExpectation | None = None
