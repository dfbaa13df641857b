"""``query_response``: the conversation of the probers ``tcp`` and ``unix``."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from probes.net.stream import Stream
from probes.net.trip import Trouble
from synthetics.exporter import certificates
from synthetics.exporter.frame import Failed, Frame
from synthetics.exporter.written import Turn

LIMIT = 1 << 20
"""Most bytes that the target may say."""

_LONGEST_LINE = 65_536
_REFERENCE = re.compile(rb"\$(?:(\$)|(\w+)|\{(\w+)\})")


async def converse(
    frame: Frame, stream: Stream, turns: Sequence[Turn], name: str, *, tls: bool
) -> None:
    """
    Hold the conversation.

    Args:
        frame: Told of it.
        stream: To the target, plain.
        turns: What is expected and said.
        name: Asked for and verified over TLS.
        tls: Whether it begins with TLS.

    Raises:
        Failed, Trouble: The target did not do what the module expects.
    """
    if tls:
        await _encrypt(frame, stream, name)
    for number, turn in enumerate(turns):
        frame.trip.doing = f"in turn {number + 1} of the conversation"
        await _take(frame, stream, turn, name)


async def _encrypt(frame: Frame, stream: Stream, name: str) -> None:
    tls = frame.module.tls
    shown = await stream.start_tls(tls, name)
    certificates.show(
        frame.gauges, version=shown.version, cipher=shown.cipher, chain=shown.chain, tls=tls
    )


async def _take(frame: Frame, stream: Stream, turn: Turn, name: str) -> None:
    gauges, send = frame.gauges, turn.send
    if turn.expect is not None:
        line, found = await _wait(frame, stream, turn.expect)
        gauges.set("probe_failed_due_to_regex", 0)
        frame.say(f"{len(line)} bytes match {_pattern(turn.expect)!r}")
        send = expand(send, found)
        if turn.labels is not None:
            labels = {each.name: expand(each.value.encode(), found) for each in turn.labels}
            said = {key: value.decode("utf-8", "replace") for key, value in labels.items()}
            gauges.set("probe_expect_info", 1, **said)
    if turn.expect_bytes:
        came = await stream.read_exactly(len(turn.expect_bytes))
        if came != turn.expect_bytes:
            gauges.set("probe_failed_due_to_bytes", 1)
            raise Failed(f"the {len(came)} bytes are not those expected")
        gauges.set("probe_failed_due_to_bytes", 0)
    if send:
        await stream.write(send + b"\n")
    if turn.starttls:
        await _encrypt(frame, stream, name)


async def _wait(frame: Frame, stream: Stream, wanted: Any) -> tuple[bytes, Any]:
    """The first line that *wanted* is found in, and what was found."""
    ended = False
    while not ended:
        try:
            line = await stream.read_line(longest=_LONGEST_LINE)
        except Trouble:
            if not stream.ended:
                raise
            line, ended = await stream.read_some(), True
        found = wanted.search(line)
        if found is not None:
            return line, found
    frame.gauges.set("probe_failed_due_to_regex", 1)
    raise Failed(f"no line matches {_pattern(wanted)!r}")


def _pattern(regex: Any) -> str:
    text: bytes = regex.pattern
    return text.decode("utf-8", "replace")


def expand(template: bytes, found: Any) -> bytes:
    """*template* with ``$1``, ``${1}`` and ``${name}`` as *found*; unknown ones are empty."""
    if b"$" not in template:
        return template
    named: Mapping[bytes, bytes | None] = found.groupdict()

    def value(reference: re.Match[bytes]) -> bytes:
        if reference[1]:
            return b"$"
        name = reference[2] or reference[3]
        if name.isdigit():
            number = int(name)
            return (found.group(number) or b"") if number <= found.re.groups else b""
        return named.get(name) or b""

    return _REFERENCE.sub(value, template)
