"""Runs a program with all that it starts, for no longer than it may."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from probes.net.trip import Trip, Trouble
from probes.result import Outcome

KEPT = 64 * 1024
"""Bytes of output that are kept; the rest is read and forgotten, so that nobody waits for us."""

_DYING_S = 1.0
"""How long one that was killed is waited for; only one that is stuck in the kernel takes it."""


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
    trip: Trip,
    command: Sequence[str],
    *,
    env: Mapping[str, str],
    folder: str | None,
    given: bytes,
    heard: Callable[[str], None],
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
        heard: Told what it wrote, also if it had to be killed.

    Raises:
        Trouble: Void ``no-program``: it cannot be started.
    """
    try:
        program = _Program(command, env=env, folder=folder, given=given)
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        said = f"{command[0]} cannot be started: {why}"
        raise Trouble("no-program", said, outcome=Outcome.VOID) from None
    with trip.phase("transfer", f"waiting for {Path(command[0]).name} to end"):
        try:
            return Ended(await program.ended(), program.said)
        finally:
            heard(program.said)
            await program.end()


class _Program:
    """
    A program that runs.

    A loop could run it, too.  But asyncio's counts a program as running while anybody holds one
    of its pipes, and uvloop's hands these on to all that the program starts.

    Raises:
        OSError: It cannot be started.
        ValueError: As that, for words that no system takes.
    """

    def __init__(
        self, command: Sequence[str], *, env: Mapping[str, str], folder: str | None, given: bytes
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._exited, self._silent = asyncio.Event(), asyncio.Event()
        self._given = given
        self._output = bytearray()
        self._process = subprocess.Popen(  # noqa: S603 - what is run is the configuration's to say
            command,
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=env,
            cwd=folder,
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._stdin, self._stdout = self._process.stdin, self._process.stdout
        try:
            self._watch = os.pidfd_open(self._process.pid)
        except OSError:
            self._process.kill()
            self._process.communicate()
            raise
        os.set_blocking(self._stdin.fileno(), False)
        os.set_blocking(self._stdout.fileno(), False)
        self._loop.add_reader(self._watch, self._bury)
        self._loop.add_reader(self._stdout.fileno(), self._hear)
        self._loop.add_writer(self._stdin.fileno(), self._say)

    @property
    def said(self) -> str:
        """The first `KEPT` bytes of what it wrote so far."""
        return self._output.decode("utf-8", "replace")

    async def ended(self) -> int:
        """Its exit code, once it has ended and nobody holds its output."""
        await self._exited.wait()
        await self._silent.wait()
        return self._process.wait()

    async def end(self) -> None:
        """Kill it, and what it left behind in its group; nobody else is waited for."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        try:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._exited.wait(), _DYING_S)
        finally:
            self._loop.remove_reader(self._watch)
            os.close(self._watch)
            self._loop.remove_reader(self._stdout.fileno())
            self._stdout.close()
            self._hush()

    def _bury(self) -> None:
        self._loop.remove_reader(self._watch)
        self._process.wait()
        self._exited.set()

    def _hear(self) -> None:
        piece = os.read(self._stdout.fileno(), KEPT)
        self._output += piece[: KEPT - len(self._output)]
        if not piece:
            self._loop.remove_reader(self._stdout.fileno())
            self._silent.set()

    def _say(self) -> None:
        try:
            self._given = self._given[os.write(self._stdin.fileno(), self._given) :]
        except BrokenPipeError:
            self._given = b""
        if not self._given:
            self._hush()

    def _hush(self) -> None:
        """Let it know that there is no more to read."""
        if not self._stdin.closed:
            self._loop.remove_writer(self._stdin.fileno())
            self._stdin.close()
