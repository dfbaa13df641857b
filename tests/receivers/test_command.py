"""A program that is told by JSON, and ended with all that it began."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import TypeAdapter, ValidationError

from synthetics.receivers import command
from synthetics.receivers.base import Fate, Verdict
from synthetics.receivers.command import Options
from synthetics.receivers.payload import payload
from tests.receivers.support import TOKEN, trigger


def options(**written: Any) -> Options:
    checked: Options = TypeAdapter(Options).validate_python(written)
    return checked


async def ran(script: str, session: aiohttp.ClientSession, **env: str) -> Verdict:
    return await command.send(options(run=["/bin/sh", "-c", script], env=env), trigger(), session)


@pytest.mark.parametrize(
    ("script", "fate", "reason", "detail"),
    [
        ("exit 0", Fate.DELIVERED, "", ""),
        ("exit 75", Fate.RETRY, "exit-75", "exit code 75"),
        ("echo gone >&2; exit 75", Fate.RETRY, "exit-75", "exit code 75: gone"),
        ("echo no such user >&2; exit 67", Fate.REFUSED, "exit-67", "exit code 67: no such user"),
        ("kill -9 $$", Fate.RETRY, "killed", "was killed by SIGKILL"),
    ],
)
async def test_the_exit_code_is_the_verdict(
    script: str, fate: Fate, reason: str, detail: str, session: aiohttp.ClientSession
) -> None:
    verdict = await ran(script, session)

    assert (verdict.fate, verdict.reason, verdict.detail) == (fate, reason, detail)


async def test_it_is_told_all_on_its_input_and_the_gist_in_its_environment(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    out = tmp_path / "told"
    await ran('cat > "$OUT"; env > "$OUT.env"', session, OUT=str(out))

    assert json.loads(out.read_bytes()) == json.loads(json.dumps(payload(trigger())))
    told = dict(
        line.partition("=")[::2] for line in (tmp_path / "told.env").read_text().split("\n")
    )
    assert told["SYNTHETICS_EVENT"] == "trigger"
    assert told["SYNTHETICS_SEVERITY"] == "page"
    assert told["SYNTHETICS_SUMMARY"].startswith("本店: checkout fails")


async def test_it_inherits_nothing_that_could_be_a_secret(
    tmp_path: Path, session: aiohttp.ClientSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", TOKEN)

    await ran('env > "$OUT"', session, OUT=str(tmp_path / "env"))

    assert TOKEN not in (tmp_path / "env").read_text()


async def test_what_takes_too_long_is_ended_with_all_that_it_began(
    tmp_path: Path, session: aiohttp.ClientSession
) -> None:
    script = 'sleep 60 & echo $! > "$OUT"; trap "" TERM; wait'
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await ran(script, session, OUT=str(tmp_path / "pid"))

    child = int((tmp_path / "pid").read_text())
    async with asyncio.timeout(5):
        while _runs(child):
            await asyncio.sleep(0.01)


async def test_who_leaves_something_running_is_not_waited_for(
    session: aiohttp.ClientSession,
) -> None:
    async with asyncio.timeout(5):
        verdict = await ran("sleep 10 & exit 0", session)

    assert verdict == Verdict.delivered()


async def test_who_does_not_read_and_talks_without_end_does_not_hang(
    session: aiohttp.ClientSession,
) -> None:
    async with asyncio.timeout(20):
        verdict = await ran("head -c 5000000 /dev/zero | tr '\\0' x >&2; exit 1", session)

    assert verdict.fate is Fate.REFUSED
    assert len(verdict.detail) <= 200


async def test_a_secret_that_it_says_is_masked(session: aiohttp.ClientSession) -> None:
    verdict = await ran('echo "no $TOKEN" >&2; exit 1', session, TOKEN=TOKEN)

    assert verdict.detail == "exit code 1: no ***"


async def test_a_program_that_is_not_there_may_come(session: aiohttp.ClientSession) -> None:
    verdict = await command.send(options(run=["/nowhere/page"]), trigger(), session)

    assert (verdict.fate, verdict.reason, verdict.arrived) == (Fate.RETRY, "start", False)
    assert verdict.detail == "cannot be started: No such file or directory"


@pytest.mark.parametrize(
    ("written", "wrong"),
    [
        ({"run": []}, "no program is named"),
        ({"run": ["a\0b"]}, "NUL"),
        ({"run": ["page"], "env": {"1A": "abcd"}}, "not a variable's name"),
        ({"run": ["page"], "env": {"SYNTHETICS_EVENT": "abcd"}}, "set by the receiver itself"),
    ],
)
def test_mistakes_are_found_at_load(written: dict[str, Any], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        options(**written)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    # A dead child of somebody else is a zombie until it is buried.
    return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
