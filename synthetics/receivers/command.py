"""Receiver ``command``: a program of one's own, told by JSON on its standard input."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import IO, TYPE_CHECKING, Annotated

from pydantic import AfterValidator, ConfigDict

from probes.fields import Refused, Secret, SecretText
from probes.watch import Mask
from synthetics.receivers import programs
from synthetics.receivers.base import Event, Message, Verdict
from synthetics.receivers.payload import payload
from synthetics.receivers.text import shorten

if TYPE_CHECKING:
    import aiohttp

SUMMARY = "a program of your own"

TRY_AGAIN = 75
"""``EX_TEMPFAIL`` of sysexits.h."""

_TOLD = frozenset({Event.TRIGGER, Event.ACKNOWLEDGE, Event.RESOLVE})
_DETAIL_LIMIT = 200
_KEPT = 2048
_LAST_WORDS_S = 0.2
_SUMMARY = 1024


def _check_run(words: tuple[str, ...]) -> tuple[str, ...]:
    if not words or not words[0]:
        raise Refused("no program is named", mend="write it and its arguments: [/usr/bin/page, -v]")
    for at, word in enumerate(words):
        if "\0" in word:
            raise Refused("an argument cannot hold a NUL character", at=(at,))
    return words


def _check_env(env: Mapping[str, Secret]) -> Mapping[str, Secret]:
    for name, value in env.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise Refused(
                f"`{name}` is not a variable's name", mend="use letters, digits and _", at=(name,)
            )
        if name.startswith("SYNTHETICS_"):
            raise Refused(f"{name} is set by the receiver itself", mend="leave it out", at=(name,))
        if "\0" in value.reveal():
            raise Refused("a variable cannot hold a NUL character", at=(name,))
    return env


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Attributes:
        run: The program and its arguments.  No shell is between; a secret belongs into `env`,
            since everybody on the machine can read arguments.
        env: Variables of its environment, beside `PATH`, `HOME`, `LANG` and those that tell
            of the message; it inherits no others.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    run: Annotated[tuple[str, ...], AfterValidator(_check_run)]
    env: Annotated[Mapping[str, SecretText], AfterValidator(_check_env)] = field(
        default_factory=dict
    )


async def send(options: Options, message: Message, session: aiohttp.ClientSession) -> Verdict:
    """
    Run it once: 0 is delivered, 75 is try again, all else is refused.

    When cancelled, it and all that it began are killed.
    """
    if message.event not in _TOLD:
        return Verdict.delivered()
    del session
    body = json.dumps(payload(message), ensure_ascii=False, allow_nan=False).encode()
    words = await _LastWords.listen()
    try:
        process = await asyncio.create_subprocess_exec(
            *options.run,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=words.pipe,
            env=_environment(options, message),
            cwd="/",
            start_new_session=True,
        )
    except OSError as error:
        words.stop()
        # It may be that it is being replaced right now.
        why = f"cannot be started: {error.strerror}" if error.strerror else "cannot be started"
        return Verdict.retry("start", shorten(why, _DETAIL_LIMIT), arrived=False)
    finally:
        words.pipe.close()
    try:
        await asyncio.gather(programs.feed(process, body), process.wait())
        said = await words.heard()
    except asyncio.CancelledError:
        programs.kill(process)
        await asyncio.shield(process.wait())
        raise
    finally:
        words.stop()
    return _judged(process.returncode, Mask(v.reveal() for v in options.env.values())(said))


def _judged(code: int | None, said: str) -> Verdict:
    if code == 0:
        return Verdict.delivered()
    if code is None or code < 0:
        name = signal.Signals(-code).name if code in _SIGNALS else str(code)
        return Verdict.retry("killed", f"was killed by {name}")
    detail = shorten(f"exit code {code}" + (f": {said}" if said else ""), _DETAIL_LIMIT)
    if code == TRY_AGAIN:
        return Verdict.retry(f"exit-{code}", detail)
    return Verdict.refused(f"exit-{code}", detail)


_SIGNALS = frozenset(-one for one in signal.Signals)


def _environment(options: Options, message: Message) -> dict[str, str]:
    told = {
        "EVENT": message.event.value,
        "SEVERITY": message.severity.value,
        "SERVICE": message.service,
        "SLO": message.slo,
        "SUMMARY": message.summary,
        "DEDUP_KEY": message.dedup_key,
        "ID": message.id,
    }
    return {
        **programs.inherited(),
        **{name: value.reveal() for name, value in options.env.items()},
        **{f"SYNTHETICS_{name}": shorten(value, _SUMMARY) for name, value in told.items()},
    }


class _LastWords:
    """
    The end of what a program says on its standard error, read so that it never waits.

    Over a pipe of our own: asyncio would wait for everybody who holds its pipe, also for
    what the program leaves running.
    """

    def __init__(
        self, pipe: IO[bytes], stream: asyncio.StreamReader, end: asyncio.BaseTransport
    ) -> None:
        self.pipe = pipe
        self._stream = stream
        self._end = end
        self._kept = b""
        self._task = asyncio.create_task(self._read())

    @classmethod
    async def listen(cls) -> _LastWords:
        """With a pipe, whose other end is for the program."""
        ours, theirs = os.pipe()
        stream = asyncio.StreamReader()
        end, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(ours, "rb", buffering=0)
        )
        return cls(os.fdopen(theirs, "wb", buffering=0), stream, end)

    async def heard(self) -> str:
        """What was said; who holds the pipe still is not waited for."""
        await asyncio.wait([self._task], timeout=_LAST_WORDS_S)
        return self._kept.decode(errors="replace")

    def stop(self) -> None:
        """Read no more."""
        self._task.cancel()
        self._end.close()

    async def _read(self) -> None:
        while more := await self._stream.read(_KEPT):
            self._kept = (self._kept + more)[-_KEPT:]
