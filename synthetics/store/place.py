"""Whether the files that we write are still those that have their names."""

from __future__ import annotations

from pathlib import Path

from synthetics.store.errors import StoreError


class Place:
    """
    A database and its log, as they were when they were opened.

    An open file outlives its name: after ``rm`` or ``mv`` every commit would succeed, into a file
    that nobody will find again.  A database that something else cuts off, as ``cp`` over it does,
    keeps its identity and loses its pages; we never make it smaller ourselves.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        log = database.with_name(database.name + "-wal")
        self._known = {path: _identity(path) for path in (database, log)}
        self._bytes = 0

    def check(self) -> None:
        """
        Raises:
            StoreError: A file was deleted, moved, replaced or cut off.
        """
        for path, known in self._known.items():
            found = _identity(path)
            if found != known:
                raise StoreError(
                    f"{path} was {'replaced' if found else 'deleted or moved'} while in use",
                    why="what would be written now could not be found again",
                    mend=f"stop the service, put {self._database.name} in place, start it again",
                )
        size = _bytes(self._database, self._bytes)
        if size < self._bytes:
            raise StoreError(
                f"{self._database} became smaller while in use",
                why=f"it had {self._bytes:,} bytes and has {size:,}",
                mend="stop the service, restore the newest backup, start it again",
            )
        self._bytes = size


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _bytes(path: Path, unknown: int) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return unknown
