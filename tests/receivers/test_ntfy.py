"""Pushes, one notification an incident."""

from __future__ import annotations

import aiohttp
import pytest
from pydantic import TypeAdapter, ValidationError

from probes.fields import Secret
from synthetics.config.model import Severity
from synthetics.receivers import ntfy
from synthetics.receivers.ntfy import Options, whole
from tests.receivers.support import TOKEN, TOPIC, FarSide, acknowledge, resolve, trigger
from tests.receivers.test_slack import page

OPTIONS = Options(topic=Secret("checkout-alerts"))


@pytest.mark.parametrize(
    ("severity", "priority"), [(Severity.PAGE, 5), (Severity.TICKET, 3), (Severity.LOG, 2)]
)
def test_a_page_breaks_through_and_its_end_does_not(severity: Severity, priority: int) -> None:
    assert whole(OPTIONS, trigger(severity=severity))["priority"] == priority
    assert whole(OPTIONS, resolve(severity=severity))["priority"] <= 3


def test_all_that_is_told_of_an_incident_is_one_notification() -> None:
    made = [whole(OPTIONS, make()) for make in (trigger, acknowledge, resolve)]

    assert len({one["sequence_id"] for one in made}) == 1
    assert whole(OPTIONS, trigger(dedup_key="other"))["sequence_id"] != made[0]["sequence_id"]


async def test_the_token_is_sent_and_the_topic_is_in_the_body(
    far: FarSide, session: aiohttp.ClientSession
) -> None:
    options = Options(topic=Secret(TOPIC), token=Secret(TOKEN), url=Secret(far.url))

    await ntfy.send(options, trigger(), session)

    assert far.seen[0][0]["Authorization"] == f"Bearer {TOKEN}"
    assert TOPIC not in far.asked[0][1]


async def test_what_ntfy_finds_wrong_is_told(far: FarSide, session: aiohttp.ClientSession) -> None:
    far.status, far.text = 403, f'{{"code": 40301, "http": 403, "error": "forbidden {TOPIC}"}}'

    verdict = await ntfy.send(Options(topic=Secret(TOPIC), url=Secret(far.url)), trigger(), session)

    assert verdict.detail == "answered 403: forbidden ***"


@pytest.mark.parametrize("topic", ["https://ntfy.sh/alerts", "a b c d", "x" * 65, "本店本店"])
def test_a_topic_is_a_name(topic: str) -> None:
    with pytest.raises(ValidationError, match="1 to 64 letters") as caught:
        TypeAdapter(Options).validate_python({"topic": topic})

    assert topic not in str(caught.value.errors(include_input=False, include_context=False))


def test_the_page_shows_what_is_really_sent() -> None:
    assert page("ntfy") == [whole(OPTIONS, trigger())]
