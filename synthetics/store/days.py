"""
A day of one series without loss: the format of the archive.

Instants and codes are run-length encoded: four numbers a run (distance from the end of the run
before, step, count, code), 7 bits a byte, compressed.  A day of a steady probe is one run.
Durations are 8-byte integers with all the lowest bytes first, then all the next ones, and so on:
the high bytes of durations hardly vary, so zlib folds them away and stores the noise as it is.
The slowest few good samples are kept a second time by themselves: they answer which samples took
longer than a limit, as long as those are few, and the thousand other durations are not unpacked.
"""

from __future__ import annotations

import heapq
import re
import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

from synthetics.store.codes import GOOD_CODES, SLOW
from synthetics.store.values import Columns

DAY_MS = 86_400_000
WIDTH = 8

SLOWEST = 32
"""Good samples of a day whose durations are at hand; 2.2 % of a day at one a minute."""

STRETCH = re.compile(rb"\x01+")
NEVER = (sys.maxsize, sys.maxsize)


class CodeRun(NamedTuple):
    """*samples* of one *code* at ``first_ms``, ``first_ms + step_ms``, …"""

    first_ms: int
    step_ms: int
    samples: int
    code: int


Quad = tuple[int, int, int, int]
"""The same, but plain: a year of a hundred probes is some hundred thousand of them."""


def find_runs(scheduled_ms: Sequence[int], codes: bytes) -> list[CodeRun]:
    """Samples in order of time as runs; a run of one has step 1."""
    count = len(codes)
    if not count:
        return []
    first = scheduled_ms[0]
    if count > 2 and codes.count(codes[0]) == count:
        step = scheduled_ms[1] - first
        if scheduled_ms == array("q", range(first, first + step * count, step)):
            return [CodeRun(first, step, count, codes[0])]
    runs: list[CodeRun] = []
    begin = last = first
    length, step, now = 1, 0, codes[0]
    for index in range(1, count):
        at = scheduled_ms[index]
        if codes[index] == now and (length == 1 or at - last == step):
            step = at - last
            length += 1
        else:
            runs.append(CodeRun(begin, step or 1, length, now))
            begin, length, step, now = at, 1, 0, codes[index]
        last = at
    runs.append(CodeRun(begin, step or 1, length, now))
    return runs


def pack_runs(runs: Iterable[CodeRun], day: int) -> bytes:
    """*runs* of the UTC *day*, in order of time, as a blob."""
    numbers: list[int] = []
    end = day * DAY_MS
    for run in runs:
        numbers += (run.first_ms - end, run.step_ms, run.samples, run.code)
        end = run.first_ms + (run.samples - 1) * run.step_ms
    return zlib.compress(pack_numbers(numbers))


def unpack_runs(blob: bytes, day: int) -> list[Quad]:
    """The reverse of `pack_runs`; nothing for an empty blob, a day that only late samples have."""
    begin = day * DAY_MS
    return [(begin + first, step, count, code) for first, step, count, code in _of_a_day(blob)]


@lru_cache(maxsize=1000)
def _of_a_day(blob: bytes) -> list[Quad]:
    """Runs from the beginning of their day on; those of a good day are the same day after day."""
    runs: list[Quad] = []
    end = 0
    fields = unpack_numbers(zlib.decompress(blob)) if blob else iter(())
    for gap, step, count, code in zip(fields, fields, fields, fields, strict=True):
        first = end + gap
        runs.append((first, step, count, code))
        end = first + (count - 1) * step
    return runs


def pack_durations(duration_us: array[int]) -> bytes:
    """Durations as a blob."""
    raw = _little_endian(duration_us)
    return zlib.compress(b"".join(raw[plane::WIDTH] for plane in range(WIDTH)))


def unpack_durations(blob: bytes) -> array[int]:
    """The reverse of `pack_durations`."""
    planes = zlib.decompress(blob) if blob else b""
    count = len(planes) // WIDTH
    raw = bytearray(len(planes))
    for plane in range(WIDTH):
        raw[plane::WIDTH] = planes[plane * count : (plane + 1) * count]
    duration_us = array("Q", bytes(raw))
    if sys.byteorder == "big":
        duration_us.byteswap()
    return duration_us


def pack_slowest(codes: bytes, duration_us: array[int]) -> bytes:
    """The `SLOWEST` good samples of a day, the slowest first: duration and position of each."""
    good = (index for index, code in enumerate(codes) if code in GOOD_CODES)
    slowest = heapq.nlargest(SLOWEST, ((duration_us[index], index) for index in good))
    return pack_numbers(number for pair in slowest for number in pair)


def slow_of_slowest(blob: bytes, limit_us: int) -> list[tuple[int, int]] | None:
    """
    Stretches ``[from, to)`` of positions in a day where good samples took *limit_us* or longer.

    ``None`` if there may be more of them than *blob*, from `pack_slowest`, has.
    """
    slow: list[int] = []
    fields = unpack_numbers(blob)
    for took_us, index in zip(fields, fields, strict=True):
        if took_us < limit_us:
            break
        slow.append(index)
    return [(index, index + 1) for index in sorted(slow)] if len(slow) < SLOWEST else None


def slow_of_all(duration_us: array[int], limit_us: int) -> list[tuple[int, int]]:
    """The same from all durations, of good samples and others."""
    slow = bytes(map(limit_us.__le__, duration_us))
    return [stretch.span() for stretch in STRETCH.finditer(slow)]


def mark_slow(runs: Iterable[Quad], slow: Iterable[tuple[int, int]]) -> Iterator[Quad]:
    """*runs* of a day, cut where good samples lie in the stretches *slow*, those as `SLOW`."""
    stretches = iter(slow)
    begin, end = next(stretches, NEVER)
    over = 0
    for run in runs:
        first_ms, step_ms, samples, code = run
        start, over = over, over + samples
        if begin >= over or code not in GOOD_CODES:
            yield run
            continue
        at = start
        while at < over:
            while end <= at:
                begin, end = next(stretches, NEVER)
            until, now = (begin, code) if at < begin else (end, SLOW)
            until = min(until, over)
            yield first_ms + (at - start) * step_ms, step_ms, until - at, now
            at = until


def unpack_day(runs: bytes, durations: bytes, day: int) -> Columns:
    """An archived *day*, sample by sample."""
    scheduled_ms = array("q")
    codes = bytearray()
    for first_ms, step_ms, samples, code in unpack_runs(runs, day):
        scheduled_ms.extend(range(first_ms, first_ms + samples * step_ms, step_ms))
        codes += bytes((code,)) * samples
    return Columns(
        scheduled_ms=scheduled_ms, codes=bytes(codes), duration_us=unpack_durations(durations)
    )


def merge(old: Columns, new: Columns) -> Columns:
    """All samples of both; where both have one at an instant, that of *new* (R3)."""
    if not len(old):
        return new
    if not len(new):
        return old
    known = {
        at: (code, took)
        for columns in (old, new)
        for at, code, took in zip(
            columns.scheduled_ms, columns.codes, columns.duration_us, strict=True
        )
    }
    instants = sorted(known)
    return Columns(
        scheduled_ms=array("q", instants),
        codes=bytes(known[at][0] for at in instants),
        duration_us=array("Q", (known[at][1] for at in instants)),
    )


def pack_numbers(numbers: Iterable[int]) -> bytes:
    """Numbers >= 0, seven bits a byte."""
    packed = bytearray()
    for number in numbers:
        rest = number
        while rest > 0x7F:
            packed.append(rest & 0x7F | 0x80)
            rest >>= 7
        packed.append(rest)
    return bytes(packed)


def unpack_numbers(packed: bytes) -> Iterator[int]:
    """The reverse of `pack_numbers`."""
    number = shift = 0
    for byte in packed:
        if byte < 0x80:
            yield number | byte << shift
            number = shift = 0
        else:
            number |= (byte & 0x7F) << shift
            shift += 7


def _little_endian(values: array[int]) -> bytes:
    if sys.byteorder == "big":
        values = array("Q", values)
        values.byteswap()
    return values.tobytes()
