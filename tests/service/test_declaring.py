"""``maintenance`` and ``correct``, beside the running service and without it."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from synthetics import words
from synthetics.accounting.declaring import ACTS
from synthetics.clock import SystemClock
from tests.service.support import PATIENCE_S, Place

HOUR_MS = 3_600_000


def an_hour_ago() -> str:
    return words.iso((SystemClock().now_ms() - HOUR_MS) // 1000 * 1000)


async def told(place: Place, *arguments: str) -> Any:
    """What a command prints as JSON."""
    code, out, err = await place.said(*arguments, "--format", "json")
    assert (code, err) == (0, "")
    return json.loads(out)


async def test_the_running_service_takes_what_a_command_declares_and_counts_by_it(
    place: Place,
) -> None:
    begin = an_hour_ago()
    async with place.running() as service:
        counted = await service.counted("home-ok", 2)
        added = await told(
            place,
            *("maintenance", "add", "--from", begin, "--for", "2h"),
            *("--service", "shop", "--reason", "DB upgrade", "--author", "ada"),
        )
        (during,) = (await service.status())["slos"]
        ended = await told(
            place,
            *("maintenance", "end", str(added["id"]), "--at", begin, "--author", "bo"),
        )
        (after,) = (await service.status())["slos"]
        assert await service.stop() == 0

    assert counted["good"] >= 2
    assert (added["id"], added["services"], added["author"]) == (1, ["shop"], "ada")
    assert during["events"]["good"] == 0
    assert during["events"]["excluded"] >= 2
    assert ended["taken_back"]
    assert after["events"]["excluded"] == 0
    assert after["events"]["good"] >= 2


async def test_without_a_service_the_command_writes_itself(place: Place) -> None:
    start = an_hour_ago()
    end = words.iso((SystemClock().now_ms() - HOUR_MS // 2) // 1000 * 1000)
    corrected = await told(
        place,
        *("correct", "--from", start, "--to", end, "--slo", "home-ok"),
        *("--reason", "our proxy", "--author", "ada"),
    )
    await told(place, "correct", "--withdraw", "1", "--reason", "it was them", "--author", "bo")
    listed = await told(place, "maintenance", "list")
    _, text, _ = await place.said("maintenance", "list")

    assert (corrected["kind"], corrected["from"], corrected["slos"]) == (
        "correction",
        start,
        ["home-ok"],
    )
    assert [(one["id"], one["taken_back"], one["ended"]["author"]) for one in listed] == [
        (1, True, "bo")
    ]
    assert "our proxy (taken back by bo: it was them)" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(
            ("maintenance", "add", "--for", "1h", "--service", "shpo", "--reason", "x"),
            "there is no service `shpo`\n  to mend: did you mean `shop`?\n",
            id="a service that is not there",
        ),
        pytest.param(
            ("maintenance", "add", "--reason", "x"),
            "its end must be said once\n  to mend: give --to TIME or --for DURATION\n",
            id="no end",
        ),
        pytest.param(
            ("maintenance", "end", "3"),
            "there is no maintenance 3\n"
            "  to mend: `synthetics maintenance list` says which there are\n",
            id="maintenance that is not there",
        ),
        pytest.param(
            ("correct", "--reason", "x"),
            "when it was is missing\n  to mend: give --from TIME and --to TIME\n",
            id="no time",
        ),
        pytest.param(
            ("correct", "--withdraw", "1", "--slo", "home-ok", "--reason", "x"),
            "a correction is taken back as a whole\n  to mend: give --withdraw by itself\n",
            id="half a withdrawal",
        ),
    ],
)
async def test_what_cannot_be_is_said_and_how_to_mend_it(
    place: Place, arguments: tuple[str, ...], said: str
) -> None:
    assert await place.said(*arguments, "--author", "ada") == (2, "", said)


async def test_the_door_is_for_commands_on_this_machine_only(place: Place) -> None:
    """Whoever can reach the port must not be able to declare an outage away."""
    async with place.running() as service, aiohttp.ClientSession() as session:
        token = json.loads(place.database.with_name("synthetics.db.lock").read_text())["token"]
        answers = []
        for act in ACTS:
            for headers in (
                {},
                {"Authorization": "Bearer wrong"},
                {"Authorization": f"Bearer {token}", "Origin": service.url},
                {"Authorization": f"Bearer {token}"},
            ):
                async with session.post(
                    f"{service.url}/api/v1/{act}",
                    data=b"[]",
                    headers=headers,
                    timeout=aiohttp.ClientTimeout(PATIENCE_S),
                ) as answer:
                    answers.append(answer.status)
        assert await service.stop() == 0

    assert answers == [401, 401, 403, 400] * len(ACTS)


async def test_what_the_service_refuses_is_said(place: Place) -> None:
    """The command checks by its own configuration; that of the service may be another."""
    other = place.folder / "other.yaml"
    other.write_text(
        place.config.read_text().replace("shop:", "bank:").replace(" shop\n", " bank\n")
    )
    async with place.running() as service:
        code, _, said = await place.said(
            *("maintenance", "add", "--for", "1h", "--service", "bank", "--reason", "x"),
            *("--author", "ada", "--config", str(other)),
        )
        assert await service.stop() == 0

    assert code == 2
    assert "there is no service `bank`" in said
