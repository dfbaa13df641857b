"""What was accepted survives the process: it is killed for real, again and again."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.store.support import MINUTE_MS, START_MS, instants, opened, read_back

CHILD = """
import asyncio, sys
from pathlib import Path
from synthetics.store import Store
from tests.store.support import START_MS, minutes

async def main(path, first):
    store = await Store.open(path, linger_s=0.001, low_water_bytes=0, reserve_bytes=1 << 18)
    while True:
        samples = minutes("home", 20, start_ms=START_MS + first * 60_000)
        await store.add(samples)
        first += len(samples)
        sys.stdout.write(f"{first}\\n")
        sys.stdout.flush()

asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
"""


def add_until_killed(path: Path, first: int, batches: int) -> int:
    """Let a process add samples, kill it after it reported *batches*; how many it reported."""
    with subprocess.Popen(
        [sys.executable, "-c", CHILD, str(path), str(first)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    ) as child:
        assert child.stdout is not None
        for _ in range(batches):
            accepted = int(child.stdout.readline())
        os.kill(child.pid, signal.SIGKILL)
        rest = child.stdout.read().split()
    assert child.returncode == -signal.SIGKILL
    return int(rest[-1]) if rest else accepted


async def test_accepted_samples_survive_kill_9(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    accepted = 0
    for batches in (1, 5, 15):
        accepted = add_until_killed(path, accepted, batches)

        found = instants(read_back(path))
        expected = [START_MS + minute * MINUTE_MS for minute in range(accepted)]
        assert found[:accepted] == expected
        accepted = len(found)  # the last batch may be there though nobody was told

    async with opened(path):
        pass
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    connection.close()
