"""Alerts, taken and resolved by a real Alertmanager, and forgotten by one that restarts."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import TypeAdapter, ValidationError

from probes.fields import Secret
from synthetics.config.model import Severity
from synthetics.receivers import alertmanager
from synthetics.receivers.alertmanager import LASTS_MS, REPEAT_S, Options, alerts
from synthetics.receivers.base import Event, Fate
from tests.receivers.support import DETECTED_MS, FarSide, resolve, trigger
from tests.receivers.test_slack import page
from tests.tools import program

CONFIG = """
route: {receiver: phone, group_by: ['...'], group_wait: 0s, group_interval: 1s}
receivers: [{name: phone, webhook_configs: [{url: "%s", send_resolved: true}]}]
"""


def unused() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@asynccontextmanager
async def running(folder: Path, phone: str) -> AsyncIterator[str]:
    """A real Alertmanager that tells *phone*; its URL."""
    config = folder / "alertmanager.yml"
    config.write_text(CONFIG % phone)
    listen = f"127.0.0.1:{unused()}"
    process = await asyncio.create_subprocess_exec(
        program("prometheus-alertmanager", "prometheus-alertmanager"),
        f"--config.file={config}",
        f"--storage.path={folder}",
        f"--web.listen-address={listen}",
        "--cluster.listen-address=",
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        async with aiohttp.ClientSession() as session, asyncio.timeout(20):
            while not await _ready(session, f"http://{listen}/-/ready"):
                await asyncio.sleep(0.05)
        yield f"http://{listen}"
    finally:
        process.kill()
        await process.wait()


async def _ready(session: aiohttp.ClientSession, url: str) -> bool:
    try:
        async with session.get(url) as answer:
            return answer.status == 200
    except aiohttp.ClientError:
        return False


async def until(found: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(20):
        while not (one := await found()):
            await asyncio.sleep(0.05)
        return one


async def test_a_real_one_tells_of_the_beginning_and_of_the_end(
    tmp_path: Path, far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.status = 200

    async def told() -> list[dict[str, Any]]:
        return [one for _, body in far.seen for one in json.loads(body)["alerts"]]

    async with running(tmp_path, far.url) as url:
        options = Options(url=Secret(url), labels={"team": "checkout"})
        assert (await alertmanager.send(options, trigger(), session)).fate is Fate.DELIVERED
        [begun] = await until(told)
        assert (await alertmanager.send(options, trigger(), session)).fate is Fate.DELIVERED
        assert (await alertmanager.send(options, resolve(), session)).fate is Fate.DELIVERED

        async def over() -> bool:
            return any(one["status"] == "resolved" for one in await told())

        await until(over)
        all_told = await told()

    assert begun["status"] == "firing"
    assert begun["labels"] == {
        "alertname": "SyntheticsIncident",
        "incident": "synthetics-shop-9b1c2d3e4f506172",
        "service": "shop",
        "severity": "page",
        "team": "checkout",
    }
    assert begun["annotations"]["runbook_url"] == "https://wiki.example/oncall/shop"
    assert {one["labels"]["severity"] for one in all_told} == {"page"}


async def test_what_gets_worse_is_another_alert_that_ends_the_first(
    tmp_path: Path, far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.status = 200

    async def known(url: str) -> list[str]:
        async with session.get(f"{url}/api/v2/alerts") as answer:
            return [one["labels"]["severity"] for one in await answer.json()]

    async with running(tmp_path, far.url) as url:
        options = Options(url=Secret(url))
        await alertmanager.send(options, trigger(severity=Severity.TICKET), session)
        assert await known(url) == ["ticket"]
        await alertmanager.send(options, trigger(), session)

        async def only_page() -> bool:
            return await known(url) == ["page"]

        assert await until(only_page)


async def test_every_member_is_told_and_one_that_takes_it_is_enough(
    far: FarSide, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    async with FarSide() as other:
        options = Options(url=Secret(far.url), peers=(Secret(other.url),))
        assert (await alertmanager.send(options, trigger(), session)).fate is Fate.DELIVERED
        assert (len(far.seen), len(other.seen)) == (1, 1)

        other.status = 500
        assert (await alertmanager.send(options, trigger(), session)).fate is Fate.DELIVERED
        assert "1 of 2 members did not take an alert: answered 500" in caplog.text

        far.status = 400
        verdict = await alertmanager.send(options, trigger(), session)

    assert (verdict.fate, verdict.reason) == (Fate.RETRY, "status-500"), "one may come back"


def test_an_alert_outlives_a_restart_of_ours_by_far() -> None:
    assert LASTS_MS >= 30 * REPEAT_S * 1000


def test_its_identity_is_the_same_whatever_else_changes() -> None:
    options = Options(url=Secret("http://localhost"))
    told = [
        alerts(options, one, now_ms=DETECTED_MS)
        for one in (trigger(), trigger(slo="other", tier="slow", step=""), resolve())
    ]

    assert len({json.dumps([one["labels"] for one in made]) for made in told}) == 1


def test_a_clock_that_was_set_back_does_not_end_an_alert_before_it_began() -> None:
    options = Options(url=Secret("http://localhost"))
    for event in (Event.TRIGGER, Event.RESOLVE):
        made = alerts(options, trigger(event=event, since_ms=None), now_ms=DETECTED_MS - 86_400_000)
        assert all(one["startsAt"] <= one["endsAt"] for one in made)


@pytest.mark.parametrize(
    ("labels", "wrong"),
    [
        ({"team-name": "a"}, "not a label's name"),
        ({"severity": "a"}, "set by the receiver itself"),
        ({"team": ""}, "without a value"),
    ],
)
def test_labels_are_checked_at_load(labels: dict[str, str], wrong: str) -> None:
    with pytest.raises(ValidationError, match=wrong):
        TypeAdapter(Options).validate_python({"url": "http://localhost", "labels": labels})


def test_the_page_shows_what_is_really_sent() -> None:
    options = Options(url=Secret("http://localhost"), labels={"team": "checkout"})

    assert page("alertmanager") == [alerts(options, trigger(), now_ms=DETECTED_MS + 1000)]
