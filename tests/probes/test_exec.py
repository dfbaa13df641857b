"""Programs that say something, too much, or never end."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from probes import exec as kind
from probes.exec_parts.perfdata import parse_perfdata
from probes.result import Outcome, Result
from tests.probes.support import Asker, look_up, refusal

OPTIONS: TypeAdapter[kind.Options] = TypeAdapter(kind.Options)


async def ask(asker: Asker, written: dict[str, Any], timeout_s: float = 5) -> Result:
    options = OPTIONS.validate_python(written, context={"resolve": look_up})
    return await kind.run(options, asker.watch(timeout_s))


async def shell(asker: Asker, text: str, timeout_s: float = 5, **more: Any) -> Result:
    return await ask(asker, {"command": ["sh", "-c", text], **more}, timeout_s)


@pytest.mark.parametrize(
    ("text", "expect", "reason"),
    [
        ("echo fine", {}, ""),
        ("echo broken; exit 3", {}, "exit-code"),
        ("exit 3", {"exit_code": 3}, ""),
        ("exit 4", {"exit_code": [3, 4]}, ""),
        ("kill -9 $$", {}, "exit-code"),
        ("echo one two", {"contains": ["one", "two"]}, ""),
        ("echo one", {"contains": ["one", "two"]}, "output"),
        ("echo ERROR >&2", {"not_contains": "ERROR"}, "output"),
        ("echo 17 users", {"regex": "^[0-9]+ users"}, ""),
        ("echo no users", {"regex": "^[0-9]+ users"}, "output"),
        ("echo 'ok | used=17;20;25'", {"perfdata": {"used": {"under": 20}}}, ""),
        ("echo 'ok | used=20%'", {"perfdata": {"used": {"under": 20}}}, "perfdata"),
        ("echo 'ok | used=20'", {"perfdata": {"used": {"equals": 20, "at_most": 20}}}, ""),
        ("echo 'ok'", {"perfdata": {"used": {"over": 0}}}, "perfdata"),
    ],
)
async def test_what_is_expected_of_a_program(
    asker: Asker, text: str, expect: dict[str, Any], reason: str
) -> None:
    result = await shell(asker, text, expect=expect)

    assert result.reason == reason, result.detail
    assert (result.evidence is None) == (reason == "")


@pytest.mark.parametrize(
    ("code", "warning", "outcome", "reason"),
    [
        (0, "good", Outcome.GOOD, ""),
        (1, "good", Outcome.GOOD, ""),
        (1, "bad", Outcome.BAD, "warning"),
        (2, "good", Outcome.BAD, "critical"),
        (3, "good", Outcome.VOID, "unknown"),
        (127, "good", Outcome.VOID, "unknown"),
    ],
)
async def test_a_plugin_says_by_its_exit_code_how_it_is(
    asker: Asker, code: int, warning: str, outcome: Outcome, reason: str
) -> None:
    text = f"echo 'DISK - 81% used | /=81%;80;90'; exit {code}"
    result = await shell(asker, text, nagios=True, warning=warning)

    assert (result.outcome, result.reason) == (outcome, reason)
    if outcome is Outcome.BAD:
        assert result.detail == "DISK - 81% used"


async def test_what_it_reads_and_where_it_runs(asker: Asker, tmp_path: Path) -> None:
    result = await shell(
        asker,
        'test "$(cat)" = "open & sesame" && test "$PWD" = "$WHERE" && test -z "$OURS"',
        stdin="${env:PASSWORD}",
        folder=str(tmp_path),
        env={"WHERE": str(tmp_path)},
    )

    assert result.outcome is Outcome.GOOD, result.detail


async def test_our_own_environment_stays_ours(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PD_KEY", "s3cret-of-another")
    result = await shell(asker, "env; exit 1")

    assert result.evidence is not None
    assert "s3cret" not in result.evidence.body
    assert f"TRACEPARENT=00-{result.trace_id}-" in result.evidence.body


async def test_a_program_that_is_not_there_is_our_fault(asker: Asker) -> None:
    result = await ask(asker, {"command": ["/nowhere/check"]})
    nowhere = await ask(asker, {"command": ["true"], "folder": "/nowhere"})

    assert (result.outcome, result.reason) == (Outcome.VOID, "no-program")
    assert nowhere.outcome is Outcome.VOID


def alive(pid: int) -> bool:
    """Whether a process runs, and is not only waiting to be buried."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.parametrize("ends", ["timeout", "cancelled", "left behind"])
async def test_nothing_that_it_started_outlives_it(asker: Asker, tmp_path: Path, ends: str) -> None:
    noted = tmp_path / "pid"
    child = f"sh -c 'echo $$ > {noted}; exec sleep 60'"
    text = (
        f"{child} >/dev/null 2>&1 & wait"
        if ends != "left behind"
        else (f"{child} >/dev/null 2>&1 & until test -s {noted}; do sleep 0.01; done")
    )
    run = asyncio.create_task(shell(asker, text, 60 if ends != "timeout" else 0.5))
    while not noted.exists() or not noted.read_text():
        await asyncio.sleep(0.01)
    pid = int(noted.read_text())
    if ends == "cancelled":
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
    else:
        result = await run
        assert result.reason == ("timeout" if ends == "timeout" else ""), result.detail

    for _ in range(100):
        if not alive(pid):
            break
        await asyncio.sleep(0.01)
    assert not alive(pid)


async def test_what_never_stops_talking_fills_no_memory(asker: Asker) -> None:
    began = time.monotonic()
    result = await shell(asker, "exec cat /dev/zero", 0.5)

    assert result.reason == "timeout"
    assert result.detail == "not done after 0.5 s: waiting for sh to end"
    assert time.monotonic() - began < 1


async def test_what_was_said_before_the_time_was_over_is_kept(asker: Asker) -> None:
    result = await shell(asker, "echo half done; exec sleep 9", 0.3)

    assert result.reason == "timeout"
    assert result.evidence is not None
    assert result.evidence.body == "half done\n"


async def test_who_leaves_the_group_with_our_pipe_is_not_waited_for(asker: Asker) -> None:
    began = time.monotonic()
    result = await shell(asker, "setsid sleep 3 & sleep 9", 0.3)

    assert result.reason == "timeout"
    assert time.monotonic() - began < 1


async def test_a_program_may_end_before_it_is_given_anything(asker: Asker) -> None:
    for written in ({}, {"stdin": "x"}):
        asking = asyncio.create_task(ask(asker, {"command": ["true"]} | written))
        await asyncio.sleep(0)
        time.sleep(0.1)

        assert (await asking).outcome is Outcome.GOOD


@pytest.mark.parametrize("program", ["true", "cat"])
async def test_a_program_may_read_nothing_or_say_all_of_it_back(asker: Asker, program: str) -> None:
    result = await ask(asker, {"command": [program], "stdin": "x" * 1_000_000})

    assert result.outcome is Outcome.GOOD, result.detail


@pytest.mark.parametrize(
    ("output", "values"),
    [
        ("OK - load 0.2 | load1=0.2;5;10;0 load5=1,5", {"load1": 0.2, "load5": 1.5}),
        ("OK | 'free space /'=12.5MB;;;0;100 'it''s'=-1c", {"free space /": 12.5, "it's": -1}),
        ("OK | a=1\nmore text\nand more | b=2\nc=3", {"a": 1, "b": 2, "c": 3}),
        ("OK, nothing", {}),
        ("OK | a=U b=1", {"b": 1}),
    ],
)
def test_performance_data(output: str, values: dict[str, float]) -> None:
    assert parse_perfdata(output) == values


@given(st.text(max_size=200))
def test_no_output_is_too_strange(output: str) -> None:
    parse_perfdata("x | " + output)


@pytest.mark.parametrize(
    ("written", "what"),
    [
        (
            {"command": ["x"], "nagios": True, "expect": {"exit_code": 0}},
            "with `nagios: true` the exit codes have a meaning of their own",
        ),
        ({"command": ["cat", "${x}"]}, "nothing is captured here to fill ${x}"),
    ],
)
def test_mistakes_are_named(written: dict[str, Any], what: str) -> None:
    assert refusal(OPTIONS, written).what == what
