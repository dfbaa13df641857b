"""Probe kind ``grpc``: is a server healthy, or does a method of it answer as is expected?"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo

from probes.fields import FilledText, Refused, refuse_captures, said
from probes.grpc_parts.call import Way, in_url
from probes.grpc_parts.health import HEALTH, ask_health, judge_health
from probes.grpc_parts.unary import Unary, shown
from probes.grpc_parts.written import HOW_TO_WRITE, DescriptorFile, Expect, MethodWritten
from probes.judge_json import filled
from probes.net.certificates import judge_validity, refuse_without_tls
from probes.net.target import HostPort
from probes.net.transcript import Transcript
from probes.net.trip import Trip, Trouble, Unmet
from probes.request import captures_used
from probes.result import Facts, Result
from probes.settings import Encryption, Family, JsonTemplate, Tls
from probes.watch import Watch

if TYPE_CHECKING:
    from probes.grpc_parts.types import Method

SUMMARY = "The health service of a gRPC server, or a call of a method."
SOURCE = True
"""Whether it can be asked from an address of choice."""

_NAME = re.compile(r"[^\s/?#@:%\[\]]{1,253}")
_RESERVED = frozenset({"content-type", "te", "user-agent", "host", "content-length"})


@dataclass(frozen=True, kw_only=True)
class Asked:
    """
    Attributes:
        connect: Where to, ``host:port``.
        ip: Which addresses to use.
        tls: Encrypt; ``true``, or how.
        service: The service whose health is asked for; empty is the server as a whole.
        call: A unary method to call instead, ``package.Service/Method``.
        message: What it is sent, in the JSON mapping of Protocol Buffers; empty if nothing.
        descriptor: A file with its types, as compilers write it; without it the server is asked
            for them by reflection.
        metadata: Sent along, by name.
        expect: What must hold.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    connect: HostPort
    ip: Family = "any"
    tls: Encryption | None = None
    service: Annotated[str, Field(pattern=r"^[A-Za-z0-9_./-]{0,255}$")] = ""
    call: MethodWritten | None = None
    message: JsonTemplate = None
    descriptor: DescriptorFile | None = None
    metadata: Mapping[Annotated[str, Field(pattern=r"^[a-z0-9_.-]+$")], FilledText] = field(
        default_factory=dict
    )
    expect: Expect = field(default_factory=Expect)

    def __post_init__(self) -> None:
        for name, value in self.metadata.items():
            if name in _RESERVED or name.startswith("grpc-"):
                raise Refused(f"{name} is set by the call itself", at=("metadata", name))
            if not value.render().isascii() or not value.render().isprintable():
                raise Refused("this is not printable ASCII", at=("metadata", name))
        verified = self.tls.server_name if isinstance(self.tls, Tls) else None
        if verified is not None and not _NAME.fullmatch(verified):
            raise Refused(
                f"{said(verified)} is not a name",
                mend="write one such as orders.example",
                at=("tls", "server_name"),
            )
        refuse_without_tls(self.expect.certificate, self.tls is not None)
        self._check_purpose()
        for at, name in captures_used(self.message):
            refuse_captures((name,), at=("message", *at))
        for _, name in captures_used(self.expect.json):
            refuse_captures((name,), at=("expect", "json"))

    def _check_purpose(self) -> None:
        """Refuse what belongs to a call where there is none, and the other way round."""
        expect = self.expect
        if self.call is None:
            for at, written in (
                (("message",), self.message is not None),
                (("descriptor",), self.descriptor is not None),
                (("expect", "status"), expect.status is not None),
                (("expect", "json"), bool(expect.json)),
            ):
                if written:
                    what = "without `call` the health service is asked, which has none"
                    raise Refused(what, mend="write call: package.Service/Method", at=at)
        elif self.service:
            raise Refused(
                "a call goes to the service that it names", mend="delete it", at=("service",)
            )
        elif expect.health is not None:
            raise Refused(
                "a call says nothing of health", mend="delete it", at=("expect", "health")
            )
        elif expect.json and expect.status is not None and "OK" not in expect.status:
            raise Refused(
                "there is no answer to look at without status OK",
                mend="delete it, or add OK to expect.status",
                at=("expect", "json"),
            )

    @property
    def document(self) -> Any:
        """What is sent, its texts being `Template`."""
        return {} if self.message is None else self.message

    @cached_property
    def method(self) -> Method | None:
        """
        What is called, if `descriptor` says how.

        Raises:
            Refused: It does not.
        """
        if self.call is None or self.descriptor is None:
            return None
        from probes.grpc_parts.types import Method

        try:
            return Method(self.descriptor.files, self.call.service, self.call.method)
        except Trouble as trouble:
            raise Refused(trouble.detail, mend=HOW_TO_WRITE, at=("descriptor",)) from None


def check_call(options: Asked, info: ValidationInfo) -> Asked:
    """
    Refuse a call that cannot be made, where it is about to be.

    Raises:
        Refused: The library is missing, or method or message are not as `descriptor` has them.
    """
    if options.call is None or "read" not in (info.context or {}):
        return options
    if not _installed():
        raise Refused(
            "the library protobuf is not installed",
            mend="pip install 'synthetics[grpc]'",
            at=("call",),
        )
    if options.method is not None:
        options.method.encode(filled(options.document, {}))
    return options


def _installed() -> bool:
    try:
        return find_spec("google.protobuf") is not None
    except ModuleNotFoundError:
        return False


Options = Annotated[Asked, AfterValidator(check_call)]


def host(options: Asked) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Asked, watch: Watch) -> Result:
    """Ask once, over a connection of its own."""
    trip = Trip(watch)
    about = str(options.call) if options.call else f"{HEALTH} of {options.service or 'all'}"
    told = Transcript(f"{about} at {options.connect}", watch)
    seen: dict[str, Any] = {}
    try:
        await _hold(options, trip, told, seen)
    except Trouble as trouble:
        return trip.ended_by(trouble, evidence=told.evidence(trouble), **seen)
    return trip.good(**seen)


async def _hold(options: Asked, trip: Trip, told: Transcript, seen: dict[str, Any]) -> None:
    """
    Ask, and hold the answer against what is expected; *seen* gets what was seen, for `Result`.

    Raises:
        Trouble: What went wrong first.
    """
    way, expect = _way(options), options.expect
    unary = None
    if options.call is not None:
        unary = Unary(options.call, options.method, options.document, expect, trip)
        told.said(shown(options.document))
    try:
        reply = await (unary.ask(way) if unary else ask_health(trip, way, options.service))
        answer = reply.answer
        seen["facts"] = Facts(
            address=trip.address,
            protocol=answer.protocol,
            certificate_expires_at=answer.certificate_expires_at,
        )
        seen["duration_s"] = answer.total_s
        told.heard(f"{reply.said}\n")
        if unary is not None:
            await unary.judge(reply, told)
        else:
            judge_health(reply, options.service, expect.health or "SERVING")
        if expect.certificate is not None:
            expires_at = answer.certificate_expires_at
            judge_validity(expect.certificate.valid_for, expires_at, trip.watch)
        if expect.within is not None and answer.total_s > expect.within.total_seconds():
            limit_ms = expect.within / timedelta(milliseconds=1)
            raise Unmet("slow", f"within {limit_ms:g} ms", f"{answer.total_s * 1000:.0f} ms")
    except Trouble as trouble:
        if unary is not None:
            unary.ended_by(trouble)
        raise


def _way(options: Asked) -> Way:
    tls = Tls() if options.tls is True else options.tls
    host, port = options.connect.host, options.connect.port
    own = in_url(host, port)
    authority = in_url(tls.server_name, port) if tls is not None and tls.server_name else own
    return Way(
        authority=authority,
        ip=options.ip,
        tls=tls.at_home if tls is not None else None,
        metadata=tuple((name, value.render()) for name, value in options.metadata.items()),
        connect_to=() if authority == own else (f"{authority}:{own}",),
    )
