"""One service a database: a lock of the operating system that says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from pathlib import Path

from synthetics.clock import Clock, instant
from synthetics.store.errors import StoreError


class Lock:
    """
    The right to write a database, held until `release` or the end of the process.

    The system lets go of it when a process dies, however it dies, so there is never a stale
    lock to remove by hand.  The file stays; what it says matters only while it is locked.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor: int | None = descriptor

    @classmethod
    def take(cls, database: Path, clock: Clock) -> Lock:
        """
        Lock *database*, whose folder exists.

        Raises:
            StoreError: Somebody else holds it, or the folder cannot be written.
        """
        path = database.with_name(database.name + ".lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise StoreError(
                f"{path} cannot be written",
                why=error.strerror or str(error),
                mend="let the user of the service write in this folder, or name another with --db",
            ) from error
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            holder = _holder(descriptor)
            os.close(descriptor)
            raise StoreError(
                f"{database} is in use",
                why=holder,
                mend="stop that process, or name another database with --db",
            ) from error
        said = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": instant(clock.now_ms()).isoformat(timespec="seconds"),
        }
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, json.dumps(said).encode() + b"\n", 0)
        return cls(descriptor)

    def release(self) -> None:
        """Let go; a second time does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _holder(descriptor: int) -> str:
    try:
        said = json.loads(os.pread(descriptor, 4096, 0))
        return f"process {said['pid']} on {said['host']} holds it since {said['since']}"
    except (ValueError, KeyError, TypeError):
        return "another process holds it and has not said who it is"
