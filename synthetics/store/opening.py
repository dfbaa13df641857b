"""Opening a database file: what is checked before anything is written, and how refusals read."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from synthetics.store.errors import StoreError
from synthetics.store.migrations import STEPS, applied

APPLICATION_ID = 0x53594E54
"""``SYNT``, in the header of each of our files, so that ``file`` and we know them again."""

CACHE = "PRAGMA cache_size = -16000"  # KiB

RESTORE = "restore the newest backup over it (docs/operations/storage.md), or move it away"

UNREADABLE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR}
"""Codes of a file whose content cannot be had."""

READ_ONLY = (sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM)


def open_for_writing(path: Path) -> sqlite3.Connection:
    """
    The one connection that writes, to a file that was checked and is up to date.

    A missing file is made, in a folder that exists; the caller holds the lock.

    Raises:
        StoreError: The file is damaged, newer, read-only, or not ours.
    """
    if not path.exists():
        _create(path)
    with _explained(path):
        connection = _connect(path, "rw")
        try:
            check_writable(path)
            check_ours(connection, path)
            _check_sound(connection, path)
            _settle(connection)
            _migrate(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def open_for_reading(path: Path) -> sqlite3.Connection:
    """
    A connection that cannot write, beside a running service or without one.

    It may be used from any one thread at a time.

    Raises:
        StoreError: No such file, or it is damaged, of another version, or not ours.
    """
    if not path.exists():
        raise StoreError(
            f"{path} does not exist",
            mend="name the database of the service with --db, or start the service once",
        )
    with _explained(path):
        connection = _connect_reader(path)
        try:
            connection.execute(CACHE)
            check_ours(connection, path)
            _check_not_older(connection, path)
        except BaseException:
            connection.close()
            raise
    return connection


def check_folder(path: Path) -> None:
    """
    Raises:
        StoreError: The folder of *path* is missing, or *path* cannot be a file in it.
    """
    if not path.parent.is_dir():
        raise StoreError(
            f"{path.parent} is not a folder",
            why=f"the database {path.name} is expected in it",
            mend="create the folder, mount the volume, or correct --db",
        )
    if path.exists() and not path.is_file():
        raise StoreError(f"{path} is not a file", mend="correct --db")


def check_writable(path: Path) -> None:
    """
    Raises:
        StoreError: The file exists and this user may not write it.
    """
    if not os.access(path, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
        raise StoreError(
            f"{path} is read-only",
            mend="let the user of the service write the file and its folder",
        )


def check_ours(connection: sqlite3.Connection, path: Path) -> None:
    """
    Raises:
        StoreError: Empty, of another program, or of a newer version of this one.
    """
    if path.stat().st_size == 0:
        raise StoreError(
            f"{path} is empty", why="a database of ours never is", mend=f"{RESTORE} to start anew"
        )
    found = connection.execute("PRAGMA application_id").fetchone()[0]
    if found != APPLICATION_ID:
        raise StoreError(
            f"{path} is the database of another program",
            why=f"its application_id is {found:#x}, ours is {APPLICATION_ID:#x}",
            mend="correct --db",
        )
    newer = [name for name in applied(connection) if name not in STEPS]
    if newer:
        raise StoreError(
            f"{path} was written by a newer version",
            why=f"it knows {', '.join(newer)}",
            mend="run that version, or restore the backup that was made before the upgrade",
        )


def _check_not_older(connection: sqlite3.Connection, path: Path) -> None:
    if STEPS.keys() - applied(connection):
        raise StoreError(
            f"{path} was written by an older version",
            mend="start the service once; it brings the file up to date",
        )


def _check_sound(connection: sqlite3.Connection, path: Path) -> None:
    found = [row[0] for row in connection.execute("PRAGMA quick_check(3)")]
    if found != ["ok"]:
        raise StoreError(f"{path} is damaged", why="; ".join(found), mend=RESTORE)


def _create(path: Path) -> None:
    """
    Make a new database beside *path* and move it there when it is complete.

    So a process that is killed meanwhile leaves no half-made file to wonder about.
    """
    log = path.with_name(path.name + "-wal")
    if log.exists() and log.stat().st_size:
        raise StoreError(
            f"{path} is missing",
            why=f"{log.name} is there and holds samples that belong to it",
            mend=f"put the file back; to start anew, move {log.name} away",
        )
    unfinished = path.with_name(path.name + ".new")
    with _explained(path):
        for leftover in path.parent.glob(unfinished.name + "*"):
            leftover.unlink()
        connection = _connect(unfinished, "rwc")
        try:
            connection.execute("PRAGMA synchronous = OFF")  # synced as a whole, below
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            _migrate(connection)
        finally:
            connection.close()
        _sync(unfinished)
        unfinished.rename(path)
        _sync(path.parent)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    return sqlite3.connect(
        f"file:{quote(str(path))}?mode={mode}",
        uri=True,
        isolation_level=None,  # transactions begin where we say so
        timeout=5,
        check_same_thread=False,  # opened here, then used by one other thread
        cached_statements=256,
    )


def _connect_reader(path: Path) -> sqlite3.Connection:
    connection = _connect(path, "ro")
    try:
        connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    except sqlite3.OperationalError:
        connection.close()
        # A folder that we cannot write has no room for the index of the log.  Without a log
        # nobody writes, and the file by itself is all there is.
        if path.with_name(path.name + "-wal").exists():
            raise
        return _connect(path, "ro&immutable=1")
    except BaseException:
        connection.close()
        raise
    return connection


def _settle(connection: sqlite3.Connection) -> None:
    """How the writer works: see docs/decisions/0006-one-writer-thread.md."""
    mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
    if mode != "wal":
        raise sqlite3.OperationalError(f"the file system allows no write-ahead log, only {mode}")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(CACHE)
    connection.execute("PRAGMA foreign_keys = ON")
    # Zeroing what is deleted would write the reserve out when the disk is full.
    connection.execute("PRAGMA secure_delete = OFF")


def _migrate(connection: sqlite3.Connection) -> None:
    """Apply what is pending, all or nothing."""
    from synthetics.store.migrations.apply import migrate  # costs who only reads 50 ms

    connection.execute("BEGIN IMMEDIATE")
    try:
        migrate(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Say what an error of SQLite or of the system means for *path*."""
    try:
        yield
    except sqlite3.Error as error:
        raise explain(path, error) from error
    except OSError as error:
        raise StoreError(
            f"{path} cannot be used",
            why=error.strerror or str(error),
            mend="let the user of the service write the file and its folder",
        ) from error


def primary_code(error: sqlite3.Error) -> int:
    """SQLite's code for *error*, without its details; 0 if it has none."""
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def explain(path: Path, error: sqlite3.Error) -> StoreError:
    """What *error*, met while using *path*, means and how it is mended."""
    primary = primary_code(error)
    if primary == sqlite3.SQLITE_NOTADB:
        return StoreError(
            f"{path} is not an SQLite database", why=str(error), mend=f"correct --db, or {RESTORE}"
        )
    if primary == sqlite3.SQLITE_CORRUPT:
        return StoreError(f"{path} is damaged", why=str(error), mend=RESTORE)
    if primary in READ_ONLY:
        return StoreError(
            f"{path} cannot be written"
            if primary == sqlite3.SQLITE_READONLY
            else f"{path} cannot be opened",
            why=str(error),
            mend="let the user of the service write the file and its folder",
        )
    if primary == sqlite3.SQLITE_BUSY:
        return StoreError(
            f"{path} is in use", why=str(error), mend="stop the other program that writes it"
        )
    if primary == sqlite3.SQLITE_FULL:
        return StoreError(f"the disk of {path} is full", why=str(error), mend="free some space")
    return StoreError(
        f"{path} cannot be used", why=str(error), mend="look at the disk and the system's log"
    )
