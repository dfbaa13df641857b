"""``synthetics drill``, through the running service and without it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from tests.service.support import Place


async def drilled(place: Place, *arguments: str) -> tuple[int, list[dict[str, Any]]]:
    """Exit code, and what the command prints as JSON."""
    code, out, err = await place.said("drill", *arguments, "--author", "ada", "--format", "json")
    assert err == ""
    return code, json.loads(out)


async def test_the_running_service_sends_a_marked_test_and_takes_it_back(place: Place) -> None:
    async with place.running() as service:
        code, [done] = await drilled(place, "shop")
        status = await service.status()
        listed = json.loads(await service.get("/api/v1/drills"))["drills"]

    assert code == 0
    assert (done["services"], done["severity"], done["passed"]) == (["shop"], "page", True)
    [hop] = done["hops"]
    assert hop["receiver"] == "oncall"
    assert 0 <= hop["sent_after_s"] <= hop["accepted_after_s"] <= hop["resolved_after_s"]
    trigger, resolve = place.oncall.pages
    assert trigger["data"]["summary"].startswith("TEST: nothing is wrong with 本店")
    assert trigger["data"]["drill"]
    assert resolve["type"] == "incident.resolved"
    assert resolve["data"]["dedup_key"] == trigger["data"]["dedup_key"]
    assert listed == [done]
    assert status["incidents"] == []
    assert [one["firing"] for one in status["slos"]] == [[]]


async def test_without_a_service_the_command_sends_itself(place: Place) -> None:
    code, [done] = await drilled(place, "oncall")
    _, text, _ = await place.said("drill", "shop", "--author", "ada")

    assert code == 0
    assert (done["services"], done["receiver"]) == ([], "oncall")
    assert "page of shop: 1 of 1 got it" in text
    assert len(place.oncall.pages) == 4


async def test_every_way_is_drilled_once(place: Place) -> None:
    text = place.config.read_text(encoding="utf-8")
    text = text.replace("services:\n", "services:\n  stock: {}\n").replace(
        "receivers:\n", f'receivers:\n  spare: {{webhook: {{url: "{place.oncall.url}/hook"}}}}\n'
    )
    place.config.write_text(text, encoding="utf-8")

    code, done = await drilled(place, "--all")

    assert code == 0
    assert [(one["services"], one["severity"], one["receiver"]) for one in done] == [
        (["stock", "shop"], "page", None),
        ([], "page", "spare"),
    ]


async def test_who_does_not_take_it_is_named_and_the_exit_code_is_1(place: Place) -> None:
    place.oncall.status = 404

    code, [done] = await drilled(place, "shop")

    assert code == 1
    assert not done["passed"]
    [hop] = done["hops"]
    assert hop["trouble"] == "answered 404"
    assert (hop["accepted_after_s"], hop["resolved_after_s"]) == (None, None)


async def test_who_does_not_answer_in_time_is_not_tested_later(place: Place) -> None:
    place.oncall.status = 503

    code, [done] = await drilled(place, "shop", "--within", "0.5")
    assert code == 1
    assert "answered 503" in done["hops"][0]["trouble"]

    place.oncall.status = 200
    async with place.running() as service:
        await service.counted("home-ok", 2)
        assert [page["type"] for page in place.oncall.pages if not page["data"]["drill"]] == []


async def test_a_drill_that_a_crash_cut_off_is_taken_back_at_the_next_start(place: Place) -> None:
    async with place.running() as service:
        place.oncall.status = 503
        asking = await place.call("drill", "shop", "--author", "ada")
        await place.oncall.tried()
        service.process.kill()
        await service.process.wait()
        await asking.wait()
    place.oncall.status = 200
    async with place.running() as service:
        async with asyncio.timeout(10):
            listed = json.loads(await service.get("/api/v1/drills"))["drills"]
        _, again = await drilled(place, "shop")

    [cut_off] = listed
    assert not cut_off["passed"]
    assert cut_off["hops"][0]["trouble"] in {"answered 503", "cut off by the end of the process"}
    assert again[0]["passed"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shpo",), "did you mean `shop`?"),
        (("shop", "--severity", "ticket"), "nobody is told of a ticket of service `shop`"),
        ((), "name a service or a receiver, or write --all"),
        (("shop", "--all"), "name a service or a receiver, or write --all"),
    ],
)
async def test_what_cannot_be_is_said_and_how_to_mend_it(
    place: Place, arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = await place.said("drill", *arguments)

    assert (code, out) == (2, "")
    assert said in err


async def test_a_probe_taken_to_fail_is_noticed_and_no_budget_is_touched(place: Place) -> None:
    async with place.running() as service:
        await service.counted("home-ok", 3)
        code, out, err = await place.said(
            *("drill", "--fail-probe", "home", "--for", "6s", "--author", "ada", "--format", "json")
        )
        events = await service.counted("home-ok", 3)
        status = await service.status()

    [done] = json.loads(out)
    assert code == 0, err
    assert (done["probe"], done["services"], done["passed"]) == ("home", ["shop"], True)
    assert events["bad"] == 0
    assert status["incidents"] == []
    trigger, resolve = place.oncall.pages
    assert trigger["data"]["summary"].startswith("TEST: 本店: home fails (on purpose, for a drill)")
    assert trigger["data"]["drill"]
    assert resolve["type"] == "incident.resolved"


async def test_a_real_outage_pages_while_a_probe_is_taken_to_fail(place: Place) -> None:
    async with place.running() as service:
        await service.counted("home-ok", 2)
        asking = await place.call("drill", "--fail-probe", "home", "--for", "60s")
        marked = await place.oncall.told(1)
        place.shop.status = 500
        real = await place.oncall.told(2)
        service.process.kill()
        await asking.wait()

    assert marked["data"]["drill"]
    assert not real["data"]["drill"]
    place.shop.status = 200
    async with place.running() as service:
        [cut_off] = json.loads(await service.get("/api/v1/drills"))["drills"]

    assert not cut_off["passed"]
    assert cut_off["ended_at"] is not None


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--fail-probe", "hmoe"), "did you mean `home`?"),
        (("--fail-probe", "home", "shop"), "name a service or a receiver, or write --all"),
    ],
)
async def test_what_cannot_be_taken_to_fail_is_said(
    place: Place, arguments: tuple[str, ...], said: str
) -> None:
    async with place.running():
        code, out, err = await place.said("drill", *arguments)

    assert (code, out) == (2, "")
    assert said in err


async def test_without_a_service_nobody_asks_the_probe(place: Place) -> None:
    code, _, err = await place.said("drill", "--fail-probe", "home")

    assert code == 2
    assert "no service runs that would ask the probe" in err
