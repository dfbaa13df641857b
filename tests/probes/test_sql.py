"""PostgreSQL and MariaDB on loopback, and what only says that it is one of them."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import struct
from typing import Any

import pytest
from pydantic import TypeAdapter

from probes import sql
from probes.result import Outcome, Result
from tests.probes.databases import PASSWORD
from tests.probes.support import SECRETS, Asker, Speak, look_up, refusal, speaking

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
OPTIONS: TypeAdapter[sql.Options] = TypeAdapter(sql.Options)
assert SECRETS["PASSWORD"] == PASSWORD


async def ask(asker: Asker, *, timeout_s: float = 5, **written: Any) -> Result:
    options = OPTIONS.validate_python(written, context={"resolve": look_up})
    return await sql.run(options, asker.watch(timeout_s))


def login(username: str) -> dict[str, str]:
    return {"username": username, "password": "${env:PASSWORD}"}


@pytest.fixture(params=["postgresql", "mysql"])
def database(request: pytest.FixtureRequest) -> dict[str, Any]:
    """How to reach either of them."""
    if request.param == "postgresql":
        port = request.getfixturevalue("postgres_port")
        return {"postgresql": f"127.0.0.1:{port}", "login": login("scram"), "database": "postgres"}
    port = request.getfixturevalue("maria_port")
    return {"mysql": f"127.0.0.1:{port}", "login": login("probe"), "database": "shop"}


@pytest.mark.parametrize(
    ("query", "expect", "reason"),
    [
        (None, {}, ""),
        (None, {"value": 1, "rows": 1}, ""),
        ("SELECT count(*) FROM orders", {"value": {"at_least": 2}}, ""),
        ("SELECT count(*) FROM orders", {"value": {"over": 2}}, "value"),
        ("SELECT * FROM orders ORDER BY id", {"rows": 2, "columns": {"id": {"over": 0}}}, ""),
        ("SELECT * FROM orders", {"columns": {"id": {"over": 1}}}, "value"),
        ("SELECT * FROM orders", {"columns": {"missing": 1}}, "value"),
        ("SELECT note FROM orders WHERE id = 1", {"value": "カート"}, ""),
        ("SELECT note FROM orders WHERE id = 2", {"value": None}, ""),
        ("SELECT total FROM orders WHERE id = 1", {"value": 9.5}, ""),
        ("SELECT 1.5 AS x UNION SELECT 2.5", {"columns": {"x": {"under": 3}}}, ""),
        ("SELECT id FROM orders WHERE id > 5", {"rows": 0}, ""),
        ("SELECT id FROM orders WHERE id > 5", {"value": 1}, "value"),
        ("SELECT id FROM orders WHERE id > 5", {"value": {"exists": False}}, ""),
        ("SELECT 1", {"rows": {"over": 1}}, "rows"),
        (f"SELECT 1 FROM {', '.join(f'orders a{number}' for number in range(10))}", {}, "rows"),
        ("SELEKT 1", {}, "query"),
        ("SELECT * FROM nothing", {}, "query"),
        ("DELETE FROM orders", {}, "query"),
        ("DROP TABLE orders", {}, "query"),
        ("SELECT 1; SELECT 2", {}, "query"),
    ],
)  # fmt: skip
async def test_what_is_expected_of_an_answer(
    asker: Asker,
    database: dict[str, Any],
    query: str | None,
    expect: dict[str, Any],
    reason: str,
) -> None:
    asked: dict[str, Any] = {"query": query} if query else {}
    result = await ask(asker, **database, **asked, expect=expect)

    assert result.reason == reason, result.detail


async def test_what_was_answered_is_kept_of_a_failure(
    asker: Asker, database: dict[str, Any]
) -> None:
    query = "SELECT id, note FROM orders ORDER BY id"
    result = await ask(asker, **database, query=query, expect={"rows": 3})

    assert result.detail == "expected the number of rows equal to 3, got 2"
    assert result.evidence is not None
    assert result.evidence.body == "id | note\n1 | カート\n2 | NULL\n"
    assert result.phases.first_byte_s is not None
    assert result.phases.transfer_s is not None


async def test_what_was_written_on_purpose_stays(asker: Asker, database: dict[str, Any]) -> None:
    create = "CREATE TABLE IF NOT EXISTS mine (id INT)"
    owner = {**database, "login": login("probe")} if "mysql" in database else database
    query = create if "mysql" in database else "INSERT INTO orders VALUES (0, 0, TRUE, 'x')"
    result = await ask(asker, **owner, query=query, read_only=False)
    undo = "DROP TABLE mine" if "mysql" in database else "DELETE FROM orders WHERE id = 0"
    undone = await ask(asker, **owner, query=undo, read_only=False)

    assert result.outcome is Outcome.GOOD, result.detail
    assert undone.outcome is Outcome.GOOD, undone.detail


async def test_over_tls_the_certificate_counts_too(
    asker: Asker, database: dict[str, Any], pem: str
) -> None:
    good = await ask(asker, **database, tls={"ca": pem})
    strange = await ask(asker, **database, tls=True)
    soon = await ask(
        asker, **database, tls={"ca": pem}, expect={"certificate": {"valid_for": "31d"}}
    )

    assert good.outcome is Outcome.GOOD, good.detail
    assert good.facts.certificate_expires_at is not None
    assert good.phases.tls_s is not None
    assert strange.reason == "tls-unknown-ca"
    assert soon.reason == "certificate"


async def test_a_query_that_takes_too_long_ends_in_time(
    asker: Asker, database: dict[str, Any]
) -> None:
    slow = "SELECT sleep(5)" if "mysql" in database else "SELECT pg_sleep(5)"
    result = await ask(asker, **database, query=slow, timeout_s=0.4)

    assert result.reason == "timeout"
    assert result.detail == "not done after 0.4 s: waiting for the answer to the query"


@pytest.mark.parametrize(
    ("username", "reason"),
    [("scram", ""), ("md5", ""), ("trusted", ""), ("clear", "login"), ("stranger", "login"),
     ("unheard-of", "login")],
)  # fmt: skip
async def test_how_postgresql_lets_us_in(
    asker: Asker, postgres_port: int, username: str, reason: str
) -> None:
    where: dict[str, Any] = {"postgresql": f"127.0.0.1:{postgres_port}", "database": "postgres"}
    result = await ask(asker, **where, login=login(username))
    none = await ask(asker, **where, login={"username": username})

    assert result.reason == reason, result.detail
    assert none.reason == ("" if username == "trusted" else "login")


async def test_a_password_goes_only_over_tls_if_postgresql_wants_it_itself(
    asker: Asker, postgres_port: int, pem: str
) -> None:
    where: dict[str, Any] = {"postgresql": f"127.0.0.1:{postgres_port}", "database": "postgres"}
    plain = await ask(asker, **where, login=login("over_tls"))
    encrypted = await ask(asker, **where, login=login("over_tls"), tls={"ca": pem})

    assert plain.detail == "the server wants the password unencrypted"
    assert encrypted.outcome is Outcome.GOOD, encrypted.detail


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (login("probe"), ""),
        ({"username": "nobody"}, ""),
        ({"username": "probe", "password": "not that one"}, "login"),
        ({"username": "probe"}, "login"),
        ({"username": "odd", "password": "whatever"}, "login"),
    ],
)
async def test_how_mariadb_lets_us_in(
    asker: Asker, maria_port: int, written: dict[str, str], reason: str
) -> None:
    result = await ask(asker, mysql=f"127.0.0.1:{maria_port}", login=written)

    assert result.reason == reason, result.detail


async def test_a_database_that_is_not_there_is_told(asker: Asker, database: dict[str, Any]) -> None:
    result = await ask(asker, **{**database, "database": "warehouse"})

    assert result.reason in ("refused", "login")
    assert "warehouse" in result.detail


def greeting(plugin: bytes = b"caching_sha2_password") -> bytes:
    """As MySQL 8 begins, with the salt ``a…`` twenty times."""
    flags = 0x0008_8A09
    body = b"\x0a8.4.0\0" + bytes(4) + b"a" * 8 + b"\0" + struct.pack("<H", flags & 0xFFFF)
    body += b"\x2d\x02\0" + struct.pack("<H", flags >> 16) + b"\x15" + bytes(10)
    return packet(0, body + b"a" * 12 + b"\0" + plugin + b"\0")


def packet(number: int, body: bytes) -> bytes:
    return len(body).to_bytes(3, "little") + bytes([number]) + body


OK = b"\0\0\0\2\0\0\0"


async def _read(reader: Reader) -> bytes:
    head = await reader.readexactly(4)
    return await reader.readexactly(int.from_bytes(head[:3], "little"))


def mysql_8(*, full: bool) -> Speak:
    """The way of logging in that MySQL 8 prefers, and no answers to queries."""

    async def speak(reader: Reader, writer: Writer) -> None:
        writer.write(greeting())
        await _read(reader)
        writer.write(packet(2, b"\xfecaching_sha2_password\0" + b"b" * 20 + b"\0"))
        once = hashlib.sha256(PASSWORD.encode()).digest()
        mixed = hashlib.sha256(hashlib.sha256(once).digest() + b"b" * 20).digest()
        proved = await _read(reader) == bytes(a ^ b for a, b in zip(once, mixed, strict=True))
        assert proved
        if full:
            writer.write(packet(4, b"\x01\x04"))
            await _read(reader)
        else:
            writer.write(packet(4, b"\x01\x03") + packet(5, OK))
        while True:
            command = await _read(reader)
            if b"SELECT" not in command:
                writer.write(packet(1, OK))
                continue
            column = b"\x03def\0\0\0\x011\0\x0c\x3f\0\1\0\0\0\x08\0\0\0\0\0"
            end = b"\xfe\0\0\2\0"
            for number, body in enumerate((b"\1", column, end, b"\0011", end), 1):
                writer.write(packet(number, body))

    return speak


async def test_mysql_8_is_shown_that_we_know_the_password(asker: Asker) -> None:
    async with speaking(mysql_8(full=False)) as port:
        result = await ask(
            asker, mysql=f"127.0.0.1:{port}", login=login("probe"), expect={"value": 1}
        )
    async with speaking(mysql_8(full=True)) as port:
        wanting = await ask(asker, mysql=f"127.0.0.1:{port}", login=login("probe"))

    assert result.outcome is Outcome.GOOD, result.detail
    assert wanting.detail == "the server wants the password itself, which needs `tls`"


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "empty-reply"),
        (b"\1\0", "truncated"),
        (b"SSH-2.0-x\r\n", "malformed"),
        (b"\xff\xff\xff\0" + b"x" * 2000, "malformed"),
        (packet(0, b"\xff\x10\x04Too many connections"), "refused"),
        (packet(0, b"\x0a"), "malformed"),
        (packet(0, b"\x0a8\0" + b"x" * 20), "malformed"),
        (greeting() + packet(2, b"\xff\x15\x04#28000Access denied"), "login"),
        (greeting() + packet(2, b"\xfeclient_ed25519\0"), "login"),
        (greeting() + packet(2, b"\xfemysql_native_password\0") * 20, "malformed"),
        (greeting() + packet(2, b"\x01\x09"), "malformed"),
        (greeting() + packet(2, OK) + packet(1, b"\xfb/etc/passwd"), "malformed"),
        (greeting() + packet(2, OK) + packet(1, b"\xfe" + b"\xff" * 8), "malformed"),
        (greeting() + packet(2, OK) + packet(1, b"\xfc"), "malformed"),
        (greeting() + packet(2, OK) + packet(1, b"\1") + packet(2, b"\3de"), "malformed"),
    ],
)
async def test_what_is_not_mysql_has_a_reason(asker: Asker, answer: bytes, reason: str) -> None:
    async with speaking(_say(answer)) as port:
        result = await ask(asker, mysql=f"127.0.0.1:{port}", login=login("probe"))

    assert result.reason == reason, result.detail


def _say(answer: bytes) -> Speak:
    async def speak(reader: Reader, writer: Writer) -> None:
        writer.write(answer)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    return speak


def message(kind: bytes, body: bytes = b"") -> bytes:
    return kind + (len(body) + 4).to_bytes(4, "big") + body


IN = message(b"R", bytes(4)) + message(b"Z", b"I")
SASL = message(b"R", b"\0\0\0\x0aSCRAM-SHA-256\0\0")
ROW = message(b"T", b"\0\1x\0" + bytes(6) + b"\0\0\0\x17" + bytes(8))


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "empty-reply"),
        (b"R\0\0", "truncated"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "malformed"),
        (b"R\xff\xff\xff\xff", "malformed"),
        (b"R\0\0\0\0", "malformed"),
        (message(b"E", b"SFATAL\0C57P03\0Mthe database system is starting up\0\0"), "refused"),
        (message(b"E", b"SFATAL\0C28P01\0Mpassword authentication failed\0\0"), "login"),
        (message(b"E"), "refused"),
        (message(b"R", b"\0\0\0\x07"), "login"),
        (message(b"R", b"\0\0\0\x0aPLAIN\0\0"), "login"),
        (SASL + message(b"R", b"\0\0\0\x0br=other,s=AAAA,i=4096"), "login"),
        (message(b"N") * 50_000, "malformed"),
        (IN * 3 + ROW + message(b"D", b"\0\2"), "malformed"),
        (IN * 3 + message(b"T", b"\xff\xff"), "malformed"),
        (IN * 3 + message(b"T", b"\0\1x"), "malformed"),
        (IN * 3 + ROW + message(b"D", b"\0\1\0\0\0\x09x"), "malformed"),
        (IN * 3 + ROW + message(b"D", b"\0\1\0\0\0\x011") * 2000, "rows"),
        (message(b"S", b"x" * (1 << 19)) * 3, "body-too-large"),
    ],
)  # fmt: skip
async def test_what_is_not_postgresql_has_a_reason(
    asker: Asker, answer: bytes, reason: str
) -> None:
    async with speaking(_say(answer)) as port:
        result = await ask(asker, postgresql=f"127.0.0.1:{port}", login=login("probe"))

    assert result.reason == reason, result.detail


@pytest.mark.parametrize(
    ("rounds", "last", "said"),
    [
        ("999999999", b"", "the server asks for 999999999 rounds of hashing"),
        ("x", b"", "the server's challenge is not SCRAM's"),
        ("4096", b"v=AAAA", "the server does not prove that it knows the password"),
    ],
)
async def test_a_server_proves_itself_and_may_not_keep_us_busy(
    asker: Asker, rounds: str, last: bytes, said: str
) -> None:
    async def speak(reader: Reader, writer: Writer) -> None:
        await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big") - 4)
        writer.write(SASL)
        first = await reader.readuntil(b"r=") + await reader.readexactly(24)
        salt = base64.b64encode(b"salt").decode()
        challenge = f"r={first[-24:].decode()}more,s={salt},i={rounds}".encode()
        writer.write(message(b"R", b"\0\0\0\x0b" + challenge))
        await reader.readuntil(b"p=")
        writer.write(message(b"R", b"\0\0\0\x0c" + last))
        await reader.read()

    async with speaking(speak) as port:
        result = await ask(asker, postgresql=f"127.0.0.1:{port}", login=login("probe"))

    assert (result.reason, result.detail) == ("login", said)


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({}, "a query goes to one database"),
        ({"mysql": "a:1", "postgresql": "a:1"}, "a query goes to one database"),
        ({"mysql": "a:1", "expect": {"certificate": {"valid_for": "1d"}}},
         "without TLS there is no certificate"),
        ({"mysql": "a:1", "query": "SELECT '${x}'"}, "nothing is captured here to fill ${x}"),
    ],
)  # fmt: skip
def test_mistakes_are_named(written: dict[str, Any], what: str) -> None:
    assert refusal(OPTIONS, {"login": {"username": "probe"}, **written}).what == what
