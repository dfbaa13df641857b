"""Stored samples as the runs that a view makes of them."""

from __future__ import annotations

import re
from array import array
from collections.abc import Collection, Iterator

from slo.runs import Run, joined
from slo.timeline import Mark
from synthetics.accounting.views import View
from synthetics.store.codes import OUTCOMES
from synthetics.store.reader import Reader
from synthetics.store.values import Columns

AT_ONCE = 200
"""Series read in one go, which bounds the memory that their columns take."""

PIECE = 1024
"""Samples whose spacing is looked at together."""

CODES = len(OUTCOMES) ** 2
STRETCH = re.compile(rb"(.)\1*", re.DOTALL)


def read(
    reader: Reader, series: Collection[int], view: View, after_ms: int, until_ms: int
) -> Iterator[tuple[int, list[Run]]]:
    """Each of *series* that has samples due in ``(after_ms, until_ms]``, and its runs."""
    wanted = sorted(series)
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        if view == View():
            yield from reader.runs(after_ms, until_ms, some).items()
            continue
        for series_id, columns in reader.columns(after_ms, until_ms, some).items():
            yield series_id, runs_of(columns, view)


def runs_of(columns: Columns, view: View) -> list[Run]:
    """The samples of *columns* as *view* counts them."""
    codes = columns.codes
    if view.limit_us is not None:
        slow = map(view.limit_us.__le__, columns.duration_us)
        codes = bytes(code + CODES * late for code, late in zip(codes, slow, strict=True))
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
