"""``synthetics probe`` of a job: when it was last heard, and when it is due."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

from click.testing import CliRunner, Result

from synthetics.cli import main
from synthetics.clock import HeldClock
from tests.heartbeats.support import BACKUP, KEY, REPORT, START_MS, a_room

ENVIRON = {"REPORT": REPORT, "PASSWORD": "open & sesame", "KEY": KEY}


async def probe(folder: Path, *arguments: str) -> Result:
    where = ["--config", str(folder / "synthetics.yaml"), "--db", str(folder / "s.db")]
    command = ["probe", *arguments, *where]
    return await asyncio.to_thread(CliRunner().invoke, main, command, env=ENVIRON)


async def listened(folder: Path) -> None:
    """A day begins, the backup fails at two minutes past."""
    async with a_room(folder, HeldClock(START_MS)) as room:
        await room.passes(1)
        await room.says(BACKUP, "start")
        await room.passes(1)
        await room.says(BACKUP, "fail", body=b"copying\nno space left on device")
        await room.store.add(list(room.samples.values()))
        await room.heartbeats.step()
        await room.store.add(list(room.samples.values()))


async def test_what_was_heard_and_what_comes_next(tmp_path: Path) -> None:
    await listened(tmp_path)
    found = await probe(tmp_path, "backup")

    assert found.exit_code == 1
    lines = [" ".join(line.split()) for line in found.output.splitlines()]
    assert lines[0] == "✗ backup bad: job-failed"
    assert lines[1] == "failed after 60 s"
    [heard] = [line for line in lines if line.startswith("heard ")]
    assert heard.endswith(": fail")
    assert heard.startswith("heard 2026-11-23 00:02:00 UTC")
    assert any(line.startswith("due next 2026-11-23 01:01:00 UTC") for line in lines)
    assert "11-23 00:02:00 fail no space left on device" in lines


async def test_what_was_said_since_the_service_kept_what_it_knows_counts_too(
    tmp_path: Path,
) -> None:
    """It does so every few seconds; what a job says is on the disk at once."""
    await listened(tmp_path)
    async with a_room(tmp_path, HeldClock(START_MS + 5 * 60_000)) as room:
        await room.says(BACKUP, "success", body=b"done")
        found = await probe(tmp_path, "backup")

    lines = [" ".join(line.split()) for line in found.output.splitlines()]
    [heard] = [line for line in lines if line.startswith("heard ")]
    assert heard.startswith("heard 2026-11-23 00:05:00 UTC")
    assert heard.endswith(": success")
    assert "11-23 00:05:00 success done" in lines


async def test_the_same_as_json(tmp_path: Path) -> None:
    await listened(tmp_path)
    [found] = json.loads((await probe(tmp_path, "backup", "--format", "json")).output)

    assert (found["probe"], found["kind"], found["newest"]["reason"]) == (
        "backup",
        "heartbeat",
        "job-failed",
    )
    assert found["heartbeat"]["next_due_at"] == "2026-11-23T01:01:00Z"
    assert [report["said"] for report in found["reports"]] == ["fail", "start"]


async def test_a_job_that_is_not_due_yet_is_no_bad_news(tmp_path: Path) -> None:
    await listened(tmp_path)
    found = await probe(tmp_path, "report")

    assert (found.exit_code, found.output.splitlines()[0]) == (0, "· report  not yet")


async def test_without_a_database_nobody_has_listened(tmp_path: Path) -> None:
    await listened(tmp_path)
    (tmp_path / "s.db").unlink()

    found = await probe(tmp_path, "backup")

    assert found.exit_code == 0
    assert "never: no service with this database has listened yet" in found.output
