"""The connection that writes, and the transaction that a batch becomes; all in one thread."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from synthetics.clock import Clock
from synthetics.sample import Sample
from synthetics.store import bare
from synthetics.store.bare import Bare
from synthetics.store.beside import Beside
from synthetics.store.days import DAY_MS
from synthetics.store.errors import DiskFullError, StoreError
from synthetics.store.opening import explain, open_for_reading, open_for_writing
from synthetics.store.place import Place
from synthetics.store.reserve import Reserve, is_full
from synthetics.store.samples import Gathered, Words
from synthetics.store.values import StoreStats

log = logging.getLogger(__name__)

CHECKPOINT_PAGES = 1000

OF_THE_FILE = (
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_READONLY,
)
"""Errors that are not the fault of the statement; they may have ended the transaction."""


@dataclass(frozen=True, slots=True)
class Intake:
    """Samples to store; answered with those that were not."""

    samples: Sequence[Sample]

    @property
    def rows(self) -> int:
        """How much of a batch it is."""
        return len(self.samples)


@dataclass(frozen=True, slots=True)
class Change:
    """A function to run inside the transaction; answered with what it returns."""

    run: Callable[[sqlite3.Connection], Any]

    @property
    def rows(self) -> int:
        """How much of a batch it is."""
        return 0


Work = Intake | Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What became of one piece of work."""

    value: Any = None
    error: BaseException | None = None


class Writer:
    """Made, used and closed in one thread; `stats` and `beside` may be used from any."""

    def __init__(
        self,
        path: Path,
        connection: sqlite3.Connection,
        beside: Beside,
        reserve: Reserve,
        clock: Clock,
    ) -> None:
        self.path = path
        self.beside = beside
        """Reads for housekeeping.  It also keeps the file in use, so that closing the writer
        after the file was replaced does not remove the log of the file that replaced it."""
        self._connection = connection
        self._reserve = reserve
        self._clock = clock
        self._place = Place(path)
        self._log = path.with_name(path.name + "-wal")
        self._words = Words(connection)
        self._late_before_ms = DAY_MS * int(
            connection.execute(
                "SELECT value FROM state WHERE name = 'archived_until_day'"
            ).fetchone()[0]
        )
        self._lost: StoreError | None = None
        self._told_full = False
        self._commits = self._stored = self._dropped = 0
        self._last_commit_s = 0.0

    @classmethod
    def open(cls, path: Path, *, clock: Clock, reserve_bytes: int, low_water_bytes: int) -> Self:
        """
        Open the file at *path*, whose lock the caller holds.

        Raises:
            StoreError: See `open_for_writing`.
        """
        connection = open_for_writing(path)
        connection.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT_PAGES}")
        reserve = Reserve(
            connection,
            path.parent,
            clock,
            size_bytes=reserve_bytes,
            low_water_bytes=low_water_bytes,
        )
        try:
            reserve.fill()
            return cls(path, connection, Beside(open_for_reading(path)), reserve, clock)
        except sqlite3.Error as error:
            connection.close()
            raise explain(path, error) from error

    def commit(self, works: Sequence[Work]) -> list[Done]:
        """
        Do *works* in order, in one transaction.

        Raises:
            StoreError: None of them was done.
        """
        if self._lost is not None:
            raise self._lost
        began = self._clock.monotonic()
        try:
            self._place.check()
        except StoreError as error:
            self._lose(error)
            raise
        try:
            done = self._commit(works)
        except sqlite3.Error as error:
            explained = explain(self.path, error)
            if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_CORRUPT:
                self._lose(explained)
            raise explained from error
        self._commits += 1
        self._last_commit_s = self._clock.monotonic() - began
        return done

    def expect_late(self, before_ms: int) -> None:
        """From now on, note samples due before *before_ms* as late; inside a `Change`."""
        self._late_before_ms = max(self._late_before_ms, before_ms)

    def keep(self, samples: Bare, part: slice, connection: sqlite3.Connection) -> int:
        """
        Store a part of *samples*; inside a `Change`.  How many were new or are different now.

        Raises:
            DiskFullError: The room that is left is kept for alerts.
        """
        if self._reserve.disk_full:
            raise DiskFullError(
                f"the disk of {self.path} is full",
                mend="free some space and import the file again; what is stored already is no harm",
            )
        return bare.keep(connection, samples, part, self._late_before_ms)

    def stats(self, *, queued: int, capacity: int, waits: int, waited_s: float) -> StoreStats:
        """The writer's numbers beside those of its queue."""
        return StoreStats(
            queued=queued,
            capacity=capacity,
            waits=waits,
            waited_s=waited_s,
            commits=self._commits,
            stored=self._stored,
            dropped=self._dropped,
            disk_full=self._reserve.disk_full,
            last_commit_s=self._last_commit_s,
            wal_bytes=_size(self._log),
            file_bytes=_size(self.path),
            failure=self._lost,
        )

    def close(self) -> None:
        """Close the file; its log is folded into it, unless the file is not ours any more."""
        if self._lost is None:
            try:
                self._place.check()
            except StoreError as error:
                self._lose(error)
        # Whoever closes last folds the log in and removes it, by its name; `beside` cannot.
        if self._lost is None:
            self.beside.close()
            self._connection.close()
        else:
            self._connection.close()
            self.beside.close()

    def _commit(self, works: Sequence[Work]) -> list[Done]:
        try:
            welcome = self._reserve.welcomes_samples()
            self._tell_of_the_disk()
            return self._transaction(works, with_samples=welcome)
        except sqlite3.Error as error:
            if not is_full(error):
                raise
        try:
            self._reserve.release()
            self._tell_of_the_disk()
            return self._transaction(works, with_samples=False)
        except sqlite3.Error as error:
            if not is_full(error):
                raise
            raise DiskFullError(
                f"the disk of {self.path} is full, and so is the reserve",
                mend="free some space; nothing is stored and no alert changes until then",
            ) from error

    def _tell_of_the_disk(self) -> None:
        """Log it once when samples stop, and once when they go on."""
        full = self._reserve.disk_full
        if full is self._told_full:
            return
        self._told_full = full
        log.log(
            logging.WARNING if full else logging.INFO,
            "the disk is full: samples are not stored, alerts are"
            if full
            else "the disk has room again: samples are stored",
            extra={"action": "disk_full" if full else "disk_has_room", "path": str(self.path)},
        )

    def _transaction(self, works: Sequence[Work], *, with_samples: bool) -> list[Done]:
        stored = dropped = 0
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            done: list[Done] = []
            gathered = Gathered(self._connection, self._words, self._late_before_ms)
            for work in works:
                if isinstance(work, Change):
                    gathered.write()  # a change may depend on what was added before it
                    done.append(self._change(work, alone=len(works) == 1))
                elif with_samples:
                    done.append(_gather(gathered, work))
                    stored += 0 if done[-1].error else work.rows
                else:
                    dropped += work.rows
                    done.append(Done(value=tuple(work.samples)))
            gathered.write()
            self._connection.execute("COMMIT")
        except BaseException:
            self._words.forget()
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._stored += stored
        self._dropped += dropped
        return done

    def _change(self, change: Change, *, alone: bool) -> Done:
        """
        Run *change*; if it fails, only what it did is undone, unless the disk or file is bad.

        One that is *alone* in its transaction has that undone: inside a savepoint SQLite keeps
        a copy of every page that is touched, which doubles the price of fifty thousand rows.
        """
        if not alone:
            self._connection.execute("SAVEPOINT change")
        try:
            value = change.run(self._connection)
        except Exception as error:
            if getattr(error, "sqlite_errorcode", 0) & 0xFF in OF_THE_FILE:
                raise
            if alone:
                self._words.forget()
                self._connection.execute("ROLLBACK")
                self._connection.execute("BEGIN IMMEDIATE")
            else:
                self._connection.execute("ROLLBACK TO change")
                self._connection.execute("RELEASE change")
            return Done(error=error)
        if not alone:
            self._connection.execute("RELEASE change")
        return Done(value=value)

    def _lose(self, error: StoreError) -> None:
        self._lost = error
        log.error(
            "the database can no longer be written",
            extra={"action": "store_lost", "path": str(self.path), "error": str(error)},
        )


def _gather(gathered: Gathered, work: Intake) -> Done:
    """Take the samples of *work*; one that cannot be stored is no harm to those of others."""
    try:
        gathered.take(work.samples)
    except (ValueError, OverflowError, TypeError) as error:
        return Done(error=error)
    return Done(value=())


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
