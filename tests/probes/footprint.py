"""What this process holds: its memory at most, and what is left of a run."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import AsyncIterator
from pathlib import Path

_PROCESS = Path("/proc/self")
_PATIENCE_S = 2


class Growth:
    """
    Measures what stands in its ``with``: by how many bytes the memory of the process exceeded,
    at its highest, what it was at the beginning; that of libraries in C is in it.
    """

    def __enter__(self) -> Growth:
        (_PROCESS / "clear_refs").write_text("5")  # the mark is that of now
        self._began = _resident("VmRSS")
        return self

    def __exit__(self, *_: object) -> None:
        self.bytes = max(0, _resident("VmHWM") - self._began)


def _resident(which: str) -> int:
    for line in (_PROCESS / "status").read_text().splitlines():
        if line.startswith(f"{which}:"):
            return int(line.split()[1]) * 1024
    raise AssertionError(f"this system does not say {which}")


@contextlib.asynccontextmanager
async def nothing_left() -> AsyncIterator[None]:
    """Inside it tasks, threads and sockets may be made: at the end none of them is left."""
    tasks, threads, sockets = asyncio.all_tasks(), _threads(), _sockets()
    yield
    ends = asyncio.get_running_loop().time() + _PATIENCE_S
    while asyncio.get_running_loop().time() < ends and (
        asyncio.all_tasks() - tasks or _threads() - threads or _sockets() - sockets
    ):
        await asyncio.sleep(0.005)
    assert asyncio.all_tasks() <= tasks
    assert _threads() <= threads
    assert _sockets() <= sockets


def _threads() -> set[threading.Thread]:
    """Without those that asyncio keeps to look names up."""
    return {one for one in threading.enumerate() if not one.name.startswith("asyncio_")}


def _sockets() -> set[str]:
    found = set()
    for one in (_PROCESS / "fd").iterdir():
        with contextlib.suppress(OSError):  # that with which we look
            target = str(one.readlink())
            if target.startswith("socket:"):
                found.add(target)
    return found
