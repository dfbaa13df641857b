"""What was stored, read beside the running service or without it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Self, TypeVar

from slo.timeline import Mark, Run
from synthetics.store import exclusions, firsts, history, samples
from synthetics.store.codes import MARKS
from synthetics.store.exclusions import Exclusion
from synthetics.store.opening import UNREADABLE, explain, open_for_reading, primary_code
from synthetics.store.values import Columns, Series, StoredSample

T = TypeVar("T")

PAGE = 2000
LAST_SERIES = 2**63 - 1


class Reader:
    """
    A connection that cannot write.

    Each call reads one consistent state and is over when it returns: nothing stays open that
    would keep the writer from reusing its log.  One thread at a time.
    """

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        self._connection = connection
        self._path = path

    @classmethod
    def open(cls, path: Path) -> Self:
        """
        Open the database at *path*.

        Raises:
            StoreError: No such file, or it is damaged, of another version, or not ours.
        """
        path = path.resolve()
        return cls(open_for_reading(path), path)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def read(self, query: Callable[[sqlite3.Connection], T]) -> T:
        """
        What *query* answers, all from one state of the database; not a cursor, nor lazy.

        Raises:
            StoreError: The file is damaged, or the disk fails.
        """
        self._connection.execute("BEGIN")
        try:
            return query(self._connection)
        except sqlite3.DatabaseError as error:
            if primary_code(error) in UNREADABLE:
                raise explain(self._path, error) from error
            raise
        finally:
            self._connection.execute("ROLLBACK")

    def series(self) -> list[Series]:
        """Every series there is, by identifier."""
        return self.read(samples.all_series)

    def runs(
        self,
        after_ms: int,
        until_ms: int,
        series: Collection[int] | None = None,
        *,
        marks: Sequence[Mark] = MARKS,
        limit_us: int | None = None,
        step: str = "",
    ) -> dict[int, list[Run]]:
        """
        The marks of each of *series* (all, if none are named) due in (after_ms, until_ms].

        Args:
            after_ms: Later than this.
            until_ms: Not later than this.
            series: Which ones.
            marks: What a sample counts as, by its code: see `synthetics.store.codes`.
            limit_us: A good sample that took this long or longer has the code `SLOW`.
            step: Not the whole samples, but this step of those that asked it.

        Returns:
            By series, runs in order of time that do not overlap; a series without any is absent.
        """
        return self.read(
            lambda c: history.runs(
                c, after_ms, until_ms, series, marks=marks, limit_us=limit_us, step=step
            )
        )

    def columns(
        self, after_ms: int, until_ms: int, series: Collection[int] | None = None
    ) -> dict[int, Columns]:
        """Codes and durations of the same samples, one by one."""
        return self.read(lambda c: history.columns(c, after_ms, until_ms, series))

    def exclusions(self) -> list[Exclusion]:
        """Every maintenance and correction that was declared by a command."""
        return self.read(exclusions.every)

    def first_ms(self) -> int | None:
        """When the oldest sample was due, to the day where it is archived; ``None`` if none."""
        return self.read(history.first_ms)

    def first_of(self, series_id: int, step: str = "") -> int | None:
        """When the first sample of a series, or the first that asked *step*, was due."""
        return self.read(lambda c: firsts.first_of(c, series_id, step))

    def latest(self) -> dict[int, StoredSample]:
        """The newest raw sample of each series that has one, in full."""
        return self.read(samples.latest)

    def samples(
        self,
        series_id: int,
        after_ms: int,
        until_ms: int,
        *,
        limit: int = 1000,
        failed_only: bool = False,
    ) -> list[StoredSample]:
        """
        Raw samples of one series due in (after_ms, until_ms], the newest first, in full.

        Args:
            series_id: The series.
            after_ms: Later than this.
            until_ms: Not later than this.
            limit: At most this many.
            failed_only: Leave out those whose first attempt was good.
        """
        return self.read(
            lambda c: samples.of_series(
                c, series_id, after_ms, until_ms, limit=limit, failed_only=failed_only
            )
        )

    def every_sample(self, after_ms: int, until_ms: int) -> Iterator[StoredSample]:
        """
        All raw samples due in (after_ms, until_ms] in order of time, some thousand at a time.

        Each such page is one state of the database; between two nothing is held open.
        """
        after = (after_ms, LAST_SERIES)
        while page := self.read(
            partial(samples.following, after=after, until_ms=until_ms, limit=PAGE)
        ):
            yield from page
            after = (page[-1].sample.scheduled_ms, page[-1].series_id)
