"""How long something took, without the time for which this machine had no core for us."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from types import TracebackType

_TASKS = Path("/proc/self/task")


class Stopwatch:
    """
    Measures what stands in its ``with``.

    The kernel counts for how long each of our threads could have run and had to wait for others
    (``schedstat``, its second number).  That is the machine's doing, and left out: not what a
    kind spends on a core itself, and not what it sleeps.

    Attributes:
        took_s: Seconds from the beginning to the end, without these.
        starved_s: These, of all threads that were there from beginning to end.
    """

    def __enter__(self) -> Stopwatch:
        self._waited = _waited_s()
        self._began = time.monotonic()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        passed_s = time.monotonic() - self._began
        now = _waited_s()
        self.starved_s = sum(now[one] - self._waited[one] for one in now.keys() & self._waited)
        self.took_s = passed_s - self.starved_s


def _waited_s() -> dict[str, float]:
    """By thread; nothing where the kernel does not count."""
    waited = {}
    for task in _TASKS.iterdir():
        with contextlib.suppress(OSError):
            waited[task.name] = int((task / "schedstat").read_text().split()[1]) / 1e9
    return waited
