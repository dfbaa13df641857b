"""The connection that housekeeping reads from, in helper threads beside the writer's."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Beside:
    """
    A connection that only reads, for one thread at a time, and that can be closed at any time.

    SQLite does not survive a connection that is closed under a running query, and a helper thread
    goes on when the task that waited for it was cancelled.

    Args:
        connection: From `open_for_reading`.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._lock = threading.Lock()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """One state of the database for several queries."""
        with self._lock:
            self._connection.execute("BEGIN")
            try:
                yield self._connection
            finally:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")

    def close(self) -> None:
        """End what runs, and close."""
        self._connection.interrupt()
        with self._lock:
            self._connection.close()
