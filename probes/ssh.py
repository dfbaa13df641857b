"""Probe kind ``ssh``: does an SSH server answer, and is it the one that we know?"""

from __future__ import annotations

import base64
import re
from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict

from probes.expressions import Pattern
from probes.fields import Refused, said
from probes.net.conversation import Conversation
from probes.net.stream import Stream
from probes.net.target import HostPort
from probes.net.transcript import Transcript
from probes.net.trip import Trouble, Unmet
from probes.result import Result
from probes.settings import Family
from probes.ssh_parts.exchange import KEY_TYPES, HostKey, host_key
from probes.ssh_parts.wire import DISCONNECT, send, string
from probes.watch import Watch

SUMMARY = "An SSH server: its banner, and the proof that it holds its host key."
LIMIT = 1 << 18
"""Most bytes that the target may say in one run."""

MOST_LINES = 50
"""Lines that a server may say before its banner (RFC 4253, section 4.2)."""

SOURCE = True
"""Whether it can be asked from an address of choice."""

_OURS = b"SSH-2.0-synthetics"
_BY_APPLICATION = 11
_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}=?")
_LINE = re.compile(r"(?:\S+ )?((?:ssh|ecdsa)-\S+) (AAAA[A-Za-z0-9+/]+=*)(?: .*)?")


def _read_key(value: object) -> str:
    """The fingerprint of a key that is written as such, or as a line of ``ssh-keyscan``."""
    text = value.strip() if isinstance(value, str) else ""
    if _FINGERPRINT.fullmatch(text):
        return text.rstrip("=")
    if found := _LINE.fullmatch(text):
        padded = found[2].rstrip("=") + "=" * (-len(found[2].rstrip("=")) % 4)
        try:
            return HostKey(found[1], base64.b64decode(padded, validate=True)).fingerprint
        except ValueError:
            pass
    raise Refused(
        f"{said(value)} is not a host key",
        mend="write SHA256:… as ssh-keygen -l shows it, or a line of ssh-keyscan",
    )


def _listed(value: object) -> object:
    many = value if isinstance(value, list | tuple) else [value]
    return [_read_key(one) for one in many]


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold; all that is given.

    Attributes:
        banner: Searched in the banner, as ``SSH-2.0-OpenSSH_9.9``.
        host_key: Keys of which the server must hold one: fingerprints (``SHA256:…``), or lines
            of ``ssh-keyscan``.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    banner: Pattern | None = None
    host_key: Annotated[
        tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | tuple[str, ...])
    ] = ()


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        connect: Where to, ``host:port``.
        ip: Which addresses to use.
        key: Which of its host keys to ask for; without it, the best that the server has.
        expect: What must hold.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    connect: HostPort
    ip: Family = "any"
    key: Literal["ed25519", "ecdsa", "rsa"] | None = None
    expect: Expect = field(default_factory=Expect)


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Connect, exchange keys, look at the host key, and hang up without logging in."""
    talk = Conversation(f"ssh to {options.connect}", watch)
    return await talk.result(_visit(options, talk))


async def _visit(options: Options, talk: Conversation) -> None:
    expect = options.expect
    async with talk.stream(options.connect, limit=LIMIT, ip=options.ip) as stream:
        with talk.trip.phase("first_byte", "waiting for the banner"):
            banner = await _banner(stream, talk.transcript)
        if expect.banner is not None and expect.banner.find(_text(banner)) is None:
            raise Unmet("banner", f"a banner like `{expect.banner}`", _text(banner))
        with talk.trip.phase("transfer", "exchanging keys"):
            await stream.write(_OURS + b"\r\n")
            types = KEY_TYPES if options.key is None else {options.key: KEY_TYPES[options.key]}
            algorithms = tuple(name for names in types.values() for name in names)
            found = await host_key(stream, _OURS, banner, algorithms)
            talk.transcript.heard(f"{found.type} {found.fingerprint}\n")
            code = _BY_APPLICATION.to_bytes(4, "big")
            await send(stream, bytes([DISCONNECT]) + code + string(b"seen") + string(b""))
    if expect.host_key and found.fingerprint not in expect.host_key:
        actual = f"{found.fingerprint} ({found.type})"
        raise Unmet("host-key", f"the host key {' or '.join(expect.host_key)}", actual)


async def _banner(stream: Stream, transcript: Transcript) -> bytes:
    for _ in range(MOST_LINES):
        line = await stream.read_line(longest=1024)
        transcript.heard(_text(line) + "\n")
        if line.startswith((b"SSH-2.0-", b"SSH-1.99-")):
            return line
        if line.startswith(b"SSH-"):
            raise Trouble("protocol", f"the server speaks another version: {_text(line)}")
    raise Trouble("malformed", f"no banner of SSH in {MOST_LINES} lines")


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")
