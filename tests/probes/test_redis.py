"""Redis itself, and what only looks like it."""

from __future__ import annotations

import asyncio
import tracemalloc
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import trustme
from pydantic import TypeAdapter

from probes import redis
from probes.result import Outcome, Result
from tests.probes.servers import free_ports, running, write_certificate
from tests.probes.support import SECRETS, Asker, look_up, refusal, speaking
from tests.tools import program

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
OPTIONS: TypeAdapter[redis.Options] = TypeAdapter(redis.Options)
LOGIN = {"username": "probe", "password": "${env:TOKEN}"}


@dataclass(frozen=True)
class Ports:
    """Of a server: plain, and over TLS."""

    plain: int
    tls: int


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, authority: trustme.CA) -> Iterator[Ports]:
    """Redis with a password for all, and a user who may only look at ``jobs``."""
    folder = tmp_path_factory.mktemp("redis")
    certificate, key = write_certificate(folder, authority)
    ports = Ports(*free_ports(2))
    (folder / "redis.conf").write_text(
        f"bind 127.0.0.1\nport {ports.plain}\ntls-port {ports.tls}\ndir {folder}\nsave ''\n"
        f"tls-cert-file {certificate}\ntls-key-file {key}\ntls-ca-cert-file {certificate}\n"
        f'tls-auth-clients no\nrequirepass "{SECRETS["PASSWORD"]}"\n'
        f"user probe on >{SECRETS['TOKEN']} ~jobs +ping +llen +select +info\n"
    )
    with running(
        [program("redis-server", "redis-server"), str(folder / "redis.conf")],
        ports.plain,
        log=folder / "log",
    ):
        yield ports


async def ask(asker: Asker, port: int, *, timeout_s: float = 2, **written: Any) -> Result:
    options = OPTIONS.validate_python(
        {"connect": f"127.0.0.1:{port}", **written}, context={"resolve": look_up}
    )
    return await redis.run(options, asker.watch(timeout_s))


async def as_default(asker: Asker, server: Ports, **written: Any) -> Result:
    return await ask(asker, server.plain, login={"password": "${env:PASSWORD}"}, **written)


async def test_a_ping_is_enough_where_nothing_else_is_asked(asker: Asker, server: Ports) -> None:
    result = await as_default(asker, server)

    assert result.outcome is Outcome.GOOD, result.detail
    assert result.facts.address == "127.0.0.1"
    assert result.phases.first_byte_s is not None
    assert result.phases.transfer_s is not None


@pytest.mark.parametrize(
    ("login", "reason", "said"),
    [
        (None, "login", "NOAUTH"),
        ({"password": "wrong one"}, "login", "WRONGPASS"),
        ({"username": "nobody", "password": "${env:TOKEN}"}, "login", "WRONGPASS"),
        (LOGIN, "", ""),
    ],
)
async def test_who_may_come_in(
    asker: Asker, server: Ports, login: dict[str, str] | None, reason: str, said: str
) -> None:
    written: dict[str, Any] = {"login": login} if login else {}
    result = await ask(asker, server.plain, **written)

    assert result.reason == reason, result.detail
    assert result.detail.startswith(said)


async def test_a_user_may_do_what_the_access_control_list_says(asker: Asker, server: Ports) -> None:
    allowed = await ask(asker, server.plain, login=LOGIN, command=["LLEN", "jobs"], database=2)
    refused = await ask(asker, server.plain, login=LOGIN, command=["LLEN", "others"])

    assert allowed.outcome is Outcome.GOOD, allowed.detail
    assert refused.reason == "login"


@pytest.mark.parametrize(
    ("command", "expect", "reason"),
    [
        (["PING"], {"reply": "PONG"}, ""),
        (["ECHO", "12"], {"reply": {"at_least": 12, "under": 13, "regex": "^12$"}}, ""),
        (["ECHO", "12"], {"reply": 12}, ""),
        (["ECHO", "12"], {"reply": "12"}, ""),
        (["ECHO", "1.5"], {"reply": {"over": 1.5}}, "reply"),
        (["ECHO", "twelve"], {"reply": {"over": 1}}, "reply"),
        (["ECHO", "カート"], {"reply": {"contains": "カ"}}, ""),
        (["LLEN", "jobs"], {"reply": {"at_most": 1000}}, ""),
        (["LLEN", "jobs"], {"reply": {"over": 0}}, "reply"),
        (["GET", "nothing"], {"reply": {"type": "null"}}, ""),
        (["GET", "nothing"], {"reply": {"not": None}}, "reply"),
        (["CONFIG", "GET", "port"], {"reply": {"length": 2, "contains": "port"}}, ""),
        (["EVAL", "return {1, {'a', {err='no'}}}", "0"], {"reply": [1, ["a", "no"]]}, ""),
        (["INFO"], {"fields": {"role": "master", "connected_slaves": 0}}, ""),
        (["INFO"], {"fields": {"used_memory": {"under": 1}}}, "reply"),
        (["INFO"], {"fields": {"no_such_line": {"exists": True}}}, "reply"),
        (["PING"], {"fields": {"role": "master"}}, "reply"),
        (["LPUSH"], {}, "refused"),
        (["SELECT", "99"], {}, "refused"),
    ],
)
async def test_what_is_expected_of_a_reply(
    asker: Asker, server: Ports, command: list[str], expect: dict[str, Any], reason: str
) -> None:
    result = await as_default(asker, server, command=command, expect=expect)

    assert result.reason == reason, result.detail


async def test_a_wrong_reply_is_kept(asker: Asker, server: Ports) -> None:
    result = await as_default(asker, server, command=["ECHO", "7"], expect={"reply": {"over": 9}})

    assert result.detail == "expected the reply over 9, got 7"
    assert result.evidence is not None
    assert result.evidence.body == "> AUTH ***\nOK\n> ECHO 7\n7\n"
    assert (result.evidence.expected, result.evidence.actual) == ("the reply over 9", "7")


async def test_over_tls_the_certificate_counts_too(asker: Asker, server: Ports, pem: str) -> None:
    trusted: dict[str, Any] = {"tls": {"ca": pem}, "login": LOGIN}
    good = await ask(asker, server.tls, **trusted)
    strange = await ask(asker, server.tls, tls=True)
    soon = await ask(asker, server.tls, **trusted, expect={"certificate": {"valid_for": "31d"}})

    assert good.outcome is Outcome.GOOD, good.detail
    assert good.facts.certificate_expires_at is not None
    assert strange.reason == "tls-unknown-ca"
    assert soon.reason == "certificate"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "empty-reply"),
        (b"+PO", "truncated"),
        (b"$10\r\nshort", "truncated"),
        (b"HTTP/1.1 400 Bad Request\r\n", "malformed"),
        (b"\x00\xff\r\n", "malformed"),
        (b"$x\r\n", "malformed"),
        (b"$" + b"9" * 30 + b"\r\n", "malformed"),
        (b"$3\r\nabcdef\r\n", "malformed"),
        (b"*1\r\n" * 1000, "malformed"),
        (b"*9999999999\r\n" + b":1\r\n" * 20_000, "malformed"),
        (b"+" + b"x" * 10_000, "malformed"),
        (b"$9999999999\r\n" + b"x" * (2 << 20), "body-too-large"),
        (b"-LOADING Redis is loading the dataset in memory\r\n", "refused"),
        (b"-DENIED Redis is running in protected mode\r\n", "refused"),
    ],
)
async def test_what_is_no_reply_has_a_reason(asker: Asker, answer: bytes, reason: str) -> None:
    async def speak(reader: Reader, writer: Writer) -> None:
        await reader.readuntil(b"PING\r\n")
        writer.write(answer)

    tracemalloc.start()
    try:
        async with speaking(speak) as port:
            result = await ask(asker, port)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    assert result.reason == reason, result.detail
    assert peak < 16 << 20


async def test_a_slow_drip_ends_in_time(asker: Asker) -> None:
    async def drip(_: Reader, writer: Writer) -> None:
        while True:
            writer.write(b"*1\r\n")
            await asyncio.sleep(0.05)

    async with speaking(drip) as port:
        result = await ask(asker, port, timeout_s=0.2)

    assert result.reason == "timeout"
    assert result.detail == "not done after 0.2 s: waiting for the reply to PING"


@pytest.mark.parametrize(
    ("written", "what", "at"),
    [
        ({"expect": {"certificate": {"valid_for": "1d"}}}, "without TLS there is no certificate",
         ("expect", "certificate")),
        ({"command": ["GET", "${x}"]}, "nothing is captured here to fill ${x}", ()),
        ({"expect": {"reply": {"equals": ["${x}"]}}}, "nothing is captured here to fill ${x}", ()),
        ({"expect": {"reply": {"above": 1}}}, "'above' is not an operator", ("above",)),
    ],
)  # fmt: skip
def test_mistakes_are_named(written: dict[str, Any], what: str, at: tuple[str, ...]) -> None:
    refused = refusal(OPTIONS, {"connect": "cache.example:6379", **written})

    assert (refused.what, refused.at) == (what, at)
