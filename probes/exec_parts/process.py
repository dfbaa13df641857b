"""Runs a program with all that it starts, for no longer than it may."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from probes.net.trip import Trip, Trouble
from probes.result import Outcome

KEPT = 64 * 1024
"""Bytes of output that are kept; the rest is read and forgotten, so that nobody waits for us."""


@dataclass(frozen=True, slots=True)
class Ended:
    """
    How a program ended.

    Attributes:
        code: Its exit code, or the number of the signal that ended it, below 0.
        output: The first `KEPT` bytes that it wrote to either stream, as text.
    """

    code: int
    output: str


async def execute(
    trip: Trip, command: Sequence[str], *, env: Mapping[str, str], folder: str | None, given: bytes
) -> Ended:
    """
    Run *command*, and wait until it has ended and nobody holds its output.

    It gets a process group of its own.  When we go before it has ended, because time is up or
    the run is cancelled, the whole group is killed.

    Args:
        trip: Whose phase ``transfer`` it is.
        command: The program, and its arguments.
        env: Its whole environment.
        folder: Where it runs; where we do unless set.
        given: What it reads.

    Raises:
        Trouble: Void ``no-program``: it cannot be started.
    """
    try:
        process = await _started(command, env=env, folder=folder)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        said = f"{command[0]} cannot be started: {why}"
        raise Trouble("no-program", said, outcome=Outcome.VOID) from None
    with trip.phase("transfer", f"waiting for {Path(command[0]).name} to end"):
        try:
            output = await _talk(process, given)
            return Ended(await process.wait(), output.decode("utf-8", "replace"))
        finally:
            _kill(process.pid)
            await asyncio.shield(process.wait())


async def _started(
    command: Sequence[str], *, env: Mapping[str, str], folder: str | None
) -> asyncio.subprocess.Process:
    """*command*, running; whoever is cancelled while it starts leaves nothing of it behind."""
    starting = asyncio.ensure_future(
        asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=env,
            cwd=folder,
            start_new_session=True,
        )
    )
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        with contextlib.suppress(OSError, ValueError):
            process = await starting
            _kill(process.pid)
            await asyncio.shield(process.wait())
        raise


async def _talk(process: asyncio.subprocess.Process, given: bytes) -> bytes:
    """Give and take at the same time: either side may wait for the other."""
    async with asyncio.TaskGroup() as both:
        both.create_task(_give(process.stdin, given))
        taken = both.create_task(_take(process.stdout))
    return taken.result()


async def _give(stdin: asyncio.StreamWriter | None, given: bytes) -> None:
    assert stdin is not None
    with contextlib.suppress(ConnectionError):
        stdin.write(given)
        await stdin.drain()
    stdin.close()


async def _take(stdout: asyncio.StreamReader | None) -> bytes:
    assert stdout is not None
    kept = bytearray()
    while piece := await stdout.read(KEPT):
        kept += piece[: KEPT - len(kept)]
    return bytes(kept)


def _kill(group: int) -> None:
    """End what is left of *group*: the program itself, or what it left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, signal.SIGKILL)
