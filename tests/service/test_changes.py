"""``changes``: handed in by commands and pipelines, listed, and named by the page that follows."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from tests.service.support import SECRET, Place

TOKEN = {"Authorization": f"Bearer {SECRET}"}


async def told(place: Place, *arguments: str) -> Any:
    """What a command prints as JSON."""
    code, out, err = await place.said(*arguments, "--format", "json")
    assert (code, err) == (0, "")
    return json.loads(out)


async def test_a_command_tells_the_running_service_and_the_next_page_names_it(
    place: Place,
) -> None:
    async with place.running() as service:
        await service.counted("home-ok", 2)
        added = await told(
            place,
            *("changes", "add", "deploy v1.2", "--service", "shop"),
            *("--link", "https://ci.example/7", "--author", "aiko"),
        )
        listed = await told(place, "changes", "list", "--service", "shop")
        place.shop.status = 500
        page = await place.oncall.told(1)
        place.shop.status = 200

    assert (added["service"], added["summary"], added["new"]) == ("shop", "deploy v1.2", True)
    assert [one["link"] for one in listed] == ["https://ci.example/7"]
    [change] = page["data"]["changes"]
    assert (change["summary"], change["author"]) == ("deploy v1.2", "aiko")


async def test_without_a_service_the_command_writes_itself(place: Place) -> None:
    at = "2026-10-05T14:00:00Z"
    first = await told(place, "changes", "add", "deploy v1.2", "--at", at, "--author", "ci")
    again = await told(place, "changes", "add", "deploy v1.2", "--at", at, "--author", "ci")
    _, text, _ = await place.said("changes", "list", "--from", at)

    assert (first["new"], again["new"], again["id"]) == (True, False, first["id"])
    assert first["service"] is None
    assert "deploy v1.2" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(("--service", "shpo"), "did you mean `shop`?", id="no such service"),
        pytest.param(("--link", "ci/7"), "link: this is not an http or https URL", id="no link"),
        pytest.param(("--at", "2100-01-01T00:00Z"), "is to come", id="what is to come"),
    ],
)
async def test_what_cannot_be_is_said_and_how_to_mend_it(
    place: Place, arguments: tuple[str, ...], said: str
) -> None:
    code, out, err = await place.said("changes", "add", "deploy", *arguments)

    assert (code, out) == (2, "")
    assert said in err


async def test_a_pipeline_shows_the_token_of_the_configuration(place: Place) -> None:
    place.config.write_text(
        place.config.read_text() + 'changes: {token: "${env:SHOP_TOKEN}"}\n', encoding="utf-8"
    )
    body = {"service": "shop", "summary": "deploy v1.3", "at": "2026-10-05T14:00:00Z"}
    async with place.running() as service, aiohttp.ClientSession() as session:
        url = f"{service.url}/api/v1/changes"
        codes = []
        for headers in (
            {},
            {"Authorization": "Bearer wrong"},
            TOKEN | {"Origin": "https://evil.example"},
            TOKEN,
        ):
            async with session.post(url, json=body, headers=headers) as answer:
                codes.append(answer.status)
        async with session.post(url, data="no JSON", headers=TOKEN) as answer:
            codes.append(answer.status)
        window = {"service": "shop", "from": "2026-10-05T13:00:00Z"}
        async with session.get(url, params=window) as answer:
            listed = await answer.json()
        async with session.get(url, params={"from": "yesterday"}) as answer:
            codes.append(answer.status)

    assert codes == [401, 401, 403, 200, 400, 400]
    assert [(one["summary"], one["author"]) for one in listed] == [("deploy v1.3", None)]
