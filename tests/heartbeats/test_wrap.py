"""``synthetics exec``: the job does not notice, and the monitor hears of it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp import web

from tests.service.support import listening

PATIENCE_S = 20.0


@dataclass
class Monitor:
    """Takes reports, or answers as it is told to."""

    status: int = 200
    reports: list[tuple[str, str, str]] = field(default_factory=list)
    url: str = ""

    async def take(self, request: web.Request) -> web.Response:
        said = request.match_info["said"]
        self.reports.append((said, request.query["rid"], await request.text()))
        return web.Response(status=self.status)

    @property
    def said(self) -> list[str]:
        return [said for said, _, _ in self.reports]


@pytest.fixture
async def monitor() -> AsyncIterator[Monitor]:
    monitor, app = Monitor(), web.Application()
    app.router.add_post("/ping/uuid/{said}", monitor.take)
    async with listening(app) as url:
        monitor.url = f"{url}/ping/uuid"
        yield monitor


@asynccontextmanager
async def job(
    *command: str, url: str = "", options: tuple[str, ...] = ()
) -> AsyncIterator[asyncio.subprocess.Process]:
    """``synthetics exec`` with *command*; killed if it still runs at the end."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-m", "synthetics", "exec", *options, "--", *command),
        env={**os.environ, "SYNTHETICS_PING_URL": url},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def ran(
    *command: str, url: str = "", options: tuple[str, ...] = ()
) -> tuple[int | None, str, str]:
    """Exit code, output and errors of *command* under it."""
    async with asyncio.timeout(PATIENCE_S), job(*command, url=url, options=options) as process:
        out, err = await process.communicate()
        return process.returncode, out.decode(), err.decode()


async def test_start_and_end_are_reported_with_exit_code_and_last_lines(monitor: Monitor) -> None:
    shell = "echo one; echo two >&2; exit 3"
    code, out, err = await ran("sh", "-c", shell, url=monitor.url)

    assert (code, out, err) == (3, "one\n", "two\n")
    assert monitor.said == ["start", "3"]
    (_, first, nothing), (_, second, body) = monitor.reports
    assert (first, nothing) == (second, "")
    assert body.startswith("exit code 3 after ")
    assert sorted(body.splitlines()[1:]) == ["one", "two"]


async def test_of_much_output_the_last_lines_are_reported(monitor: Monitor) -> None:
    code, out, _ = await ran("seq", "100000", url=monitor.url)

    body = monitor.reports[-1][2]
    assert (code, out.splitlines()[-1]) == (0, "100000")
    assert len(body) <= 10_000
    assert body.splitlines()[-1] == "100000"
    assert body.splitlines()[1].isdigit()


@pytest.mark.parametrize("trouble", ["away", "broken", "unknown", "no URL", "nothing"])
async def test_a_monitor_in_trouble_costs_the_job_nothing(monitor: Monitor, trouble: str) -> None:
    url = {
        "away": "http://127.0.0.1:1/ping/uuid",
        "broken": monitor.url,
        "unknown": monitor.url,
        "no URL": "what is this",
        "nothing": "",
    }.get(trouble, "")
    monitor.status = 500 if trouble == "broken" else 404
    began = time.monotonic()
    async with job("sh", "-c", "echo done; exit 4", url=url) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert await process.stdout.readline() == b"done\n"
        assert time.monotonic() - began < 5, "the job waits for nobody"
        assert await asyncio.wait_for(process.wait(), PATIENCE_S) == 4
        said = (await process.stderr.read()).decode()
        assert said.startswith("synthetics exec: ")
        assert said.count("\n") == 1
        assert "uuid" not in said


async def test_a_monitor_that_never_answers_holds_nothing_up() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/ping/uuid"
        began = time.monotonic()
        async with job("sh", "-c", "sleep 0.2; echo done", url=url) as process:
            assert process.stdout is not None
            assert await process.stdout.readline() == b"done\n"
            assert time.monotonic() - began < 5


async def test_it_can_be_quiet() -> None:
    assert await ran("true", options=("--quiet",)) == (0, "", "")


async def test_a_program_that_is_not_there_is_reported_as_a_shell_would(monitor: Monitor) -> None:
    code, _, err = await ran("/nowhere/at-all", url=monitor.url)

    assert code == 127
    assert "cannot be started: No such file" in err
    assert monitor.said == ["start", "127"]


async def test_a_file_that_may_not_be_run_is_126(tmp_path: Path) -> None:
    (tmp_path / "job").write_text("#!/bin/sh\n")

    assert (await ran(str(tmp_path / "job")))[0] == 126


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
async def test_signals_reach_the_job_which_decides(
    number: signal.Signals, monitor: Monitor
) -> None:
    name = number.name.removeprefix("SIG")
    shell = f"trap 'echo got {name}; exit 7' {name}; echo up; while :; do sleep 0.05; done"
    async with asyncio.timeout(PATIENCE_S), job("sh", "-c", shell, url=monitor.url) as process:
        assert process.stdout is not None
        assert await process.stdout.readline() == b"up\n"
        process.send_signal(number)
        assert await process.stdout.read() == f"got {name}\n".encode()
        assert await process.wait() == 7
    assert monitor.said == ["start", "7"]


async def test_a_job_that_a_signal_ends_has_the_exit_code_of_a_shell(monitor: Monitor) -> None:
    assert (await ran("sh", "-c", "kill -9 $$", url=monitor.url))[0] == 137
    assert monitor.said[-1] == "137"


async def test_output_passes_through_as_it_comes() -> None:
    async with asyncio.timeout(PATIENCE_S), job("sh", "-c", "printf now; sleep 60") as process:
        assert process.stdout is not None
        assert await process.stdout.readexactly(3) == b"now"


async def test_what_the_job_left_behind_is_not_cut_off(monitor: Monitor) -> None:
    shell = "(sleep 1; echo later; echo still here) & echo now"
    code, out, _ = await ran("sh", "-c", shell, url=monitor.url)

    assert (code, out) == (0, "now\nlater\nstill here\n")


async def test_input_is_the_jobs_own() -> None:
    async with asyncio.timeout(PATIENCE_S):
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "synthetics", "exec", "--quiet", "--", "cat"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate(b"hello")

    assert out == b"hello"


async def test_options_of_the_job_are_its_own() -> None:
    _, out, _ = await ran("echo", "--url", "x", "--", "-h")

    assert out == "--url x -- -h\n"
