"""Whether the files that we write are still those that have their names."""

from __future__ import annotations

from pathlib import Path

from synthetics.store.errors import StoreError


class Place:
    """
    A database and its log, as they were when they were opened.

    An open file outlives its name: after ``rm`` or ``mv`` every commit would succeed, into a file
    that nobody will find again.
    """

    def __init__(self, database: Path) -> None:
        self._database = database
        log = database.with_name(database.name + "-wal")
        self._known = {path: _identity(path) for path in (database, log)}

    def check(self) -> None:
        """
        Raises:
            StoreError: A file was deleted, moved or replaced.
        """
        for path, known in self._known.items():
            found = _identity(path)
            if found != known:
                raise StoreError(
                    f"{path} was {'replaced' if found else 'deleted or moved'} while in use",
                    why="what would be written now could not be found again",
                    mend=f"stop the service, put {self._database.name} in place, start it again",
                )


def _identity(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
