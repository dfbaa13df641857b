"""Conversations over TCP: what is written, what is said, and what a failure keeps."""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trustme
from pydantic import TypeAdapter

from probes import tcp
from probes.result import Outcome, Result
from tests.probes.support import Asker, Speak, look_up, refusal, speaking

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
OPTIONS: TypeAdapter[tcp.Options] = TypeAdapter(tcp.Options)


async def ask(asker: Asker, written: dict[str, Any], timeout_s: float = 2) -> Result:
    options = OPTIONS.validate_python(written, context={"resolve": look_up})
    return await tcp.run(options, asker.watch(timeout_s))


async def talk(asker: Asker, speak: Speak, *turns: dict[str, Any], timeout_s: float = 2) -> Result:
    async with speaking(speak) as port:
        written = {"connect": f"127.0.0.1:{port}", "dialogue": list(turns)}
        return await ask(asker, written, timeout_s)


async def test_connecting_is_enough_where_nothing_else_is_asked(asker: Asker) -> None:
    async def nothing(_: Reader, __: Writer) -> None:
        return

    result = await talk(asker, nothing)

    assert result.outcome is Outcome.GOOD
    assert result.phases.connect_s is not None
    assert result.phases.first_byte_s is None


async def test_what_is_captured_is_said_later(asker: Asker) -> None:
    """As an IRC server that wants to see that its visitor listens."""
    said: list[bytes] = []

    async def irc(reader: Reader, writer: Writer) -> None:
        said.append(await reader.readline())
        writer.write(b":irc NOTICE * :looking you up\r\nPING :x7\r\n")
        said.append(await reader.readline())
        writer.write(b":irc 001 probe :welcome\r\n")

    result = await talk(
        asker,
        irc,
        {"send": "NICK probe\r\n"},
        {"expect": r"PING :(?P<token>\S+)"},
        {"send": "PONG ${token}\r\n"},
        {"expect": "^:[^ ]+ 001"},
    )

    assert result.outcome is Outcome.GOOD, result.detail
    assert said == [b"NICK probe\r\n", b"PONG x7\r\n"]


async def test_a_prompt_needs_no_end_of_line_and_leaves_what_follows(asker: Asker) -> None:
    async def login(reader: Reader, writer: Writer) -> None:
        writer.write("ようこそ\r\nlog".encode())
        await writer.drain()
        await asyncio.sleep(0)
        writer.write("in（名前）: 残り\r\n".encode())
        await reader.read()

    result = await talk(asker, login, {"prompt": r"login（名前）: "}, {"expect": "^残り$"})

    assert result.outcome is Outcome.GOOD, result.detail


async def test_bytes_that_are_no_text_are_sent_as_they_are(asker: Asker) -> None:
    got: list[bytes] = []

    async def take(reader: Reader, writer: Writer) -> None:
        got.append(await reader.readexactly(4))
        writer.write(b"ok\n")

    result = await talk(
        asker, take, {"send": {"hex": "00 ff"}}, {"send": {"base64": "/wA="}}, {"expect": "ok"}
    )

    assert result.outcome is Outcome.GOOD
    assert got == [b"\x00\xff\xff\x00"]


async def test_encryption_may_begin_in_the_middle(
    asker: Asker, authority: trustme.CA, pem: str
) -> None:
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ends = datetime.now(UTC) + timedelta(days=30)
    authority.issue_cert("localhost", not_after=ends).configure_cert(server_tls)

    async def upgrade(reader: Reader, writer: Writer) -> None:
        writer.write(b"220 hello\r\n")
        assert await reader.readline() == b"STARTTLS\r\n"
        writer.write(b"220 go ahead\r\n")
        await writer.drain()
        await writer.start_tls(server_tls)
        assert await reader.readline() == b"EHLO probe\r\n"
        writer.write(b"250 encrypted\r\n")
        await writer.drain()
        await reader.read()

    async with speaking(upgrade) as port:
        written = {
            "connect": f"localhost:{port}",
            "ip": 4,
            "starttls": {"ca": pem},
            "dialogue": [
                {"expect": "^220"},
                {"send": "STARTTLS\r\n"},
                {"expect": "^220"},
                {"starttls": True},
                {"send": "EHLO probe\r\n"},
                {"expect": "^250 encrypted"},
            ],
            "expect": {"certificate": {"valid_for": "1d"}},
        }
        result = await ask(asker, written)
        written["expect"] = {"certificate": {"valid_for": "31d"}}
        too_soon = await ask(asker, written)

    assert result.outcome is Outcome.GOOD, result.detail
    assert result.facts.certificate_expires_at is not None
    assert result.phases.tls_s is not None
    assert too_soon.reason == "certificate"
    assert too_soon.evidence is not None
    assert too_soon.evidence.expected == "a certificate valid for 31 more days"


async def test_a_failure_keeps_the_conversation_and_what_was_waited_for(asker: Asker) -> None:
    async def refuse(reader: Reader, writer: Writer) -> None:
        line = await reader.readline()
        writer.write(b"-ERR " + line)

    result = await talk(
        asker, refuse, {"send": "AUTH ${env:PASSWORD}\r\n"}, {"expect": r"^\+OK"}, timeout_s=1
    )

    assert (result.outcome, result.reason) == (Outcome.BAD, "truncated")
    assert result.detail == (
        "the target closed the connection while waiting for a line with `^\\+OK` in it"
    )
    assert result.evidence is not None
    assert result.evidence.body == "> AUTH ***\n-ERR AUTH ***\n"
    assert result.evidence.expected == "a line with `^\\+OK` in it"


async def test_waiting_in_vain_is_a_timeout_that_says_what_for(asker: Asker) -> None:
    async def chatter(_: Reader, writer: Writer) -> None:
        while True:
            writer.write(b"not this\n")
            await writer.drain()
            await asyncio.sleep(0.01)

    result = await talk(asker, chatter, {"expect": "that"}, timeout_s=0.2)

    assert result.reason == "timeout"
    assert result.detail == "not done after 0.2 s: waiting for a line with `that` in it"


async def test_a_prompt_that_never_comes_does_not_fill_memory(asker: Asker) -> None:
    async def endless(_: Reader, writer: Writer) -> None:
        while True:
            writer.write(b"x" * 4096)
            await writer.drain()

    result = await talk(asker, endless, {"prompt": "login"})

    assert result.reason == "malformed"


@pytest.mark.parametrize(
    ("written", "what", "at"),
    [
        ({"connect": "db.example"}, "`db.example` is not a host and a port", ()),
        ({"connect": "db:0"}, "`db:0` is not a host and a port", ()),
        ({"connect": "2001:db8::1:5432"}, "`2001:db8::1:5432` is not a host and a port", ()),
        ({"connect": "a:1", "dialogue": [{}]}, "a turn is one thing to do", ()),
        (
            {"connect": "a:1", "dialogue": [{"send": "${token}"}]},
            "${token} is used before it is captured",
            (0, "send"),
        ),
        (
            {"connect": "a:1", "dialogue": [{"starttls": True}, {"starttls": True}]},
            "this is encrypted already",
            (1, "starttls"),
        ),
        (
            {"connect": "a:1", "tls": True, "dialogue": [{"starttls": True}]},
            "with `tls` all is encrypted from the start, so nothing is left for starttls",
            ("tls",),
        ),
        (
            {"connect": "a:1", "expect": {"certificate": {"valid_for": "1d"}}},
            "without TLS there is no certificate",
            ("expect", "certificate"),
        ),
        (
            {"connect": "a:1", "dialogue": [{"send": {"hex": "0g"}}]},
            "`0g` is not hexadecimal",
            ("hex",),
        ),
        (
            {"connect": "a:1", "dialogue": [{"send": {"base64": "?"}}]},
            "`?` is not Base64",
            ("base64",),
        ),
        ({"connect": "a:1", "dialogue": [{"send": 7}]}, "the number 7 cannot be sent", ()),
    ],
)
def test_mistakes_are_named(written: dict[str, Any], what: str, at: tuple[str | int, ...]) -> None:
    refused = refusal(OPTIONS, written)

    assert (refused.what, refused.at) == (what, at)
