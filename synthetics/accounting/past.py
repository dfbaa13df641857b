"""Stored samples as the runs that a view makes of them."""

from __future__ import annotations

import re
from array import array
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from slo.runs import Run, joined
from slo.timeline import Mark
from slo.window import DAY_MS
from synthetics.accounting.views import View
from synthetics.store.codes import OUTCOMES
from synthetics.store.reader import Reader
from synthetics.store.values import Columns

SERIES_DAYS = 1000
"""So many days of a series have their durations in memory at once: some 25 MB at one a minute."""

PIECE = 1024
"""Samples whose spacing is looked at together."""

CODES = len(OUTCOMES) ** 2
STRETCH = re.compile(rb"(.)\1*", re.DOTALL)


def read(
    reader: Reader, series: Collection[int], view: View, after_ms: int, until_ms: int
) -> Iterator[tuple[int, list[Run]]]:
    """Each of *series* that has samples due in ``(after_ms, until_ms]``, and its runs."""
    if not series:
        return
    if view == View():
        yield from reader.runs(after_ms, until_ms, series).items()
        return
    wanted = sorted(series)
    for start in range(0, len(wanted), SERIES_DAYS):
        some = wanted[start : start + SERIES_DAYS]
        yield from _by_duration(reader, some, view, after_ms, until_ms)


def _by_duration(
    reader: Reader, series: Sequence[int], view: View, after_ms: int, until_ms: int
) -> Iterator[tuple[int, list[Run]]]:
    """The same from durations, so many days at a time that they fit into memory."""
    found: defaultdict[int, list[Run]] = defaultdict(list)
    step_ms = SERIES_DAYS // len(series) * DAY_MS
    while after_ms < until_ms:
        # Whole UTC days, because that is how the archive is cut.
        end_ms = min((after_ms + step_ms) // DAY_MS * DAY_MS + DAY_MS - 1, until_ms)
        for series_id, columns in reader.columns(after_ms, end_ms, series).items():
            found[series_id].extend(runs_of(columns, view))
        after_ms = end_ms
    yield from ((series_id, joined(runs)) for series_id, runs in found.items())


def runs_of(columns: Columns, view: View) -> list[Run]:
    """The samples of *columns* as *view* counts them."""
    codes = columns.codes
    if view.limit_us is not None:
        slow = bytes(map(view.limit_us.__le__, columns.duration_us))
        # Byte by byte code + CODES × slow, all at once: no sum is as large as 256.
        sums = int.from_bytes(codes, "big") + CODES * int.from_bytes(slow, "big")
        codes = sums.to_bytes(len(codes), "big")
    return joined(_pieces(columns.scheduled_ms, codes.translate(_marks(view))))


def _marks(view: View) -> bytes:
    """A table from code, and code + `CODES` where slow, to mark; of 256 bytes for `translate`."""
    marks = [
        view.mark(first, confirmed, slow=slow)
        for slow in (False, True)
        for first in OUTCOMES
        for confirmed in OUTCOMES
    ]
    return bytes(marks).ljust(256, b"\0")


def _pieces(scheduled_ms: array[int], marks: bytes) -> Iterator[Run]:
    """Runs in order, not yet joined: evenly spaced pieces as one, others sample by sample."""
    for stretch in STRETCH.finditer(marks):
        mark = Mark(marks[stretch.start()])
        for start in range(stretch.start(), stretch.end(), PIECE):
            piece = scheduled_ms[start : min(start + PIECE, stretch.end())]
            first, step = piece[0], piece[1] - piece[0] if len(piece) > 1 else 1
            if piece == array("q", range(first, first + step * len(piece), step)):
                yield Run(first, step, len(piece), mark)
            else:
                yield from (Run(at_ms, 1, 1, mark) for at_ms in piece)
