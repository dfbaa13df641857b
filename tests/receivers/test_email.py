"""Mail, handed to a real SMTP server that speaks STARTTLS, TLS from the start, or neither."""

from __future__ import annotations

import asyncio
import email
import email.policy
import ssl
from collections.abc import AsyncIterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import trustme
from aiosmtpd.smtp import SMTP
from pydantic import TypeAdapter, ValidationError

from synthetics.config.model import Severity
from synthetics.language import Language
from synthetics.receivers import email as receiver
from synthetics.receivers.base import Fate, Message, Verdict
from synthetics.receivers.email import Options
from tests.receivers.sides import SmtpSide, smtp
from tests.receivers.support import resolve, trigger


@pytest.fixture
async def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SmtpSide]:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    async with smtp(tmp_path) as side:
        yield side


def options(written: dict[str, Any], **changes: Any) -> Options:
    checked: Options = TypeAdapter(Options).validate_python(written | changes)
    return checked


async def sent(
    server: SmtpSide, session: aiohttp.ClientSession, message: Message, **changes: Any
) -> Verdict:
    return await receiver.send(options(server.written, **changes), message, session)


def mails(server: SmtpSide) -> list[EmailMessage]:
    found = []
    for envelope in server.mails:
        assert isinstance(envelope.content, bytes)
        mail = email.message_from_bytes(envelope.content, policy=email.policy.default)
        assert isinstance(mail, EmailMessage)
        found.append(mail)
    return found


async def test_a_resolve_answers_its_trigger(
    server: SmtpSide, session: aiohttp.ClientSession
) -> None:
    first = await sent(server, session, trigger())
    over = await sent(server, session, resolve(handle=first.handle))

    begin, end = mails(server)
    root = "<synthetics-shop-9b1c2d3e4f506172@shop.example>"
    assert begin["Message-ID"] == first.handle == "<msg_5f3a9c@shop.example>"
    assert begin["References"].strip() == root
    assert end["In-Reply-To"] == "<msg_5f3a9c@shop.example>"
    assert end["References"].strip() == f"{root} <msg_5f3a9c@shop.example>"
    assert over.handle == first.handle


async def test_a_resolve_joins_the_thread_also_where_the_trigger_is_not_known(
    server: SmtpSide, session: aiohttp.ClientSession
) -> None:
    await sent(server, session, trigger())
    await sent(server, session, resolve())

    assert len({mail["References"] for mail in mails(server)}) == 1


async def test_what_the_mail_says(server: SmtpSide, session: aiohttp.ClientSession) -> None:
    await sent(server, session, trigger())

    [mail] = mails(server)
    assert str(mail["From"]) == "Synthetics <pager@shop.example>"
    assert str(mail["To"]) == "oncall@shop.example"
    assert mail["Subject"].startswith("🔴 本店: checkout fails at step order")
    assert mail["Date"] == "Mon, 05 Oct 2026 14:05:00 +0000"
    assert (mail["Importance"], mail["Auto-Submitted"]) == ("high", "auto-generated")
    plain, page = (part.get_content() for part in mail.iter_parts())
    assert "Error budget: 87.0% left, gone in 12h30m at this rate" in plain.splitlines()
    assert "Runbook: https://wiki.example/oncall/shop" in plain.splitlines()
    assert '<a href="https://wiki.example/oncall/shop">Runbook</a>' in page


async def test_a_mail_in_japanese_says_so(server: SmtpSide, session: aiohttp.ClientSession) -> None:
    await sent(server, session, trigger(language=Language.JA, severity=Severity.TICKET))

    [mail] = mails(server)
    plain, page = (part.get_content() for part in mail.iter_parts())
    assert '<html lang="ja">' in page
    assert "Error budget" not in plain
    assert mail["Importance"] is None


async def test_a_second_header_cannot_be_smuggled_in(
    server: SmtpSide, session: aiohttp.ClientSession
) -> None:
    rude = "up\r\nBcc: everybody@shop.example\r\n\r\nbody\r\n.\r\nMAIL FROM:<x@y>"
    await sent(server, session, trigger(summary=rude, id=rude, dedup_key=rude))

    [envelope] = server.mails
    [mail] = mails(server)
    assert mail["Bcc"] is None
    assert envelope.rcpt_tos == ["oncall@shop.example"]
    assert mail["Subject"] == "🔴 up Bcc: everybody@shop.example body . MAIL FROM:<x@y>"


@pytest.mark.parametrize(
    ("answers", "fate", "reason", "arrived"),
    [
        pytest.param({"DATA": "451 later"}, Fate.RETRY, "smtp-451", False, id="4xx for the mail"),
        pytest.param({"DATA": "554 spam"}, Fate.REFUSED, "smtp-554", False, id="5xx for the mail"),
        pytest.param({"RCPT": "452 full"}, Fate.RETRY, "smtp-452", False, id="4xx for all"),
        pytest.param({"RCPT": "550 no"}, Fate.REFUSED, "smtp-550", False, id="5xx for all"),
        pytest.param(
            {"RCPT a@b.example": "450 later", "RCPT oncall@shop.example": "550 no"},
            Fate.RETRY,
            "smtp-450",
            False,
            id="later for one, never for the other",
        ),
        pytest.param(
            {"RCPT a@b.example": "550 no"}, Fate.DELIVERED, "", True, id="one of two has it"
        ),
    ],
)
async def test_three_digits_say_what_to_do(
    answers: dict[str, str],
    fate: Fate,
    reason: str,
    arrived: bool,
    server: SmtpSide,
    session: aiohttp.ClientSession,
) -> None:
    server.answers = answers
    to = ["oncall@shop.example", "a@b.example"]

    verdict = await sent(server, session, trigger(), to=to)

    assert (verdict.fate, verdict.reason, verdict.arrived) == (fate, reason, arrived)


async def test_a_wrong_password_is_refused_and_not_repeated(
    server: SmtpSide, session: aiohttp.ClientSession
) -> None:
    verdict = await sent(server, session, trigger(), password="another-one")

    assert (verdict.fate, verdict.reason) == (Fate.REFUSED, "smtp-535")
    assert not server.mails


async def test_a_server_that_nobody_vouches_for_gets_no_password(
    server: SmtpSide, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")

    verdict = await sent(server, session, trigger())

    assert (verdict.fate, verdict.reason, verdict.arrived) == (Fate.RETRY, "tls", False)
    assert "certificate" in verdict.detail


class Bare:
    """Takes everything, and keeps it."""

    def __init__(self) -> None:
        self.mails: list[Any] = []

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, _server: SMTP, _session: Any, envelope: Any
    ) -> str:
        self.mails.append(envelope)
        return "250 OK"


WRITTEN = {"from": "pager@shop.example", "to": ["oncall@shop.example"]}


async def test_a_server_without_starttls_gets_nothing(session: aiohttp.ClientSession) -> None:
    """Who sits on the line could take the offer out; so it is no offer."""
    bare = Bare()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(bare, loop=loop), "127.0.0.1", 0)
    async with server:
        url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        strict = options(WRITTEN | {"url": url})
        refused = await receiver.send(strict, trigger(), session)
        taken = await receiver.send(replace(strict, starttls=False), trigger(), session)

    assert (refused.fate, refused.reason) == (Fate.REFUSED, "smtp-starttls")
    assert taken.fate is Fate.DELIVERED
    assert len(bare.mails) == 1


async def test_tls_from_the_start(
    tmp_path: Path, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    bare = Bare()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: SMTP(bare, loop=loop), "localhost", 0, ssl=context)
    async with server:
        port = server.sockets[0].getsockname()[1]
        verdict = await receiver.send(
            options(WRITTEN | {"url": f"smtps://localhost:{port}"}), trigger(), session
        )

    assert verdict.fate is Fate.DELIVERED
    assert len(bare.mails) == 1


@pytest.mark.parametrize(
    ("greeting", "reason"),
    [
        pytest.param(b"", "connection", id="hangs up"),
        pytest.param(b"HTTP/1.1 400 Bad Request\r\n\r\n", "malformed", id="not SMTP"),
        pytest.param(b"2" * 20_000 + b"\r\n", "malformed", id="a line without end"),
        pytest.param(b"421 too many connections\r\n", "smtp-421", id="busy"),
    ],
)
async def test_nonsense_in_return_is_worth_another_attempt(
    greeting: bytes, reason: str, session: aiohttp.ClientSession
) -> None:
    async def talk(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(talk, "127.0.0.1", 0)
    async with server:
        url = f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        verdict = await receiver.send(options(WRITTEN | {"url": url}), trigger(), session)

    assert (verdict.fate, verdict.reason, verdict.arrived) == (Fate.RETRY, reason, False)


async def test_what_was_given_up_is_not_sent_later(
    server: SmtpSide, session: aiohttp.ClientSession
) -> None:
    server.hang()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.3):
            await sent(server, session, trigger())
    server.silent = False

    await asyncio.sleep(0.2)

    assert not server.mails


@pytest.mark.parametrize(
    ("changes", "wrong"),
    [
        ({"url": "https://mail.example"}, "not an smtp or smtps URL"),
        ({"url": "smtp://"}, "not an smtp or smtps URL"),
        ({"url": "smtp://me:secret@mail.example"}, "login does not belong into the URL"),
        ({"from": "Synthetics <a@b.example>"}, "is not an address"),
        ({"from": "a@b.example\r\nBcc: c@d.example"}, "is not an address"),
        ({"to": []}, "nobody is written to"),
        ({"user": "me"}, "a login is user and password"),
        ({"user": "me", "password": "secret", "starttls": False}, "could be read on the way"),
    ],
)
def test_mistakes_are_found_at_load(changes: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        options({"url": "smtp://mail.example", **WRITTEN}, **changes)
