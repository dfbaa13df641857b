"""Dovecot on loopback, and what only says that it is IMAP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
import trustme
from pydantic import TypeAdapter

from probes import imap
from probes.result import Outcome, Result
from tests.probes.dovecot import Dovecot, dovecot
from tests.probes.support import SECRETS, Asker, look_up, refusal, speaking

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
OPTIONS: TypeAdapter[imap.Options] = TypeAdapter(imap.Options)
LOGIN = {"username": "probe", "password": "${env:TOKEN}"}


@pytest.fixture(scope="module")
def server(authority: trustme.CA) -> Iterator[Dovecot]:
    """A mailbox with two mails in it."""
    with dovecot(authority, SECRETS["TOKEN"]) as one:
        for name in ("a", "b"):
            one.deliver(name, b"Subject: hello\r\n\r\nhello\r\n")
        yield one


async def ask(asker: Asker, port: int, *, timeout_s: float = 5, **written: Any) -> Result:
    options = OPTIONS.validate_python(
        {"connect": f"127.0.0.1:{port}", **written}, context={"resolve": look_up}
    )
    return await imap.run(options, asker.watch(timeout_s))


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        ({}, ""),
        ({"login": LOGIN}, ""),
        ({"login": LOGIN, "expect": {"messages": 2, "unseen": {"at_most": 2}}}, ""),
        ({"login": LOGIN, "expect": {"messages": {"over": 2}}}, "messages"),
        ({"login": LOGIN, "expect": {"unseen": 0}}, "messages"),
        ({"login": LOGIN, "mailbox": 'No "such"'}, "mailbox"),
        ({"login": {"username": "probe", "password": "not that one"}}, "login"),
    ],
)
async def test_what_is_expected_of_a_mailbox(
    asker: Asker, server: Dovecot, written: dict[str, Any], reason: str
) -> None:
    result = await ask(asker, server.ports.imap, **written)

    assert result.reason == reason, result.detail


async def test_looking_changes_nothing(asker: Asker, server: Dovecot) -> None:
    written: dict[str, Any] = {"login": LOGIN, "expect": {"unseen": 2}}
    results = [await ask(asker, server.ports.imap, **written) for _ in range(2)]

    assert [one.reason for one in results] == ["", ""]


async def test_a_failure_keeps_the_conversation(asker: Asker, server: Dovecot) -> None:
    result = await ask(asker, server.ports.imap, login=LOGIN, expect={"messages": 0})

    assert result.evidence is not None
    assert "> AUTHENTICATE PLAIN\n" in result.evidence.body
    assert "> ***\n" in result.evidence.body
    assert '> EXAMINE "INBOX"\n' in result.evidence.body
    assert result.detail == "expected the messages equal to 0, got 2"


@pytest.mark.parametrize("way", ["tls", "starttls"])
async def test_over_tls_the_certificate_counts_too(
    asker: Asker, server: Dovecot, pem: str, way: str
) -> None:
    port = server.ports.imaps if way == "tls" else server.ports.imap
    trusted: dict[str, Any] = {way: {"ca": pem}, "login": LOGIN}
    good = await ask(asker, port, **trusted, expect={"messages": 2})
    strange = await ask(asker, port, **{way: True})
    soon = await ask(asker, port, **trusted, expect={"certificate": {"valid_for": "31d"}})

    assert good.outcome is Outcome.GOOD, good.detail
    assert good.phases.tls_s is not None
    assert strange.reason == "tls-unknown-ca"
    assert soon.reason == "certificate"


async def test_a_server_that_wants_encryption_says_so(asker: Asker) -> None:
    async def speak(reader: Reader, writer: Writer) -> None:
        writer.write(b"* OK IMAP4\r\n* CAPABILITY IMAP4REV1 LOGINDISABLED\r\na1 OK done\r\n")
        await reader.read()

    async with speaking(speak) as port:
        result = await ask(asker, port, login=LOGIN)

    assert result.reason == "login"
    assert result.detail == "the server takes no password, at least not unencrypted"


async def test_a_server_without_sasl_is_told_in_its_own_way(asker: Asker) -> None:
    said: list[bytes] = []

    async def speak(reader: Reader, writer: Writer) -> None:
        writer.write(b"* OK IMAP4\r\n")
        answers = (b"* CAPABILITY IMAP4REV1\r\n", b"", b"", b"* 3 EXISTS\r\n", b"* BYE\r\n")
        for number, answer in enumerate(answers, 1):
            said.append(await reader.readline())
            writer.write(answer + b"a%d OK done\r\n" % number)
        await reader.read()

    async with speaking(speak) as port:
        account = {"username": "probe", "password": 'a \\ or " inside'}
        result = await ask(asker, port, login=account, expect={"messages": 3})

    assert result.outcome is Outcome.GOOD, result.detail
    assert said[1] == b'a2 LOGIN "probe" "a \\\\ or \\" inside"\r\n'


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "empty-reply"),
        (b"* O", "truncated"),
        (b"220 mail.example ESMTP\r\n", "malformed"),
        (b"* BYE too many connections\r\n", "refused"),
        (b"* OK\r\n+ what\r\n", "malformed"),
        (b"* OK\r\na1 BAD no\r\n", "refused"),
        (b"* OK\r\n* x\r\na1 OK\r\n* BYE\r\na2 OK\r\n", ""),
        (b"* OK\r\n* x {9999999999}\r\n" + b"x" * (2 << 20), "body-too-large"),
        (b"* OK\r\n* x {3}\r\nabc {1}\r\n", "truncated"),
        (b"* OK\r\n" + b"* x\r\n" * 20_000, "malformed"),
        (b"* OK\r\n" + b"x" * 20_000, "malformed"),
        (b"\xff\xfe\r\n", "malformed"),
    ],
)
async def test_what_is_no_server_has_a_reason(asker: Asker, answer: bytes, reason: str) -> None:
    async def speak(reader: Reader, writer: Writer) -> None:
        writer.write(answer)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    async with speaking(speak) as port:
        result = await ask(asker, port)

    assert result.reason == reason, result.detail


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({"expect": {"messages": 1}}, "nobody sees a mailbox without logging in"),
        ({"expect": {"certificate": {"valid_for": "1d"}}}, "without TLS there is no certificate"),
        ({"tls": True, "starttls": True},
         "with `tls` all is encrypted from the start, so nothing is left for starttls"),
        ({"login": {"username": "${x}", "password": "long enough"}},
         "nothing is captured here to fill ${x}"),
    ],
)  # fmt: skip
def test_mistakes_are_named(written: dict[str, Any], what: str) -> None:
    assert refusal(OPTIONS, {"connect": "a:143", **written}).what == what
