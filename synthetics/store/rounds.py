"""Raw rows as runs, a beat at a time and not a row at a time."""

from __future__ import annotations

import json
import sqlite3
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from synthetics.store.codes import SLOW
from synthetics.store.days import CodeRun

# One row for all that was due at an instant.  The members of a beat are the same text again and
# again, so that a month of a hundred probes is read as one, and only what failed or was slow is
# looked at.
ROUNDS = """
    SELECT scheduled_ms, group_concat(series_id), group_concat(
        CASE
            WHEN outcome = 0 AND duration_us >= :limit_us THEN series_id || ':' || :slow
            WHEN outcome + confirmed THEN series_id || ':' || (outcome * 3 + confirmed)
        END
    ) FROM samples
    WHERE scheduled_ms BETWEEN :first_ms AND :last_ms
        AND (:series IS NULL OR series_id IN (SELECT value FROM json_each(:series)))
    GROUP BY scheduled_ms
"""


class Round:
    """The same series, due together again and again at one distance; good, but for exceptions."""

    __slots__ = ("count", "exceptions", "first_ms", "last_ms", "series", "step_ms")

    def __init__(self, series: Sequence[str], at_ms: int) -> None:
        self.series = series
        self.first_ms = self.last_ms = at_ms
        self.step_ms = self.count = 1
        self.exceptions: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)

    def goes_on(self, at_ms: int) -> bool:
        """Whether *at_ms* is where the next one is expected; if so, it is part of this."""
        gap_ms = at_ms - self.last_ms
        if self.count > 1 and gap_ms != self.step_ms:
            return False
        self.step_ms, self.last_ms = gap_ms, at_ms
        self.count += 1
        return True

    def except_for(self, text: str, at_ms: int) -> None:
        """Note those of *text*, ``series:code,…``, that were not simply good at *at_ms*."""
        for item in text.split(","):
            series, _, code = item.partition(":")
            self.exceptions[series].append((at_ms, int(code)))

    def runs(self) -> Iterator[tuple[int, CodeRun]]:
        """The runs of each series, in order of time."""
        for series in self.series:
            begin_ms = self.first_ms
            for at_ms, code in self.exceptions.get(series, ()):
                if before := (at_ms - begin_ms) // self.step_ms:
                    yield int(series), CodeRun(begin_ms, self.step_ms, before, 0)
                yield int(series), CodeRun(at_ms, 1, 1, code)
                begin_ms = at_ms + self.step_ms
            if begin_ms <= self.last_ms:
                rest = (self.last_ms - begin_ms) // self.step_ms + 1
                yield int(series), CodeRun(begin_ms, self.step_ms, rest, 0)


def raw_runs(
    connection: sqlite3.Connection,
    first_ms: int,
    last_ms: int,
    series: Collection[int] | None,
    limit_us: int | None,
) -> Iterator[tuple[int, CodeRun]]:
    """
    Runs from raw rows due in [first_ms, last_ms], `SLOW` where they took *limit_us* or longer.

    Those of one series come in order of time and do not overlap.
    """
    rounds: dict[str, Round] = {}
    current: dict[str, str] = {}  # each series → the text of the round that it is in
    for at_ms, text, failed in connection.execute(
        ROUNDS,
        {
            "first_ms": first_ms,
            "last_ms": last_ms,
            "series": ids_json(series),
            "limit_us": limit_us,
            "slow": SLOW,
        },
    ):
        known = rounds.get(text)
        if known is None or not known.goes_on(at_ms):
            members = text.split(",")
            # Each series is in one round at a time, so what ended before comes out before.
            for over in {current.get(each, "") for each in members} & rounds.keys():
                yield from rounds.pop(over).runs()
            current.update(dict.fromkeys(members, text))
            known = rounds[text] = Round(members, at_ms)
        if failed is not None:
            known.except_for(failed, at_ms)
    for rest in rounds.values():
        yield from rest.runs()


def ids_json(series: Collection[int] | None) -> str | None:
    """*series* as the queries here take it: ``NULL`` for all of them."""
    return None if series is None else json.dumps(list(series))
