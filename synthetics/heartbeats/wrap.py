"""
Runs a job and reports for it, without the job noticing.

Nothing here may cost the job anything: reports are sent beside it, what goes wrong with them is
said in one line, and whoever waits for its end waits for them no longer than `END_S`.
"""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import IO
from uuid import uuid4

from synthetics.heartbeats.reporter import Reporter

FORWARDED = (
    signal.SIGHUP,
    signal.SIGINT,
    signal.SIGQUIT,
    signal.SIGTERM,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
FROM_A_TERMINAL = (signal.SIGINT, signal.SIGQUIT)
"""What a terminal sends to the job as well, so that it is not to be sent on."""

TAIL_BYTES = 9_000
"""Of its output that are reported; the service keeps 10,000."""

QUIET_S = 0.2
"""After its end its output is over once nothing came for so long."""

NOT_FOUND, NOT_STARTED = 127, 126
"""Exit codes as of a shell."""


@dataclass(slots=True)
class _Tail:
    """The last bytes of what was written."""

    pieces: deque[bytes] = field(default_factory=deque)
    size: int = 0

    def add(self, piece: bytes) -> None:
        self.pieces.append(piece)
        self.size += len(piece)
        while self.size - len(self.pieces[0]) >= TAIL_BYTES:
            self.size -= len(self.pieces.popleft())

    def lines(self) -> bytes:
        """Whole lines, as many as there is room for."""
        text = b"".join(self.pieces)
        if len(text) <= TAIL_BYTES:
            return text
        kept = text[-TAIL_BYTES:]
        return kept.partition(b"\n")[2] or kept


def run(command: Sequence[str], url: str, *, quiet: bool = False) -> int:
    """
    Run *command* and report its start and its end.

    Args:
        command: The program and its arguments.
        url: Where to, up to and including the UUID or slug; empty to report nowhere.
        quiet: Say nothing if a report does not arrive.

    Returns:
        Its exit code, or 128 and the number of the signal that ended it.
    """
    reporter = Reporter(url, rid=str(uuid4()), quiet=quiet)
    reporter.start()
    began = time.monotonic()
    tail = _Tail()
    try:
        code = _run(command, tail)
    except OSError as error:
        code = NOT_FOUND if isinstance(error, FileNotFoundError) else NOT_STARTED
        said = f"synthetics exec: {command[0]} cannot be started: {error.strerror}\n"
        sys.stderr.write(said)
        tail.add(said.encode())
    took_s = time.monotonic() - began
    head = f"exit code {code} after {took_s:.1f} s\n".encode()
    reporter.end(code, head + tail.lines())
    return code


def _run(command: Sequence[str], tail: _Tail) -> int:
    """Run *command* with our own input and output; its exit code."""
    early: list[int] = []
    process: subprocess.Popen[bytes] | None = None
    at_a_terminal = sys.stdin is not None and sys.stdin.isatty()

    def forward(number: int, _: FrameType | None) -> None:
        if at_a_terminal and number in FROM_A_TERMINAL:
            return
        if process is None:
            early.append(number)
        else:
            process.send_signal(number)

    for number in FORWARDED:
        if signal.getsignal(number) is not signal.SIG_IGN:  # which the job inherits, as by nohup
            signal.signal(number, forward)
    woken, wake = os.pipe()
    for end in (woken, wake):
        os.set_blocking(end, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    into = _captured()
    both = into == {1: (1, 2)}
    process = subprocess.Popen(  # noqa: S603 - running what the user names is what this is for
        command,
        stdout=subprocess.PIPE if 1 in into else None,
        stderr=subprocess.STDOUT if both else subprocess.PIPE if 2 in into else None,
        bufsize=0,
    )
    for early_one in early:
        process.send_signal(early_one)
    streams = {
        stream.fileno(): (stream, out)
        for stream, out in ((process.stdout, 1), (process.stderr, 2))
        if stream is not None
    }
    _copy(process, streams, woken, tail)
    code = process.wait()
    return code if code >= 0 else 128 - code


def _captured() -> dict[int, tuple[int, ...]]:
    """
    Which of our outputs the job writes through us, by where it goes: none that is a terminal,
    which it would then not see; both together where they are one file, to keep their order.
    """
    open_ones = []
    for number in (1, 2):
        with suppress(OSError):
            if not os.isatty(number):
                open_ones.append((number, os.fstat(number)))
    if len(open_ones) == 2 and os.path.samestat(open_ones[0][1], open_ones[1][1]):
        return {1: (1, 2)}
    return {number: (number,) for number, _ in open_ones}


def _copy(
    process: subprocess.Popen[bytes],
    streams: dict[int, tuple[IO[bytes], int]],
    woken: int,
    tail: _Tail,
) -> None:
    """Pass on what the job writes until it has ended and nothing more comes."""
    with selectors.DefaultSelector() as selector:
        for number in (woken, *streams):
            selector.register(number, selectors.EVENT_READ)
        ended = process.poll() is not None
        while streams or not ended:
            ready = selector.select(QUIET_S if ended else None)
            if ended and not ready:
                break
            for key, _ in ready:
                if key.fd == woken:
                    with suppress(BlockingIOError):
                        os.read(woken, 4096)
                elif not _pass_on(key.fd, streams[key.fd][1], tail):
                    selector.unregister(key.fd)
                    streams.pop(key.fd)[0].close()
            ended = process.poll() is not None
    # Something that the job has left behind holds them open, and must not be cut off.
    for stream, out in streams.values():
        with suppress(OSError):
            subprocess.Popen(["cat"], stdin=stream, stdout=out, start_new_session=True)  # noqa: S607 - wherever it is


def _pass_on(stream: int, out: int, tail: _Tail) -> bool:
    """Whether there is more to come, and somebody who takes it."""
    piece = os.read(stream, 65_536)
    if piece:
        tail.add(piece)
    left = memoryview(piece)
    try:
        while left:
            left = left[os.write(out, left) :]
    except OSError:  # nobody reads it: the job is told so by a pipe that is closed
        return False
    return bool(piece)
