"""Programs that are told something on their standard input, and end with all that they began."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import suppress

_PASSED_ON = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR")


def inherited() -> dict[str, str]:
    """As much of our own environment as a program needs; the rest may hold secrets."""
    return {name: os.environ[name] for name in _PASSED_ON if name in os.environ}


async def feed(process: asyncio.subprocess.Process, body: bytes) -> None:
    """Let *process*, which has a pipe to read from, read *body* and no more; it need not."""
    stdin = process.stdin
    assert stdin is not None
    if stdin.is_closing():  # it has ended already; uvloop raises where asyncio passes over it
        return
    with suppress(ConnectionError):
        stdin.write(body)
        await stdin.drain()
    stdin.close()


def kill(process: asyncio.subprocess.Process) -> None:
    """End *process* and all that it began: they are one process group."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
