"""One service a database: a lock of the operating system that says who holds it."""

from __future__ import annotations

import fcntl
import json
import os
import socket
from pathlib import Path
from typing import Any

from synthetics.clock import Clock, instant
from synthetics.store.errors import InUseError, StoreError


class Lock:
    """
    The right to write a database, held until `release` or the end of the process.

    The system lets go of it when a process dies, however it dies, so there is never a stale
    lock to remove by hand.  The file stays; what it says matters only while it is locked.
    Only its user may read it: who holds it may say there how a command proves itself.
    """

    def __init__(self, descriptor: int, said: dict[str, str | int]) -> None:
        self._descriptor: int | None = descriptor
        self._said = said

    @classmethod
    def take(cls, database: Path, clock: Clock) -> Lock:
        """
        Lock *database*, whose folder exists.

        Raises:
            StoreError: Somebody else holds it, or the folder cannot be written.
        """
        path = _beside(database)
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(
                f"{path} cannot be written",
                why=error.strerror or str(error),
                mend="let the user of the service write in this folder, or name another with --db",
            ) from error
        try:
            _flock(descriptor, database)
        except InUseError:
            os.close(descriptor)
            raise
        said: dict[str, str | int] = {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "since": instant(clock.now_ms()).isoformat(timespec="seconds"),
        }
        os.fchmod(descriptor, 0o600)
        lock = cls(descriptor, said)
        lock._write()
        return lock

    @staticmethod
    def check_free(database: Path) -> None:
        """
        Look whether *database* could be locked, and leave nothing behind.

        Raises:
            InUseError: Somebody else holds it.
        """
        try:
            descriptor = os.open(_beside(database), os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return  # nobody ever locked it, or `take` will say what is wrong
        try:
            _flock(descriptor, database)
        finally:
            os.close(descriptor)

    def say(self, *, url: str, token: str) -> None:
        """Say where a command can hand over what it would write, and what it must show there."""
        self._said |= {"url": url, "token": token}
        self._write()

    def release(self) -> None:
        """Let go; a second time does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _write(self) -> None:
        if self._descriptor is not None:
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, json.dumps(self._said).encode() + b"\n", 0)


def _beside(database: Path) -> Path:
    return database.with_name(database.name + ".lock")


def _flock(descriptor: int, database: Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        holder = _holder(descriptor)
        raise InUseError(
            f"{database} is in use",
            why=_who(holder),
            mend="stop that process, or name another database with --db",
            url=str(holder.get("url", "")),
            token=str(holder.get("token", "")),
        ) from error


def _holder(descriptor: int) -> dict[str, Any]:
    """What the file says; nothing if it says nothing sensible."""
    try:
        said = json.loads(os.pread(descriptor, 4096, 0))
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def _who(said: dict[str, Any]) -> str:
    try:
        return f"process {said['pid']} on {said['host']} holds it since {said['since']}"
    except KeyError:
        return "another process holds it and has not said who it is"
