"""How each kind that connects is told of a target, in plain text and by TLS."""

from __future__ import annotations

import functools
import importlib.metadata
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from tests.probes.support import look_up

KINDS = {
    entry.name: entry.load() for entry in importlib.metadata.entry_points(group="synthetics.probes")
}
How = Mapping[str, Any] | None
"""What is written below ``tls``; ``None`` is plain text."""
Act = Callable[[socket.socket], None]
"""What a target does with whoever connects to it."""


@dataclass(frozen=True, kw_only=True)
class Reached:
    """
    Attributes:
        kind: Which kind it is.
        written: What is written below the kind's key, from ``host:port`` and how to encrypt.
        plain: Whether it can be asked in plain text.
        encrypts: Whether it can be told how to encrypt.
        preface: What a target says and hears before TLS begins.
        alpn: What a target agrees on that speaks TLS.
    """

    kind: str
    written: Callable[[str, How], Any]
    plain: bool = True
    encrypts: bool = True
    preface: Act | None = None
    alpn: str | None = None


def options(kind: str, written: Any) -> Any:
    """What is *written* below the key of *kind*, as the loader would take it."""
    return _adapter(kind).validate_python(written, context={"resolve": look_up})


@functools.cache
def _adapter(kind: str) -> TypeAdapter[Any]:
    return TypeAdapter(KINDS[kind].Options)


def _connect(**more: Any) -> Callable[[str, How], Any]:
    def written(where: str, how: How) -> Any:
        return {"connect": where, **more} | ({} if how is None else {"tls": how})

    return written


def _url(key: str, scheme: str, **more: Any) -> Callable[[str, How], Any]:
    def written(where: str, how: How) -> Any:
        secure = "" if how is None else "s"
        return {key: f"{scheme}{secure}://{where}/", **more} | ({} if how is None else {"tls": how})

    return written


def _journey(where: str, how: How) -> Any:
    return [{"name": "home", **_url("get", "http")(where, how)}]


def _domain(where: str, how: How) -> Any:
    return {"name": "shop.example", "url": f"http{'' if how is None else 's'}://{where}"}


def _dns(plain: str, secure: str) -> Callable[[str, How], Any]:
    def written(where: str, how: How) -> Any:
        over = {"over": plain} if how is None else {"over": secure, "tls": how}
        return {"query": "shop.example", "servers": where, **over}

    return written


def _starttls(**more: Any) -> Callable[[str, How], Any]:
    def written(where: str, how: How) -> Any:
        return {"connect": where, **more} | ({} if how is None else {"starttls": how})

    return written


def _sql(protocol: str) -> Callable[[str, How], Any]:
    def written(where: str, how: How) -> Any:
        asked = {protocol: where, "query": "SELECT 1"}
        return asked | {"login": LOGIN} | ({} if how is None else {"tls": how})

    return written


def _conversation(*turns: bytes | int) -> Act:
    """Say these, and hear as many bytes: no more, since a handshake may follow them at once."""

    def speak(peer: socket.socket) -> None:
        for turn in turns:
            if isinstance(turn, bytes):
                peer.sendall(turn)
            else:
                peer.recv(turn, socket.MSG_WAITALL)

    return speak


LOGIN = {"username": "probe", "password": "${env:PASSWORD}"}


def mysql_greeting(*, tls: bool) -> bytes:
    """The first that a server of MySQL 8 says."""
    can = (0xF7FF | tls << 11).to_bytes(2, "little")
    body = (
        b"\x0a8.0.0\0\1\0\0\0saltsalt\0" + can + b"\x21\2\0\xff\xff\x15"
        + bytes(10) + b"saltsaltsalt\0mysql_native_password\0"
    )  # fmt: skip
    return len(body).to_bytes(3, "little") + b"\0" + body


REACHED = {
    "amqp": Reached(kind="amqp", written=_connect(login=LOGIN)),
    "dns by tcp": Reached(kind="dns", written=_dns("tcp", "tls")),
    "dns by https": Reached(kind="dns", written=_dns("tcp", "https"), plain=False),
    "domain": Reached(kind="domain", written=_domain, encrypts=False),
    "grpc": Reached(kind="grpc", written=_connect(), alpn="h2"),
    "http": Reached(kind="http", written=_url("get", "http")),
    "imap": Reached(kind="imap", written=_connect(login=LOGIN)),
    "imap with starttls": Reached(
        kind="imap",
        written=_starttls(login=LOGIN),
        plain=False,
        preface=_conversation(
            b"* OK [CAPABILITY IMAP4rev1 STARTTLS] hello\r\n", len(b"a1 STARTTLS\r\n"), b"a1 OK\r\n"
        ),
    ),
    "journey": Reached(kind="journey", written=_journey),
    "kafka": Reached(kind="kafka", written=_connect()),
    "mqtt": Reached(kind="mqtt", written=_connect(round_trip={"topic": "a"})),
    "nats": Reached(
        kind="nats",
        written=_connect(round_trip={"subject": "a"}),
        preface=_conversation(b'INFO {"server_id":"x","tls_required":true}\r\n'),
    ),
    "redis": Reached(kind="redis", written=_connect()),
    "smtp": Reached(kind="smtp", written=_connect()),
    "smtp with starttls": Reached(
        kind="smtp",
        written=_starttls(),
        plain=False,
        preface=_conversation(
            b"220 hello\r\n",
            len(b"EHLO synthetics.invalid\r\n"),
            b"250-hello\r\n250 STARTTLS\r\n",
            len(b"STARTTLS\r\n"),
            b"220 go on\r\n",
        ),
    ),
    "sql of mysql": Reached(
        kind="sql",
        written=_sql("mysql"),
        preface=_conversation(mysql_greeting(tls=True), 36),
    ),
    "sql of postgresql": Reached(
        kind="sql", written=_sql("postgresql"), preface=_conversation(8, b"S")
    ),
    "ssh": Reached(kind="ssh", written=_connect(), encrypts=False),
    "tcp": Reached(kind="tcp", written=_connect(dialogue=[{"expect": "^220 "}])),
    "tls": Reached(
        kind="tls", written=lambda where, how: {"connect": where, **(how or {})}, plain=False
    ),
    "websocket": Reached(
        kind="websocket", written=_url("connect", "ws", dialogue=[{"expect": "x"}])
    ),
}
"""By a name for the test; a kind is here once for each way that its bytes go."""
