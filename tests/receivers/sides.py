"""
Whom receivers talk to, each as a real server or program on this machine.

`SIDES` says for every kind how to reach a far side of its own and what that may be told.
A new kind gets a line there, and with it all of the conformance tests.
"""

from __future__ import annotations

import asyncio
import email
import email.policy
import json
import ssl
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import trustme
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session

from synthetics.kinds import receiver_kinds
from synthetics.receivers.text import utf8, utf16
from tests.receivers.support import (
    ROUTING_KEY,
    SECRET_PATH,
    SECRETS,
    SIGNING_SECRET,
    TOKEN,
    TOPIC,
    FarSide,
    texts,
)


class Side(Protocol):
    """What the conformance test asks of a far side, whatever it speaks."""

    written: dict[str, Any]
    """The options that reach it, as one writes them."""

    def busy(self) -> str:
        """From now on it says "not now"; the reason of the verdict."""

    def refuse(self) -> str:
        """From now on it says "never", and repeats every secret; the reason."""

    def hang(self) -> None:
        """From now on it says nothing."""

    async def down(self) -> None:
        """From now on it is not there."""

    def told(self) -> list[str]:
        """Every text that a person or a program gets to see, of all that arrived."""

    def sizes(self) -> list[int]:
        """The bytes of each thing that arrived."""


class HttpSide:
    """A `FarSide` as one of the HTTP kinds sees it."""

    def __init__(self, far: FarSide, written: Mapping[str, Any], text: str, url: str) -> None:
        self.far = far
        self._own = [SECRET_PATH, *(one for one in SECRETS if one in json.dumps(written))]
        self.far.status, self.far.text = 202 if not text else 200, text
        self.written = dict(written) | {"url": url}

    def busy(self) -> str:
        self.far.status = 503
        return "status-503"

    def refuse(self) -> str:
        self.far.status = 400
        said = " ".join([*self._own, self.far.url])
        self.far.text = json.dumps({"message": said, "error": said, "errors": [said]})
        return "status-400"

    def hang(self) -> None:
        self.far.silent = True

    async def down(self) -> None:
        await self.far.__aexit__()

    def told(self) -> list[str]:
        return [text for _, body in self.far.seen for text in texts(json.loads(body))]

    def sizes(self) -> list[int]:
        return [len(body) for _, body in self.far.seen]


@asynccontextmanager
async def http(
    _folder: Path, written: Mapping[str, Any], text: str = "", url: Callable[[str], str] = str
) -> AsyncIterator[HttpSide]:
    async with FarSide() as far:
        yield HttpSide(far, written, text, url(far.url))


class SmtpSide:
    """A real SMTP server with STARTTLS and a login."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.mails: list[Envelope] = []
        self.answers: dict[str, str] = {}
        self.silent = False
        self.server: asyncio.Server | None = None
        self.written: dict[str, Any] = {
            "url": f"smtp://localhost:{port}",
            "from": "pager@shop.example",
            "to": ["oncall@shop.example"],
            "user": "pager",
            "password": TOKEN,
        }

    def busy(self) -> str:
        self.answers["RCPT"] = "451 greylisted, come back"
        return "smtp-451"

    def refuse(self) -> str:
        self.answers["RCPT"] = "550 no " + TOKEN
        return "smtp-550"

    def hang(self) -> None:
        self.silent = True

    async def down(self) -> None:
        if self.server is not None:
            self.server.close()

    def told(self) -> list[str]:
        return [text for mail in self.mails for text in _words_of(mail)]

    def sizes(self) -> list[int]:
        return [len(_content(mail)) for mail in self.mails]

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope, to: str, _options: list[str]
    ) -> str:
        if self.silent:
            await asyncio.Event().wait()
        answer = self.answers.get(f"RCPT {to}") or self.answers.get("RCPT", "250 OK")
        if answer.startswith("250"):
            envelope.rcpt_tos.append(to)
        return answer

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, _server: SMTP, _session: Session, envelope: Envelope
    ) -> str:
        self.mails.append(envelope)
        return self.answers.get("DATA", "250 OK")


def _content(envelope: Envelope) -> bytes:
    content = envelope.content
    assert isinstance(content, bytes)
    return content


def _words_of(envelope: Envelope) -> list[str]:
    mail = email.message_from_bytes(_content(envelope), policy=email.policy.default)
    parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
    return [*map(str, mail.values()), *"".join(parts).splitlines()]


@asynccontextmanager
async def smtp(folder: Path) -> AsyncIterator[SmtpSide]:
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    authority.issue_cert("localhost").configure_cert(context)
    side = SmtpSide(0)

    def login(_server: SMTP, _session: Session, _envelope: Envelope, _how: str, data: Any) -> Any:
        return AuthResult(success=data.password == TOKEN.encode(), handled=False)

    def talk() -> SMTP:
        return SMTP(
            side,
            hostname="mail.example",
            tls_context=context,
            require_starttls=True,
            authenticator=login,
            auth_required=True,
            data_size_limit=1 << 22,
            loop=asyncio.get_running_loop(),
        )

    side.server = await asyncio.get_running_loop().create_server(talk, "localhost", 0)
    port = side.server.sockets[0].getsockname()[1]
    side.written["url"] = f"smtp://localhost:{port}"
    try:
        yield side
    finally:
        side.server.close()


_PROGRAM = """#!/bin/sh
cat > "$OUT/told.$$"
echo "$SAYS" >&2
test -e "$OUT/hang" && { sleep 60 & wait; }
exit "$(cat "$OUT/code")"
"""


class CommandSide:
    """A shell script that keeps what it is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.program = folder / "page"
        self.program.write_text(_PROGRAM)
        self.program.chmod(0o755)
        self.code(0)
        env = {"OUT": str(folder), "TOKEN": TOKEN, "SAYS": f"no {TOKEN}"}
        self.written = {"run": [str(self.program)], "env": env}

    def code(self, code: int) -> None:
        (self.folder / "code").write_text(str(code))

    def busy(self) -> str:
        self.code(75)
        return "exit-75"

    def refuse(self) -> str:
        self.code(3)
        return "exit-3"

    def hang(self) -> None:
        (self.folder / "hang").touch()

    async def down(self) -> None:
        self.program.unlink()

    def told(self) -> list[str]:
        return [text for one in self._told() for text in texts(json.loads(one.read_bytes()))]

    def sizes(self) -> list[int]:
        return [one.stat().st_size for one in self._told()]

    def _told(self) -> list[Path]:
        return sorted(self.folder.glob("told.*"))


@asynccontextmanager
async def command(folder: Path) -> AsyncIterator[CommandSide]:
    yield CommandSide(folder)


@dataclass(frozen=True, slots=True, kw_only=True)
class Conduct:
    """
    How one kind is tried.

    Attributes:
        kind: Its name.
        side: Makes a far side.
        silent_on: Events that it cannot express.
        says_why: Whether it can tell a refusal, and one that is down, from "not now".
        at_most: Bytes of the largest message.
        fits: Finds fault with what arrived, where the far side counts otherwise.
        live: What would do something at the far side if it arrived as it is.
    """

    kind: str
    side: Callable[[Path], Any]
    is_http: bool = True
    silent_on: frozenset[str] = frozenset()
    says_why: bool = True
    at_most: int = 512_000
    fits: Callable[[list[Any]], None] = lambda _bodies: None
    live: tuple[str, ...] = ()
    any_2xx: bool = True
    good: str = ""

    def options(self, side: Side, **changes: Any) -> Any:
        """The options of *side* as the loader makes them."""
        return receiver_kinds()[self.kind].options.validate_python(side.written | changes)


def _slack_fits(bodies: list[Any]) -> None:
    for body in bodies:
        assert len(body["blocks"]) <= 50
        assert utf16(body["text"]) <= 4000
        for block in body["blocks"]:
            assert block["type"] in {"section", "context"}
            if block["type"] == "section":
                assert 1 <= utf16(block["text"]["text"]) <= 3000
            else:
                assert 1 <= len(block["elements"]) <= 10


def _discord_fits(bodies: list[Any]) -> None:
    for body in bodies:
        assert 1 <= utf16(body["content"]) <= 2000
        [embed] = body["embeds"]
        assert len(embed["fields"]) <= 25
        for one in embed["fields"]:
            assert 1 <= utf16(one["name"]) <= 256
            assert 1 <= utf16(one["value"]) <= 1024
        total = sum(utf16(one["name"]) + utf16(one["value"]) for one in embed["fields"])
        assert total <= 6000
        assert body["allowed_mentions"] == {"parse": []}


def _ntfy_fits(bodies: list[Any]) -> None:
    for body in bodies:
        assert 1 <= utf8(body["message"]) <= 4096
        assert len(body["title"]) <= 250
        assert len(body["actions"]) <= 3


def _opsgenie_fits(bodies: list[Any]) -> None:
    for body in (one for one in bodies if "alias" in one):
        assert 1 <= utf16(body["message"]) <= 130
        assert utf16(body["alias"]) <= 512
        assert utf16(body["description"]) <= 15_000
        assert sum(utf16(k) + utf16(v) for k, v in body["details"].items()) <= 8000
        assert body["priority"] in {"P1", "P2", "P3", "P4", "P5"}


_PLAIN: dict[str, Any] = {}
_OK = '{"ok": true, "channel": "C0123456789", "ts": "1791209100.000100"}'
_ALL = [
    Conduct(
        kind="alertmanager",
        side=partial(http, written={"headers": {"Authorization": f"Bearer {TOKEN}"}}),
        silent_on=frozenset({"acknowledge"}),
    ),
    Conduct(
        kind="apprise",
        side=partial(http, written=_PLAIN, url=lambda url: url.replace("http:", "json:")),
        is_http=False,
        silent_on=frozenset({"acknowledge"}),
        says_why=False,
    ),
    Conduct(kind="command", side=command, is_http=False),
    Conduct(
        kind="discord",
        side=partial(http, written=_PLAIN),
        fits=_discord_fits,
        live=("[click](", "**bold**"),
    ),
    Conduct(
        kind="email",
        side=smtp,
        is_http=False,
        silent_on=frozenset({"acknowledge"}),
        live=("<b>bold", "X-Injected:"),
    ),
    Conduct(
        kind="ntfy", side=partial(http, written={"topic": TOPIC, "token": TOKEN}), fits=_ntfy_fits
    ),
    Conduct(
        kind="opsgenie",
        side=partial(http, written={"api_key": TOKEN}),
        fits=_opsgenie_fits,
        live=("<b>", "<!"),
    ),
    Conduct(
        kind="pagerduty", side=partial(http, written={"routing_key": ROUTING_KEY}), any_2xx=False
    ),
    Conduct(
        kind="slack",
        side=partial(http, written=_PLAIN),
        silent_on=frozenset({"acknowledge"}),
        fits=_slack_fits,
        live=("<!channel>", "<@U", "<https://evil"),
    ),
    Conduct(
        kind="slack",
        side=partial(http, written={"token": TOKEN, "channel": "#oncall"}, text=_OK),
        fits=_slack_fits,
        live=("<!channel>", "<@U", "<https://evil"),
        any_2xx=False,
        good=_OK,
    ),
    Conduct(
        kind="teams",
        side=partial(http, written=_PLAIN),
        silent_on=frozenset({"acknowledge"}),
        at_most=28 * 1024,
    ),
    Conduct(
        kind="webhook",
        side=partial(
            http,
            written={
                "secret": SIGNING_SECRET,
                "headers": {"Authorization": f"Bearer {TOKEN}"},
            },
        ),
    ),
]
SIDES: dict[str, Conduct] = {
    one.kind + (" as a bot" if one.kind == "slack" and one.good else ""): one for one in _ALL
}
