"""OpenSSH on loopback, and what only says that it is one."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from probes import ssh
from probes.result import Outcome, Result
from probes.ssh_parts import exchange
from tests.probes.servers import free_ports, running
from tests.probes.support import Asker, refusal, speaking
from tests.tools import program

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter
OPTIONS: TypeAdapter[ssh.Options] = TypeAdapter(ssh.Options)


@dataclass
class Sshd:
    """A server: its port, and its host keys by type, as ``ssh-keygen`` writes them."""

    port: int
    folder: Path
    lines: dict[str, str] = field(default_factory=dict)

    def fingerprint(self, kind: str) -> str:
        """As ``ssh-keygen -l`` shows it."""
        said = subprocess.run(
            [program("ssh-keygen", "openssh-client"), "-lf", str(self.folder / f"{kind}.pub")],
            capture_output=True,
            text=True,
            check=True,
        )
        return said.stdout.split()[1]


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sshd]:
    """A server with a key of each type."""
    folder = tmp_path_factory.mktemp("ssh")
    server = Sshd(free_ports(1)[0], folder)
    config = [
        "ListenAddress 127.0.0.1",
        f"Port {server.port}",
        "PidFile none",
        "UsePAM no",
        "MaxStartups 1000",
        f"AuthorizedKeysFile {folder}/none",
    ]
    for kind in ("ed25519", "ecdsa", "rsa"):
        subprocess.run(
            [program("ssh-keygen", "openssh-client"), "-q", "-t", kind, "-N", "", "-f",
             str(folder / kind)],
            check=True,
        )  # fmt: skip
        server.lines[kind] = (folder / f"{kind}.pub").read_text().strip()
        config.append(f"HostKey {folder / kind}")
    (folder / "config").write_text("\n".join(config))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with running(
        [program("sshd", "openssh-server"), "-D", "-e", "-f", str(folder / "config")],
        server.port,
        log=folder / "log",
    ):
        yield server


async def ask(asker: Asker, port: int, *, timeout_s: float = 5, **written: Any) -> Result:
    options = OPTIONS.validate_python({"connect": f"127.0.0.1:{port}", **written})
    return await ssh.run(options, asker.watch(timeout_s))


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa", "rsa"])
async def test_the_host_key_is_proved_and_known(asker: Asker, sshd: Sshd, kind: str) -> None:
    by_print = await ask(
        asker, sshd.port, key=kind, expect={"host_key": sshd.fingerprint(kind), "banner": "OpenSSH"}
    )
    by_line = await ask(
        asker, sshd.port, key=kind, expect={"host_key": f"shop.example {sshd.lines[kind]}"}
    )
    seldom = await ask(asker, sshd.port, expect={"host_key": list(sshd.lines.values())})

    assert [one.outcome for one in (by_print, by_line, seldom)] == [Outcome.GOOD] * 3
    assert by_print.phases.first_byte_s is not None
    assert by_print.phases.transfer_s is not None


@pytest.mark.parametrize("method", [
    "curve25519-sha256", "curve25519-sha256@libssh.org", "ecdh-sha2-nistp256",
    "diffie-hellman-group14-sha256",
])  # fmt: skip
async def test_each_method_of_exchange_is_understood_by_openssh(
    asker: Asker, sshd: Sshd, method: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    only = {method: exchange._METHODS[method]}
    monkeypatch.setattr(exchange, "_METHODS", only)
    result = await ask(asker, sshd.port, expect={"host_key": sshd.fingerprint("ed25519")})

    assert result.outcome is Outcome.GOOD, result.detail


async def test_another_host_key_is_told_with_its_fingerprint(asker: Asker, sshd: Sshd) -> None:
    result = await ask(
        asker, sshd.port, key="rsa", expect={"host_key": sshd.fingerprint("ed25519")}
    )

    assert result.reason == "host-key"
    assert result.evidence is not None
    assert result.evidence.actual == f"{sshd.fingerprint('rsa')} (ssh-rsa)"
    assert result.evidence.body.startswith("SSH-2.0-OpenSSH")


async def test_another_banner_is_told(asker: Asker, sshd: Sshd) -> None:
    result = await ask(asker, sshd.port, expect={"banner": "^SSH-2.0-dropbear"})

    assert result.reason == "banner"
    assert result.detail.startswith("expected a banner like `^SSH-2.0-dropbear`, got SSH-2.0-Open")


async def test_the_server_hears_that_we_leave(asker: Asker, sshd: Sshd) -> None:
    await ask(asker, sshd.port)
    for _ in range(100):
        log = (sshd.folder / "log").read_text()
        if "11: seen" in log:
            return
        await asyncio.sleep(0.02)
    raise AssertionError(log)


KEXINIT = b"\x14" + bytes(16)


def packet(payload: bytes) -> bytes:
    padding = 8 - (5 + len(payload)) % 8 + 8
    return (
        (1 + len(payload) + padding).to_bytes(4, "big")
        + bytes([padding])
        + payload
        + bytes(padding)
    )


def offer(*lists: bytes) -> bytes:
    return KEXINIT + b"".join(len(one).to_bytes(4, "big") + one for one in lists) + bytes(5)


COMMON = (
    b"curve25519-sha256", b"ssh-ed25519", *[b"aes128-ctr"] * 2, *[b"hmac-sha2-256"] * 2,
    *[b"none"] * 2, b"", b"",
)  # fmt: skip
HELLO = b"SSH-2.0-x\r\n"


def reply(blob: bytes, public: bytes, signature: bytes) -> bytes:
    parts = (blob, public, signature)
    return b"\x1f" + b"".join(len(one).to_bytes(4, "big") + one for one in parts)


def strings(*parts: bytes) -> bytes:
    return b"".join(len(one).to_bytes(4, "big") + one for one in parts)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (b"", "empty-reply"),
        (b"SSH-2.0", "truncated"),
        (b"Not allowed at this time\r\n", "truncated"),
        (b"SSH-1.5-old\r\n", "protocol"),
        (b"HTTP/1.1 400 Bad Request\r\n" * 60, "malformed"),
        (b"x" * 5000, "malformed"),
        (HELLO, "truncated"),
        (HELLO + b"\xff\xff\xff\xff", "malformed"),
        (HELLO + b"\0\0\0\0", "malformed"),
        (HELLO + b"\0\0\0\x05\xff\x14...", "malformed"),
        (HELLO + packet(b"\x01\0\0\0\x02" + strings(b"too many", b"")), "refused"),
        (HELLO + packet(b"\x01\0"), "malformed"),
        (HELLO + packet(b"\x15"), "malformed"),
        (HELLO + packet(KEXINIT + b"\xff\xff\xff\xff"), "malformed"),
        (HELLO + packet(offer(b"sntrup761x25519-sha512", *COMMON[1:])), "key-exchange"),
        (HELLO + packet(offer(COMMON[0], b"ssh-dss", *COMMON[2:])), "key-exchange"),
        (HELLO + packet(offer(*COMMON)) + packet(b"\x15"), "malformed"),
        (HELLO + packet(offer(*COMMON)) + packet(reply(b"", b"", b"")), "key-exchange"),
        (
            HELLO
            + packet(offer(*COMMON))
            + packet(
                reply(
                    strings(b"ssh-ed25519", b"k" * 32), b"\x09" + bytes(31),
                    strings(b"ssh-ed25519", b"s" * 64),
                )
            ),
            "key-exchange",
        ),
        (
            HELLO
            + packet(offer(*COMMON))
            + packet(reply(b"\0\0\0\1a\n", b"\x09" + bytes(31), strings(b"ssh-ed25519", b""))),
            "key-exchange",
        ),
        (HELLO + packet(b"\x02") * 20_000, "body-too-large"),
    ],
)  # fmt: skip
async def test_what_is_no_server_has_a_reason(asker: Asker, answer: bytes, reason: str) -> None:
    async def speak(reader: Reader, writer: Writer) -> None:
        writer.write(answer)
        await writer.drain()
        writer.write_eof()
        await reader.read()

    async with speaking(speak) as port:
        began = time.monotonic()
        result = await ask(asker, port)

    assert result.reason == reason, result.detail
    assert time.monotonic() - began < 1


async def test_a_guess_of_the_server_is_passed_over(asker: Asker) -> None:
    guessing = offer(b"other,curve25519-sha256", *COMMON[1:])[:-5] + b"\1" + bytes(4)

    async def speak(reader: Reader, writer: Writer) -> None:
        writer.write(HELLO + packet(guessing) + packet(b"\x1e guess") + packet(b"\x15"))
        await reader.read()

    async with speaking(speak) as port:
        result = await ask(asker, port)

    assert result.detail == "message 21 is no answer to a key exchange"


@pytest.mark.parametrize(
    "written", ["", 7, "SHA256:short", "MD5:00:11", "ssh-ed25519 AAAA-", ["ssh-rsa AAAA!"]]
)
def test_what_is_no_host_key_is_refused(written: Any) -> None:
    refused = refusal(OPTIONS, {"connect": "a:22", "expect": {"host_key": written}})

    assert refused.what.endswith("is not a host key")
