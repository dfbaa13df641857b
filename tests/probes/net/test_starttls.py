"""How encryption begins in the middle, with the servers that people run."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme
from pydantic import TypeAdapter

from probes import tls
from probes.result import Outcome
from tests.probes.dovecot import dovecot
from tests.probes.servers import free_ports, running, write_certificate
from tests.probes.support import Asker, speaking
from tests.tools import program

OPTIONS: TypeAdapter[tls.Options] = TypeAdapter(tls.Options)


@contextlib.contextmanager
def slapd(authority: trustme.CA) -> Iterator[int]:
    """OpenLDAP without any entries; its port."""
    folder = Path(tempfile.mkdtemp(prefix="slapd-"))
    try:
        port = free_ports(1)[0]
        certificate, key = write_certificate(folder, authority)
        (folder / "slapd.conf").write_text(
            f"pidfile {folder}/pid\nTLSCertificateFile {certificate}\n"
            f"TLSCertificateKeyFile {key}\nTLSCACertificateFile {certificate}\n"
        )
        # In the foreground, as any level of debugging has it.
        command = [program("slapd", "slapd"), "-f", str(folder / "slapd.conf"), "-d", "0"]
        with running([*command, "-h", f"ldap://127.0.0.1:{port}"], port, log=folder / "log"):
            yield port
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module", params=["imap", "pop3", "postgres", "mysql", "ldap"])
def server(request: pytest.FixtureRequest, authority: trustme.CA) -> Iterator[tuple[str, int]]:
    """A protocol, and the port of a server that speaks it."""
    protocol: str = request.param
    with contextlib.ExitStack() as stack:
        if protocol == "ldap":
            yield protocol, stack.enter_context(slapd(authority))
        elif protocol == "postgres":
            yield protocol, request.getfixturevalue("postgres_port")
        elif protocol == "mysql":
            yield protocol, request.getfixturevalue("maria_port")
        else:
            ports = stack.enter_context(dovecot(authority, "long enough")).ports
            yield protocol, ports.imap if protocol == "imap" else ports.pop3


async def test_the_server_begins_to_encrypt_when_asked(
    asker: Asker, server: tuple[str, int], pem: str
) -> None:
    protocol, port = server
    written = {"connect": f"127.0.0.1:{port}", "starttls": protocol, "ca": pem}
    result = await tls.run(OPTIONS.validate_python(written), asker.watch(5))

    assert result.outcome is Outcome.GOOD, result.detail
    assert result.facts.certificate_expires_at is not None


@pytest.mark.parametrize(
    ("protocol", "answer", "reason"),
    [
        ("smtp", b"220 hello\r\n250-me\r\n250 SIZE\r\n", "starttls"),
        ("smtp", b"220-hello\r\n" * 200, "malformed"),
        ("smtp", b"* OK\r\n", "malformed"),
        ("ftp", b"220 hello\r\n530 no\r\n", "starttls"),
        ("ftp", b"421 too many\r\n", "starttls"),
        ("imap", b"* OK\r\na1 BAD\r\n", "starttls"),
        ("imap", b"* BYE\r\n", "malformed"),
        ("imap", b"* OK\r\n" + b"* x\r\n" * 200, "starttls"),
        ("pop3", b"+OK\r\n-ERR\r\n", "starttls"),
        ("pop3", b"220\r\n", "malformed"),
        ("ldap", b"\x30\x0c\x02\x01\x01\x78\x07\x0a\x01\x02\x04\0\x04\0", "starttls"),
        ("ldap", b"\x30\x84\xff\xff\xff\xff", "malformed"),
        ("ldap", b"\x30\x03\x02\x01\x01", "malformed"),
        ("postgres", b"N", "starttls"),
        ("postgres", b"E", "malformed"),
        ("mysql", b"\x01\0\0\0\xff", "starttls"),
        ("mysql", b"\xff\xff\xff\0", "malformed"),
        ("mysql", b"\x03\0\0\0\x0a8\0", "malformed"),
    ],
)
async def test_what_does_not_begin_to_encrypt_has_a_reason(
    asker: Asker, protocol: str, answer: bytes, reason: str
) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    async with speaking(speak) as port:
        written = {"connect": f"127.0.0.1:{port}", "starttls": protocol}
        result = await tls.run(OPTIONS.validate_python(written), asker.watch(2))

    assert result.reason == reason, result.detail
