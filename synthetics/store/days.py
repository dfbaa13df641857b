"""
A day of one series without loss: the format of the archive.

Instants and codes are run-length encoded: four numbers a run (distance from the end of the run
before, step, count, code), 7 bits a byte, compressed.  A day of a steady probe is one run.
Durations are 8-byte integers with all the lowest bytes first, then all the next ones, and so on:
the high bytes of durations hardly vary, so zlib folds them away and stores the noise as it is.
"""

from __future__ import annotations

import sys
import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from synthetics.store.values import Columns

DAY_MS = 86_400_000
WIDTH = 8


class CodeRun(NamedTuple):
    """*samples* of one *code* at ``first_ms``, ``first_ms + step_ms``, …"""

    first_ms: int
    step_ms: int
    samples: int
    code: int


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
    packed = bytearray()
    end = day * DAY_MS
    for run in runs:
        for number in (run.first_ms - end, run.step_ms, run.samples, run.code):
            rest = number
            while rest > 0x7F:
                packed.append(rest & 0x7F | 0x80)
                rest >>= 7
            packed.append(rest)
        end = run.first_ms + (run.samples - 1) * run.step_ms
    return zlib.compress(bytes(packed))


def unpack_runs(blob: bytes, day: int) -> Iterator[CodeRun]:
    """The reverse of `pack_runs`; nothing for an empty blob, a day that only late samples have."""
    if not blob:
        return
    numbers: list[int] = []
    number = shift = 0
    for byte in zlib.decompress(blob):
        number |= (byte & 0x7F) << shift
        if byte & 0x80:
            shift += 7
        else:
            numbers.append(number)
            number = shift = 0
    end = day * DAY_MS
    fields = iter(numbers)
    for gap, step, count, code in zip(fields, fields, fields, fields, strict=True):
        first = end + gap
        yield CodeRun(first, step, count, code)
        end = first + (count - 1) * step


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


def unpack_day(runs: bytes, durations: bytes, day: int) -> Columns:
    """An archived *day*, sample by sample."""
    scheduled_ms = array("q")
    codes = bytearray()
    for run in unpack_runs(runs, day):
        scheduled_ms.extend(
            range(run.first_ms, run.first_ms + run.samples * run.step_ms, run.step_ms)
        )
        codes += bytes((run.code,)) * run.samples
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


def _little_endian(values: array[int]) -> bytes:
    if sys.byteorder == "big":
        values = array("Q", values)
        values.byteswap()
    return values.tobytes()
