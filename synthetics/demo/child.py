"""The service as a child process, started the way that a user starts it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

_STOPS_WITHIN_S = 8.0


class ChildFailed(Exception):
    """The service ended, or never became ready; the text is for the reader of the story."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """
    A running service.

    Attributes:
        url: Its web address.
        log: Where its standard error goes.
    """

    url: str
    log: Path
    process: asyncio.subprocess.Process

    async def ready(self) -> None:
        """
        Return once the service says that it is ready; the caller brings the timeout.

        Raises:
            ChildFailed: It ended instead.
        """
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            while True:
                self.check()
                with suppress(aiohttp.ClientError, TimeoutError):
                    async with session.get(f"{self.url}/-/ready") as answer:
                        if answer.status == 200:
                            return
                await asyncio.sleep(0.1)

    def check(self) -> None:
        """
        Return if it still runs.

        Raises:
            ChildFailed: It ended.
        """
        if self.process.returncode is not None:
            raise ChildFailed(f"the service ended with code {self.process.returncode}")

    def last_words(self, lines: int = 12) -> list[str]:
        """The end of its log."""
        return self.log.read_text(errors="replace").splitlines()[-lines:]


@asynccontextmanager
async def service(
    *, config: Path, database: Path, log: Path, environ: Mapping[str, str]
) -> AsyncIterator[Service]:
    """Run ``synthetics run`` on a free port until the block ends, then stop it with SIGTERM."""
    port = _free_port()
    with log.open("wb") as sink:
        # A session of its own: Ctrl-C reaches this process only, which then stops the child.
        process = await asyncio.create_subprocess_exec(
            *command("run", "--config", str(config), "--db", str(database), "--port", str(port)),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            env={**os.environ, **environ},
            start_new_session=True,
        )
    try:
        yield Service(url=f"http://127.0.0.1:{port}", log=log, process=process)
    finally:
        await _stop(process)


def command(*words: str) -> tuple[str, ...]:
    """``synthetics …`` by this interpreter; ``-P`` keeps modules of the working directory out."""
    return (sys.executable, "-P", "-m", "synthetics", *words)


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        async with asyncio.timeout(_STOPS_WITHIN_S):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port
