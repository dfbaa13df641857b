"""One attempt to mend a service: a program or a webhook, with a limit of time."""

from __future__ import annotations

import asyncio
import json
import signal
from dataclasses import dataclass
from typing import Any

from probes.watch import Mask
from synthetics.config.model_remedy import Remedy
from synthetics.receivers import programs
from synthetics.receivers.base import Message, Verdict
from synthetics.receivers.post import new_session, post
from synthetics.receivers.text import iso, shorten

_KEPT_BYTES = 4096
_KEPT_LINES = 10
_LAST_WORDS_S = 0.2
"""For what is said by the time a program has ended; what it left running may keep the pipe."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    What came of an attempt, as far as it can say itself.

    Attributes:
        outcome: Empty if it says that it did what it can; else ``failed`` or ``timeout``.
        said: The exit code or the status, in a few words.
        output: Its last lines, secrets masked.
    """

    outcome: str
    said: str
    output: str = ""


async def mend(remedy: Remedy, message: Message, mask: Mask) -> Answer:
    """
    Try once; what runs longer than it may is killed, with all that it began.

    Args:
        remedy: What to try.
        message: What would be told.
        mask: Hides secrets in what is kept.
    """
    body = json.dumps(_about(message), ensure_ascii=False).encode()
    try:
        async with asyncio.timeout(remedy.timeout.total_seconds()):
            if remedy.command:
                return await _command(remedy, message, body, mask)
            return await _webhook(remedy, body, mask)
    except TimeoutError:
        limit_s = remedy.timeout.total_seconds()
        return Answer(outcome="timeout", said=f"> {limit_s:g} s")


async def _webhook(remedy: Remedy, body: bytes, mask: Mask) -> Answer:
    assert remedy.webhook is not None
    async with new_session() as session:
        answer = await post(session, remedy.webhook, body, {"Content-Type": "application/json"})
    if isinstance(answer, Verdict):
        return Answer(outcome="failed", said=answer.reason, output=mask(answer.detail))
    output = last_lines(answer.body, mask)
    done = 200 <= answer.status < 300
    return Answer(outcome="" if done else "failed", said=f"HTTP {answer.status}", output=output)


async def _command(remedy: Remedy, message: Message, body: bytes, mask: Mask) -> Answer:
    try:
        process = await asyncio.create_subprocess_exec(
            *remedy.command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=_environment(remedy, message),
            start_new_session=True,
        )
    except OSError as error:
        said = error.strerror or type(error).__name__
        return Answer(outcome="failed", said=shorten(mask(said), 200))
    kept = bytearray()
    listening = asyncio.create_task(_listen(process, kept))
    try:
        await programs.feed(process, body)
        code = await process.wait()
        await asyncio.wait([listening], timeout=_LAST_WORDS_S)
    except asyncio.CancelledError:
        programs.kill(process)
        await asyncio.shield(process.wait())
        raise
    finally:
        listening.cancel()
    return Answer(
        outcome="failed" if code else "",
        said=f"exit {code}" if code >= 0 else signal.Signals(-code).name,
        output=last_lines(bytes(kept), mask),
    )


async def _listen(process: asyncio.subprocess.Process, kept: bytearray) -> None:
    assert process.stdout is not None
    while piece := await process.stdout.read(_KEPT_BYTES):
        kept += piece
        del kept[:-_KEPT_BYTES]


def last_lines(output: bytes, mask: Mask) -> str:
    """The last lines of *output*, each on one line and not too long, secrets masked."""
    text = mask(output[-_KEPT_BYTES:].decode(errors="replace"))
    lines = [shorten(line, 200) for line in text.splitlines() if line.strip()]
    return "\n".join(lines[-_KEPT_LINES:])


def _about(message: Message) -> dict[str, Any]:
    """What a program or webhook is told."""
    return {
        "service": message.service,
        "slo": message.slo,
        "tier": message.tier,
        "severity": message.severity.value,
        "summary": message.summary,
        "probe": message.probe,
        "step": message.step,
        "reason": message.reason,
        "failing_since": iso(message.since_ms),
        "detected_at": iso(message.detected_ms),
    }


def _environment(remedy: Remedy, message: Message) -> dict[str, str]:
    """As much of ours as a program needs, what it is told, and what is configured for it."""
    told = {
        "SYNTHETICS_SERVICE": message.service,
        "SYNTHETICS_SLO": message.slo,
        "SYNTHETICS_PROBE": message.probe,
        "SYNTHETICS_STEP": message.step,
        "SYNTHETICS_REASON": message.reason,
        "SYNTHETICS_SUMMARY": message.summary,
    }
    ours = programs.inherited()
    given = {name: value.reveal() for name, value in remedy.env.items()}
    return ours | given | {name: value.replace("\0", "") for name, value in told.items()}
