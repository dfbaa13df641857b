"""Rotations, escalation and acknowledging on the running service, as people use them."""

from __future__ import annotations

import asyncio
import json
import re
import signal
from typing import Any

import aiohttp
import pytest
from icalendar import Calendar

from tests.service.support import Place

ONCALL = """
people:
  aiko: {name: 愛子, receivers: [oncall]}
rotations:
  shop: {timezone: Asia/Tokyo, layers: [{people: [aiko], starts: 2026-01-05T09:00, every: 1w}]}
escalations:
  shop: {steps: [{after: 3s, to: [oncall]}, {after: 1h, to: [oncall]}]}
public_url: https://synthetics.example
"""


@pytest.fixture
def escalating(place: Place) -> Place:
    text = place.config.read_text().replace("to: [oncall]}", "to: [shop], escalation: shop}")
    place.config.write_text(text + ONCALL)
    return place


def data(page: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = page["data"]
    return found


def link_in(page: dict[str, Any]) -> str:
    """The path of the link by which a page is acknowledged."""
    (found,) = re.findall(r"https://synthetics\.example(/acknowledge/[\w-]{32,})", json.dumps(page))
    return str(found)


async def heard(place: Place, beginning: str) -> dict[str, Any]:
    """The first page whose summary begins so."""
    count = 0
    while True:
        await place.oncall.told(count + 1)
        page = place.oncall.pages[count]
        if data(page)["summary"].startswith(beginning):
            return page
        count += 1


async def test_an_escalation_survives_a_kill_and_ends_with_the_button(escalating: Place) -> None:
    place = escalating
    place.shop.status = 500
    async with place.running() as service:
        first = await place.oncall.told(1)
        while (await service.status())["deliveries_owed"]:
            await asyncio.sleep(0.05)  # until it is recorded that the first one was taken
        service.signal(signal.SIGKILL)
        await service.ended()
    async with place.running() as service:
        second = await heard(place, "Not acknowledged for 3s: 本店: home fails")
        path = link_in(second)
        async with aiohttp.ClientSession(headers={"Host": "synthetics.example"}) as session:
            for _ in range(2):  # as a chat does, to show what is there
                async with session.get(service.url + path) as answer:
                    page, status = await answer.text(), answer.status
            untouched = (await service.status())["incidents"][0]["acknowledged"]
            async with session.post(
                service.url + path, data={"author": "", "note": "on <it>"}
            ) as answer:
                taken = await answer.text()
        answered = await heard(place, "Acknowledged by 愛子: 本店")
        (incident,) = (await service.status())["incidents"]
        html = await service.get("/")
        code, said, _ = await place.said("ack", "1", "--by", "ben", "--format", "json")
        last = await heard(place, "Acknowledged by ben")
        refused = await place.said("ack", "7")
        assert await service.stop() == 0

    assert data(first)["dedup_key"] == data(second)["dedup_key"]
    assert "Not acknowledged for 3s" not in data(first)["summary"]
    assert (status, untouched) == (200, [])
    assert 'value="愛子"' in page, "whose receiver it is"
    assert "<strong>愛子</strong>" in taken
    assert "on &lt;it&gt;" in taken
    assert answered["type"] == "incident.acknowledged"
    (one,) = incident["acknowledged"]
    assert (one["author"], one["how"], one["note"]) == ("愛子", "link", "on <it>")
    assert "taken on by 愛子" in html
    assert (code, json.loads(said)["how"]) == (0, "command")
    assert last["type"] == "incident.acknowledged"
    assert refused[0] == 2
    assert "there is no incident 7" in refused[2]
    goes_on = [page for page in place.oncall.pages if "Not acknowledged" in str(page)]
    assert len(goes_on) == 1


async def test_who_may_acknowledge(escalating: Place) -> None:
    place = escalating
    place.shop.status = 500
    async with place.running() as service:
        await place.oncall.told(1)
        async with aiohttp.ClientSession() as session:

            async def post(path: str, **more: Any) -> int:
                async with session.post(service.url + path, **more) as answer:
                    return answer.status

            api = "/api/v1/incidents/1/acknowledge"
            lock = json.loads(place.database.with_name("synthetics.db.lock").read_text())
            bearer = {"Authorization": f"Bearer {lock['token']}"}
            codes = [
                await post(api, json={"author": "x"}),
                await post(api, json={"author": "x"}, headers={**bearer, "Origin": "http://e"}),
                await post("/acknowledge/" + "x" * 32, data={"author": "x"}),
                await post("/acknowledge/" + "x" * 400, data={"author": "x"}),
                await post(api, json={"author": ""}, headers=bearer),
                await post(api, json=["author"], headers=bearer),
                await post(api, json={"author": "x", "how": "link?"}, headers=bearer),
            ]
            before = (await service.status())["incidents"][0]["acknowledged"]
            codes.append(await post(api, json={"author": "bot", "note": "n"}, headers=bearer))
        after = (await service.status())["incidents"][0]["acknowledged"]
        assert await service.stop() == 0

    assert codes == [401, 403, 410, 410, 400, 400, 400, 200]
    assert before == []
    assert [(one["author"], one["how"]) for one in after] == [("bot", "api")]


async def test_who_is_on_call_is_answered_and_subscribed_to(escalating: Place) -> None:
    async with escalating.running() as service:
        (now,) = json.loads(await service.get("/api/v1/oncall?at=2026-02-02T00:00Z"))
        feed = await service.get("/api/v1/oncall.ics?rotation=shop&person=aiko")
        wrong = [
            await service.get(f"/api/v1/oncall{query}")
            for query in ("?at=noon", "?rotation=x", ".ics?rotation=x", "?at=9999-01-01T00:00Z")
        ]
        assert await service.stop() == 0

    assert (now["person"], now["person_name"], now["receivers"]) == ("aiko", "愛子", ["oncall"])
    assert now["at"] == "2026-02-02T09:00:00+09:00"
    (event,) = Calendar.from_ical(feed).walk("VEVENT")
    assert str(event["SUMMARY"]) == "愛子 is on call: shop"
    assert [text.partition(":")[0] for text in wrong] == [
        "at",
        "there is no rotation x",
        "there is no rotation x",
        "at",
    ]


async def test_a_command_acknowledges_where_no_service_runs(escalating: Place) -> None:
    place = escalating
    place.shop.status = 500
    async with place.running() as service:
        await place.oncall.told(1)
        assert await service.stop() == 0
    code, said, err = await place.said("ack", "1", "--by", "aiko", "--note", "asleep")
    async with place.running() as service:
        answered = await heard(place, "Acknowledged by aiko: ")
        (incident,) = (await service.status())["incidents"]
        assert await service.stop() == 0

    assert (code, err) == (0, "")
    assert said.startswith("incident 1 is taken on by aiko at ")
    assert answered["type"] == "incident.acknowledged"
    assert [one["note"] for one in incident["acknowledged"]] == ["asleep"]


async def test_a_reload_with_which_pages_reach_nobody_is_refused(escalating: Place) -> None:
    """Nothing is lost by it: the configuration before stays, and reaches somebody."""
    async with escalating.running() as service:
        before = escalating.config.read_text()
        escalating.config.write_text(before.replace("severity: page, to:", "severity: ticket, to:"))
        status, said = await service.post("/-/reload")
        escalating.config.write_text(before)
        mended, _ = await service.post("/-/reload")

    assert (status, mended) == (400, 200)
    assert "slos.home-ok: no route takes its pages, so they reach nobody" in said


async def test_a_gap_is_no_reason_not_to_start_and_is_said(escalating: Place) -> None:
    text = escalating.config.read_text().replace("every: 1w}", "every: 1w, during: day}")
    hours = "hours: {day: {timezone: Asia/Tokyo, weekly: {mon-fri: 09:00-18:00}}}"
    escalating.config.write_text(
        text.replace("{after: 3s, to: [oncall]}", "{after: 3s, to: [shop]}").replace(
            "{after: 1h, to: [oncall]}", "{after: 1h, to: [shop]}"
        )
        + hours
    )
    async with escalating.running() as service:
        assert await service.stop() == 0
    code, _, err = await escalating.said("check")

    (warning,) = [line for line in service.lines if "action=unreached" in line]
    assert "SLO home-ok: its pages reach nobody from " in warning
    assert code == 2
    assert "slos.home-ok: its pages reach nobody from " in err
