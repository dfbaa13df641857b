"""
What happens when the disk fills up: raw samples stop first, alerts go on.

Two lines of defence.  While less than the low-water mark is free on the disk, or a write has found
it full, samples are not stored, so that what is left serves alerts and deliveries.  If something
else takes that too, alerts are written to the pages of a filler, which is deleted for them: they
are ours already.  So is the log, which the filler went through at start and which keeps its
length; it is folded into the file long before it is that long, so a good part is always free.
"""

from __future__ import annotations

import os
import sqlite3
from pathlib import Path

from synthetics.clock import Clock

CHECKPOINT = "PRAGMA wal_checkpoint(PASSIVE)"

RETRY_S = 5.0
"""How long to wait before trying again to set the reserve aside."""


class Reserve:
    """
    The room kept for alerts in one file.

    Args:
        connection: The writer's.
        folder: Where the file lies.
        clock: Paces the attempts to recover.
        size_bytes: Size of the filler.
        low_water_bytes: Free bytes below which samples are refused.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        folder: Path,
        clock: Clock,
        *,
        size_bytes: int,
        low_water_bytes: int,
    ) -> None:
        self._connection = connection
        self._folder = folder
        self._clock = clock
        self._size = size_bytes
        self._low_water = low_water_bytes
        self._released = False
        self._retry_at = 0.0
        self.disk_full = False

    def fill(self) -> bool:
        """Set the filler aside, or write it again; whether it is there now."""
        if not self._size:
            return True
        try:
            self._connection.execute(
                "INSERT OR REPLACE INTO reserve VALUES (1, zeroblob(?))", (self._size,)
            )
            # While it is only in the log, the file would still have to grow for it.
            self._connection.execute(CHECKPOINT).fetchone()
        except sqlite3.OperationalError as error:
            if not is_full(error):
                raise
            self._released = True
            self._retry_at = self._clock.monotonic() + RETRY_S
        else:
            self._released = False
        return not self._released

    def release(self) -> None:
        """
        Give the filler up: from here on, what is written takes its pages and not the disk's.

        The log is folded in first, while its pages can still find room in the file.  If they
        cannot, it stays as long as it is and its own free part has to do.
        """
        self.disk_full = True
        self._released = True
        self._retry_at = self._clock.monotonic() + RETRY_S
        try:
            self._connection.execute(CHECKPOINT).fetchone()
        except sqlite3.OperationalError as error:
            if not is_full(error):
                raise
        self._connection.execute("DELETE FROM reserve")

    def welcomes_samples(self) -> bool:
        """Whether there is room for raw samples now; the moment there is not, `release`."""
        disk = os.statvfs(self._folder)
        free = disk.f_bavail * disk.f_frsize
        # A quarter more to begin again than to go on, or each sample pruned would let one in.
        if free < (self._low_water * 5 // 4 if self.disk_full else self._low_water):
            if not self.disk_full:
                self.release()
        elif self._released and self._clock.monotonic() >= self._retry_at:
            self.disk_full = not self.fill()
        return not self.disk_full


def is_full(error: sqlite3.Error) -> bool:
    """Whether *error* says that the disk is full."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL
