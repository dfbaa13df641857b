"""Servers of other people, started on free ports of loopback and ended with the test."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import trustme


def free_ports(count: int) -> list[int]:
    """Ports of 127.0.0.1 that nobody listens at."""
    with contextlib.ExitStack() as held:
        found = []
        for _ in range(count):
            one = held.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            found.append(one.getsockname()[1])
        return found


@contextlib.contextmanager
def running(
    command: Sequence[str], port: int, *, log: Path, env: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """
    *command* in the foreground, from when *port* takes connections.

    Args:
        log: Where it writes to; shown if it ends too soon.
    """
    with (
        log.open("wb") as out,
        subprocess.Popen(command, stdout=out, stderr=out, env=env) as process,
    ):
        try:
            _wait_for(port, process, log)
            yield process
        finally:
            process.terminate()


def _wait_for(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(400):
        assert process.poll() is None, log.read_text(encoding="utf-8", errors="replace")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError(f"{process.args!r} does not listen")


def write_certificate(folder: Path, authority: trustme.CA) -> tuple[Path, Path]:
    """A certificate for ``localhost`` and 127.0.0.1 that ends in a month, and its key, as files."""
    ends = datetime.now(UTC) + timedelta(days=30)
    leaf = authority.issue_cert("localhost", "127.0.0.1", not_after=ends)
    certificate, key = folder / "cert.pem", folder / "key.pem"
    leaf.private_key_pem.write_to_path(key)
    key.chmod(0o600)
    certificate.write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    return certificate, key
