"""Mail that is handed over to a server of SMTP, and arrives at Dovecot, late or never."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from pydantic import TypeAdapter

from probes import smtp
from probes.result import Outcome, Result
from tests.probes.dovecot import Dovecot, dovecot
from tests.probes.support import SECRETS, Asker, look_up, refusal, speaking

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
OPTIONS: TypeAdapter[smtp.Options] = TypeAdapter(smtp.Options)
LOGIN = {"username": "probe", "password": "${env:TOKEN}"}
MAIL = {"from": "probe@shop.example", "to": "inbox@shop.example"}


@pytest.fixture(scope="module")
def mailbox(authority: trustme.CA) -> Iterator[Dovecot]:
    with dovecot(authority, SECRETS["TOKEN"]) as one:
        yield one


class Relay:
    """
    A server of mail that delivers into *mailbox* after a while.

    Attributes:
        after_s: How long that is; ``None`` is never.
        answers: What it says instead of its own answer, by command.
    """

    def __init__(self, mailbox: Dovecot) -> None:
        self.mailbox = mailbox
        self.after_s: float | None = 0.0
        self.answers: dict[str, str] = {}
        self.mails: list[bytes] = []
        self.port = 0

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, to: str, _options: list[str]
    ) -> str:
        envelope.rcpt_tos.append(to)
        return self.answers.get("RCPT", "250 OK")

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        mail = envelope.original_content or b""
        self.mails.append(mail)
        if self.after_s is not None:
            name = f"mail-{len(self.mails)}-{id(mail)}"
            asyncio.get_running_loop().call_later(self.after_s, self.mailbox.deliver, name, mail)
        return self.answers.get("DATA", "250 OK")


def _authenticate(
    _server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: LoginPassword
) -> AuthResult:
    good = (data.login, data.password) == (b"probe", SECRETS["TOKEN"].encode())
    return AuthResult(success=good, handled=good)


@contextlib.asynccontextmanager
async def relaying(
    mailbox: Dovecot, server_tls: ssl.SSLContext | None, **more: Any
) -> AsyncIterator[Relay]:
    relay = Relay(mailbox)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(
            relay, tls_context=server_tls, authenticator=_authenticate, hostname="mail.example",
            auth_require_tls=False, **more,
        ),
        "127.0.0.1", 0,
    )  # fmt: skip
    relay.port = server.sockets[0].getsockname()[1]
    try:
        yield relay
    finally:
        server.close()


@pytest.fixture
async def relay(mailbox: Dovecot, server_tls: ssl.SSLContext) -> AsyncIterator[Relay]:
    async with relaying(mailbox, server_tls) as one:
        yield one


async def ask(asker: Asker, port: int, *, timeout_s: float = 5, **written: Any) -> Result:
    options = OPTIONS.validate_python(
        {"connect": f"127.0.0.1:{port}", **written}, context={"resolve": look_up}
    )
    return await smtp.run(options, asker.watch(timeout_s))


def arriving(server: Dovecot, **more: Any) -> dict[str, Any]:
    arrives = {"connect": f"127.0.0.1:{server.ports.imap}", "login": LOGIN, "look_every": "50ms"}
    return {**MAIL, "arrives": {**arrives, **more}}


async def test_a_mail_goes_round_and_is_taken_away(
    asker: Asker, relay: Relay, mailbox: Dovecot
) -> None:
    relay.after_s = 0.3
    mailbox.deliver("others", b"Subject: of somebody else\r\n\r\nhello\r\n")
    result = await ask(asker, relay.port, login=LOGIN, send=arriving(mailbox))

    assert result.outcome is Outcome.GOOD, result.detail
    assert result.duration_s >= 0.3
    assert mailbox.mails() == ["others"]
    [mail] = relay.mails
    assert f"Subject: Synthetics probe {result.trace_id}\r\n".encode() in mail


async def test_a_mail_that_does_not_arrive_is_waited_for_until_the_end(
    asker: Asker, relay: Relay, mailbox: Dovecot
) -> None:
    relay.after_s = None
    result = await ask(asker, relay.port, send=arriving(mailbox), timeout_s=0.6)

    assert result.reason == "timeout"
    assert result.detail == "not done after 0.6 s: waiting for the mail to arrive in INBOX"


async def test_nothing_is_sent_where_the_mailbox_cannot_be_opened(
    asker: Asker, relay: Relay, mailbox: Dovecot
) -> None:
    wrong = {"username": "probe", "password": "not that one"}
    stranger = await ask(asker, relay.port, send=arriving(mailbox, login=wrong))
    nowhere = await ask(asker, relay.port, send=arriving(mailbox, mailbox="Elsewhere"))

    assert (stranger.reason, nowhere.reason) == ("login", "mailbox")
    assert relay.mails == []


async def test_many_mails_go_round_at_once_each_for_its_own_run(
    asker: Asker, relay: Relay, mailbox: Dovecot
) -> None:
    relay.after_s = 0.1
    results = await asyncio.gather(
        *(ask(asker, relay.port, send=arriving(mailbox), timeout_s=20) for _ in range(10))
    )

    assert {one.reason for one in results} == {""}, [one.detail for one in results]
    assert [name for name in mailbox.mails() if name.startswith("mail-")] == []


@pytest.mark.parametrize(
    ("written", "answers", "reason"),
    [
        ({}, {}, ""),
        ({"login": LOGIN}, {}, ""),
        ({"login": {"username": "probe", "password": "not that one"}}, {}, "login"),
        ({"send": MAIL}, {}, ""),
        ({"send": MAIL}, {"RCPT": "550 no such user"}, "refused"),
        ({"send": MAIL}, {"RCPT": "451 greylisted, come back"}, "refused"),
        ({"send": MAIL}, {"DATA": "554 that is spam"}, "refused"),
        ({"expect": {"offers": ["SIZE", "AUTH PLAIN", "starttls"]}}, {}, ""),
        ({"expect": {"offers": ["CHUNKING"]}}, {}, "offers"),
    ],
)
async def test_what_a_server_does_has_a_reason(
    asker: Asker, relay: Relay, written: dict[str, Any], answers: dict[str, str], reason: str
) -> None:
    relay.answers, relay.after_s = answers, None
    result = await ask(asker, relay.port, **written)

    assert result.reason == reason, result.detail


async def test_where_plain_is_not_taken_login_is(
    asker: Asker, mailbox: Dovecot, server_tls: ssl.SSLContext
) -> None:
    async with relaying(mailbox, server_tls, auth_exclude_mechanism=["PLAIN"]) as relay:
        result = await ask(asker, relay.port, login=LOGIN)

    assert result.outcome is Outcome.GOOD, result.detail


async def test_encryption_begins_where_it_is_asked_for(
    asker: Asker, relay: Relay, mailbox: Dovecot, pem: str
) -> None:
    relay.after_s = 0.0
    secure: dict[str, Any] = {"starttls": {"ca": pem}}
    around = arriving(mailbox, connect=f"127.0.0.1:{mailbox.ports.imaps}", tls={"ca": pem})
    good = await ask(asker, relay.port, **secure, login=LOGIN, send=around)
    strange = await ask(asker, relay.port, starttls=True)
    assert good.outcome is Outcome.GOOD, good.detail
    assert good.facts.certificate_expires_at is not None
    assert strange.reason == "tls-unknown-ca"


async def test_a_server_without_encryption_says_so(asker: Asker, mailbox: Dovecot) -> None:
    async with relaying(mailbox, None) as relay:
        result = await ask(asker, relay.port, starttls=True)

    assert result.reason == "starttls"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "empty-reply"),
        (b"220", "truncated"),
        (b"* OK IMAP\r\n", "malformed"),
        (b"554 no service here\r\n", "refused"),
        (b"220 hello\r\n502 what is that\r\n", "refused"),
        (b"220-hello\r\n" * 300 + b"220 hello\r\n", "malformed"),
        (b"220 hello\r\n" + b"x" * 20_000, "malformed"),
        (b"220 " + b"\xff" * 20_000 + b"\r\n", "malformed"),
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


async def test_a_password_that_comes_back_in_disguise_is_masked(asker: Asker) -> None:
    async def repeat(reader: Reader, writer: Writer) -> None:
        writer.write(b"220 hello\r\n")
        await reader.readline()
        writer.write(b"250-mail.example\r\n250 AUTH PLAIN\r\n")
        writer.write(b"535 what is " + await reader.readline())
        await reader.read()

    async with speaking(repeat) as port:
        result = await ask(asker, port, login=LOGIN)

    assert result.detail == "AUTH PLAIN ***: 535 what is AUTH PLAIN ***"


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({"tls": True, "starttls": True},
         "with `tls` all is encrypted from the start, so nothing is left for starttls"),
        ({"expect": {"certificate": {"valid_for": "1d"}}}, "without TLS there is no certificate"),
        ({"send": {**MAIL, "arrives": {"connect": "a:143"}}},
         "nobody sees a mailbox without logging in"),
    ],
)  # fmt: skip
def test_mistakes_are_named(written: dict[str, Any], what: str) -> None:
    assert refusal(OPTIONS, {"connect": "a:25", **written}).what == what


@pytest.mark.parametrize("address", ["nobody", "a b@c", "a@b\r\nRCPT TO:<x@y>", "<a@b>", "ä@b"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="pattern"):
        OPTIONS.validate_python({"connect": "a:25", "send": {"from": address, "to": "a@b"}})
