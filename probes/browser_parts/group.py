"""The processes of one browser: how much memory they take, and how they are ended."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

_PROC = Path("/proc")


class Group:
    """
    A browser, in a process group of its own, and the driver that has started it.

    Between the two there may be a shell: on Debian a browser is a script.

    Args:
        leader: The browser's process ID.

    Attributes:
        leader: The browser's process ID.
        driver: The process ID of whoever started it.
    """

    def __init__(self, leader: int) -> None:
        self.leader = leader
        self._born = _born(leader)
        self._group = os.getpgid(leader)
        self.driver = _child_of_ours(leader)
        self._driver_born = _born(self.driver)

    @property
    def alive(self) -> bool:
        """Whether both the browser and its driver are there."""
        return _born(self.leader) == self._born and _born(self.driver) == self._driver_born

    def memory(self) -> dict[int, int]:
        """Bytes that each process has for itself alone, by process ID; the driver's too."""
        sizes: dict[int, int] = {}
        waiting = [self.driver] if _born(self.driver) == self._driver_born else []
        while waiting:
            pid = waiting.pop()
            with contextlib.suppress(OSError, ValueError):
                sizes[pid] = _own_memory(pid)
                children = (_PROC / str(pid) / "task" / str(pid) / "children").read_text()
                waiting += [int(child) for child in children.split() if int(child) not in sizes]
        return sizes

    def end_largest_page(self) -> bool:
        """Kill the page that takes most; ``False`` if that is no page but the browser itself."""
        sizes = self.memory()
        for pid in sorted(sizes, key=lambda pid: -sizes[pid]):
            with contextlib.suppress(OSError):
                if b"--type=renderer" in (_PROC / str(pid) / "cmdline").read_bytes():
                    os.kill(pid, signal.SIGKILL)
                    return True
                break
        return False

    def kill(self) -> None:
        """End what is left of it, and of the driver."""
        with contextlib.suppress(OSError):
            if _born(self.leader) == self._born:
                os.killpg(self._group, signal.SIGKILL)
        with contextlib.suppress(OSError):
            if _born(self.driver) == self._driver_born:
                os.kill(self.driver, signal.SIGKILL)


def _stat(pid: int) -> list[str]:
    """The fields of ``/proc/PID/stat`` behind the program's name, which may hold anything."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
    except OSError:
        return []
    return text.rpartition(") ")[2].split()


def _child_of_ours(pid: int) -> int:
    """Which child of this process *pid* descends from; -1 if there is none any more."""
    while (stat := _stat(pid)) and (parent := int(stat[1])) != os.getpid():
        pid = parent
    return pid if stat else -1


def _born(pid: int) -> str:
    """When *pid* began, which tells it from a later one of that number; empty if it has ended."""
    stat = _stat(pid)
    return stat[19] if stat and stat[0] != "Z" else ""


def _own_memory(pid: int) -> int:
    for line in (_PROC / str(pid) / "status").read_text(errors="replace").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1]) * 1024
    return 0
