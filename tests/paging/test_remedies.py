"""What is tried before anybody is paged: with real programs, on a clock that is held."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from probes.fields import Secret
from synthetics.config.model import Config, Route, Severity
from synthetics.config.model_remedy import Remedy
from synthetics.receivers.base import Message
from synthetics.store import events, remedies
from synthetics.store.remedies import Tried
from tests.paging.support import MINUTE_MS, Desk, Phone, config, slo

PATIENCE_S = 10.0


def with_remedy(*program: str, **changes: Any) -> Config:
    """The shop, mended by *program*; a route for tickets, and one for pages."""
    known = config(
        routes=(
            Route(severity=Severity.PAGE, to=("oncall",)),
            Route(severity=Severity.TICKET, to=("team",)),
        )
    )
    options: dict[str, Any] = {"command": program}
    remedy = Remedy(**(options | changes))
    shop = replace(known.services["shop"], remediation=remedy)
    return replace(known, services={"shop": shop})


def python(code: str) -> tuple[str, ...]:
    return sys.executable, "-c", code


async def until(desk: Desk, held: Callable[[Tried], bool]) -> Tried:
    """The newest remedy, once it is as it should be."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            found = await desk.store.write(remedies.every)
            if found and held(found[-1]):
                return found[-1]
            await asyncio.sleep(0.01)


async def told(desk: Desk, receiver: str) -> list[Message]:
    return [Message.from_json(one.message) for one in await desk.told(receiver)]


async def test_what_is_mended_in_time_is_a_ticket_and_never_nothing(tmp_path: Path) -> None:
    program = python("import os; print(os.environ['DID'], os.environ['SYNTHETICS_SERVICE'])")
    settings = {"env": {"DID": Secret("restarted")}}
    async with Desk.open(tmp_path, with_remedy(*program, **settings)) as desk:
        await desk.minutes(3, bad=True)
        await until(desk, lambda one: one.answer == "exit 0")
        held_back = await desk.events()
        await desk.minutes(3, bad=False)
        [ticket] = await told(desk, "team")
        tried = (await desk.store.write(remedies.every))[-1]
        [incident] = await desk.incidents()
        noted = await desk.store.write(lambda db: events.of_incident(db, incident.id))
        await desk.minutes(90, bad=False)
        pages = await desk.events()

    assert held_back == []
    assert pages == []
    assert ticket.severity is Severity.TICKET
    assert ticket.summary.startswith("Mended by itself, find the cause: 本店: checkout fails")
    assert ticket.tried == ("the command at 12:02 UTC (exit 0: restarted shop) mended it",)
    assert (tried.outcome, tried.output, tried.incident_id) == (
        "mended",
        "restarted shop",
        incident.id,
    )
    assert incident.severity == "ticket"
    assert [(one.kind, one.detail) for one in noted] == [("tried", ticket.tried[0])]


async def test_what_fails_pages_at_once_and_says_what_was_tried(tmp_path: Path) -> None:
    program = python("import sys; print('no such unit'); sys.exit(3)")
    async with Desk.open(tmp_path, with_remedy(*program)) as desk:
        await desk.minutes(2, bad=True)
        await until(desk, lambda one: bool(one.answer))
        await desk.judge.on_minute(desk.clock.now_ms())
        [page] = await told(desk, "oncall")
        tried = await until(desk, lambda one: one.ended_ms is not None)

    assert page.severity is Severity.PAGE
    assert page.tried == ("the command at 12:02 UTC failed (exit 3: no such unit)",)
    assert (tried.outcome, tried.incident_id) == ("failed", page.incident)


async def test_who_decides_again_is_called_as_soon_as_it_has_failed(tmp_path: Path) -> None:
    async with Desk.open(tmp_path, with_remedy("/nonexistent")) as desk:
        called = asyncio.Event()

        async def again() -> None:
            called.set()

        desk.judge.remedies.again = again
        await desk.minutes(2, bad=True)
        async with asyncio.timeout(PATIENCE_S):
            await called.wait()
        tried = await until(desk, lambda one: bool(one.answer))

    assert tried.answer == "No such file or directory"


async def test_what_runs_too_long_is_killed_with_all_that_it_began(tmp_path: Path) -> None:
    mark = tmp_path / "still-there"
    program = python(
        "import subprocess, sys, time;"
        f"subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(2);"
        f' open("{mark}", "w")'
        "']); time.sleep(60)"
    )
    settings = {"timeout": timedelta(seconds=0.5)}
    async with Desk.open(tmp_path, with_remedy(*program, **settings)) as desk:
        await desk.minutes(2, bad=True)
        await until(desk, lambda one: bool(one.answer))
        await desk.judge.on_minute(desk.clock.now_ms())
        [page] = await told(desk, "oncall")
        await asyncio.sleep(2.2)

    assert page.tried == ("the command at 12:02 UTC did not end within 500ms",)
    assert not mark.exists()


async def test_what_does_not_help_in_time_pages(tmp_path: Path) -> None:
    async with Desk.open(tmp_path, with_remedy("/bin/true")) as desk:
        await desk.minutes(2, bad=True)
        await until(desk, lambda one: bool(one.answer))
        await desk.minutes(4, bad=True)
        waiting = await desk.events()
        await desk.minutes(1, bad=True)
        [page] = await told(desk, "oncall")

    assert waiting == []
    assert page.tried == ("the command at 12:02 UTC (exit 0) did not mend it within 5m",)
    assert page.detected_ms is not None


async def test_what_breaks_again_while_it_fires_pages(tmp_path: Path) -> None:
    async with Desk.open(tmp_path, with_remedy("/bin/true")) as desk:
        await desk.minutes(3, bad=True)
        await until(desk, lambda one: bool(one.answer))
        await desk.minutes(2, bad=False)
        assert len(await told(desk, "team")) == 1
        await desk.minutes(1, bad=True)
        [page] = await told(desk, "oncall")

    assert page.tried == ("the command at 12:02 UTC (exit 0) mended it only for a while",)


async def test_it_is_tried_so_often_an_hour_and_then_pages_at_once(tmp_path: Path) -> None:
    async with Desk.open(tmp_path, with_remedy("/bin/false", at_most=1)) as desk:
        desk.clock.advance(60)
        await desk.store.write(
            lambda db: remedies.begin(
                db, service="shop", how="command", began_ms=desk.clock.now_ms(), message=""
            )
        )
        await desk.minutes(2, bad=True)
        [page] = await told(desk, "oncall")
        ever = await desk.store.write(remedies.every)

    assert page.tried == (
        "the command was not tried again, the limit of 1 within the hour is reached",
    )
    assert len(ever) == 1


async def test_a_crash_while_it_is_tried_pages(tmp_path: Path) -> None:
    program = python("import time; time.sleep(60)")
    async with Desk.open(tmp_path, with_remedy(*program)) as desk:
        await desk.minutes(2, bad=True)
        assert await desk.events() == []
        await desk.restart()
        await desk.minutes(1, bad=True)
        [page] = await told(desk, "oncall")
        ever = await desk.store.write(remedies.every)

    assert page.tried == ("the command at 12:02 UTC was cut off by a restart of the monitoring",)
    assert [one.outcome for one in ever] == ["interrupted"]


async def test_what_is_over_after_a_crash_is_a_ticket(tmp_path: Path) -> None:
    program = python("import time; time.sleep(60)")
    async with Desk.open(tmp_path, with_remedy(*program)) as desk:
        await desk.minutes(2, bad=True)
        desk.clock.advance(2 * 3600)
        await desk.restart()
        await desk.minutes(1, bad=False)
        pages, tickets = await told(desk, "oncall"), await told(desk, "team")

    assert pages == []
    assert [one.tried for one in tickets] == [
        ("the command at 12:02 UTC was cut off by a restart of the monitoring",)
    ]


async def test_a_webhook_is_asked_and_its_answer_is_kept(tmp_path: Path) -> None:
    async with Phone() as phone:
        phone.text = "rolled back to v1.1"
        settings = {"command": (), "webhook": phone.url}
        async with Desk.open(tmp_path, with_remedy(**settings)) as desk:
            await desk.minutes(2, bad=True)
            tried = await until(desk, lambda one: bool(one.answer))

    [call] = phone.calls
    assert call.body["service"] == "shop"
    assert call.body["reason"] == "status"
    assert (tried.answer, tried.output) == ("HTTP 202", "rolled back to v1.1")


async def test_a_second_slo_of_the_service_waits_for_the_same_remedy(tmp_path: Path) -> None:
    known = with_remedy("/bin/true")
    second = slo("again")
    both = replace(known, slos={**known.slos, second.id: second})
    async with Desk.open(tmp_path, both) as desk:
        await desk.minutes(3, bad=True)
        await until(desk, lambda one: bool(one.answer))
        ever = await desk.store.write(remedies.every)
        assert await desk.events() == []
        await desk.minutes(5, bad=True)
        pages = await told(desk, "oncall")

    assert len(ever) == 1
    assert len(pages) == 1
    assert pages[0].also == ("again",)
    assert pages[0].since_ms is not None
    assert pages[0].detected_ms - pages[0].since_ms >= MINUTE_MS
