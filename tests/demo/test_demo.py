"""The whole demo, as a newcomer runs it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from synthetics.demo.child import ChildFailed, service
from synthetics.reports.columns import width

DEMO = (sys.executable, "-P", "-m", "synthetics", "demo")


def children(pid: int) -> list[int]:
    """The children of process *pid* that still run."""
    listed = Path(f"/proc/{pid}/task/{pid}/children")
    return [int(child) for child in listed.read_text().split()]


def runs(pid: int) -> bool:
    """Whether process *pid* runs; one that ended and was not yet collected does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_a_page_and_its_resolve_arrive_and_the_story_is_told(tmp_path: Path) -> None:
    began = time.monotonic()
    told = subprocess.run(
        [*DEMO, "--into", str(tmp_path)], capture_output=True, text=True, timeout=120, check=False
    )

    assert told.returncode == 0, told.stdout + told.stderr
    assert time.monotonic() - began < 90
    events = ("OUTAGE", "bad", "PAGE", "mended", "RESOLVED")
    rows = re.findall(r"^\d\d:\d\d:\d\d  (\w+)", told.stdout, re.MULTILINE)
    assert [row for row in rows if row in events] == list(events)
    assert "runbook" in told.stdout.lower()
    assert "https://wiki.example/oncall/shop" in told.stdout
    assert "SIMULATED" in told.stdout
    assert "0123456789abcdef" not in told.stdout
    assert "\x1b" not in told.stdout
    lines = [line for line in told.stdout.splitlines() if str(tmp_path) not in line]
    assert max(map(width, lines)) <= 80
    assert (tmp_path / "report.html").is_file()


def until_ready(process: subprocess.Popen[bytes]) -> list[int]:
    """Read on until the service of a demo is ready; the children that it has then."""
    assert process.stdout is not None
    for line in process.stdout:
        if b"ready" in line:
            break
    return children(process.pid)


def test_ctrl_c_ends_the_demo_and_its_service(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*DEMO, "--into", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        started = until_ready(process)
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=15)[0].decode()

    assert process.returncode == 128 + signal.SIGINT
    assert rest.rstrip().endswith(f"stopped; what there is so far is in {tmp_path}")
    assert started
    assert not any(map(runs, started))


def test_a_service_that_dies_ends_the_demo_at_once(tmp_path: Path) -> None:
    with subprocess.Popen(
        [*DEMO, "--into", str(tmp_path)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    ) as process:
        (service_pid,) = until_ready(process)
        os.kill(service_pid, signal.SIGKILL)
        rest = process.communicate(timeout=15)[0].decode()

    assert process.returncode == 1
    assert "The demo failed: the service ended with code -9." in rest


async def test_a_service_that_cannot_start_is_told_in_its_own_words(tmp_path: Path) -> None:
    config = tmp_path / "synthetics.yaml"
    config.write_text("probs: {}\n")

    async with service(
        config=config,
        database=tmp_path / "synthetics.db",
        log=tmp_path / "service.log",
        environ={},
    ) as child:
        with pytest.raises(ChildFailed, match="ended with code 2"):
            await child.ready()

    assert "probs" in "\n".join(child.last_words())


def test_a_folder_that_holds_something_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "synthetics.db").write_bytes(b"mine")

    told = subprocess.run(
        [*DEMO, "--into", str(tmp_path)], capture_output=True, text=True, timeout=60, check=False
    )

    assert told.returncode == 2
    assert "is not empty" in told.stderr
