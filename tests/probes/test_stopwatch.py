"""A busy machine is forgiven, a kind that holds up the loop is not."""

from __future__ import annotations

import os
import subprocess
import time
from collections.abc import Iterator

import pytest

from tests.probes.stopwatch import Stopwatch


@pytest.fixture
def crowd() -> Iterator[None]:
    """More processes that want a core than there are."""
    crowd = [
        subprocess.Popen(["sh", "-c", "while :; do :; done"])
        for _ in range(3 * len(os.sched_getaffinity(0)))
    ]
    yield
    for one in crowd:
        one.kill()
        one.wait()


@pytest.mark.usefixtures("crowd")
def test_time_in_which_we_had_no_core_is_left_out() -> None:
    began = time.monotonic()
    with Stopwatch() as watch:
        used_s = time.thread_time()
        while time.monotonic() < began + 0.3:
            pass
        used_s = time.thread_time() - used_s

    assert watch.starved_s > 0.05
    assert watch.took_s == pytest.approx(used_s, abs=0.05)


def test_what_blocks_the_loop_is_counted() -> None:
    with Stopwatch() as asleep:
        time.sleep(0.15)
    with Stopwatch() as busy:
        until_s = time.thread_time() + 0.15
        while time.thread_time() < until_s:
            pass

    assert asleep.took_s > 0.14
    assert busy.took_s > 0.14
