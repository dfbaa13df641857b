"""The long tail, through a library that may be missing."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest
from pydantic import TypeAdapter, ValidationError

from synthetics.receivers import apprise
from synthetics.receivers.apprise import Options
from synthetics.receivers.base import Fate
from tests.receivers.support import FarSide, resolve, trigger


def options(url: str) -> Options:
    checked: Options = TypeAdapter(Options).validate_python({"url": url})
    return checked


async def test_a_service_of_apprise_is_told(far: FarSide, session: aiohttp.ClientSession) -> None:
    reached = options(far.url.replace("http:", "json:"))

    for message in (trigger(), resolve()):
        assert (await apprise.send(reached, message, session)).fate is Fate.DELIVERED

    begin, end = (json.loads(body) for _, body in far.seen)
    assert begin["title"] == trigger().summary
    assert begin["type"] == "failure"
    assert "Error budget: 87.0% left" in begin["message"]
    assert "Runbook: https://wiki.example/oncall/shop" in begin["message"]
    assert end["type"] == "success"


@pytest.mark.parametrize("status", [400, 404, 429, 500])
async def test_a_no_is_worth_another_attempt_since_nobody_says_why(
    status: int, far: FarSide, session: aiohttp.ClientSession
) -> None:
    far.status = status

    verdict = await apprise.send(options(far.url.replace("http:", "json:")), trigger(), session)

    assert (verdict.fate, verdict.reason) == (Fate.RETRY, "apprise")


@pytest.mark.parametrize("url", ["nonsense://a", "no url at all", "json://"])
def test_a_url_that_apprise_does_not_know_is_found_at_load(url: str) -> None:
    with pytest.raises(ValidationError, match="does not know this URL") as caught:
        options(url)

    assert url not in str(caught.value.errors(include_input=False, include_context=False))


def test_who_has_not_installed_it_is_told_how(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> Any:
        return None

    monkeypatch.setattr("synthetics.receivers.apprise.find_spec", missing)
    with pytest.raises(ValidationError, match="Apprise is not installed"):
        options("json://localhost/hook")
