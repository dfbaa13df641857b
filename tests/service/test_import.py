"""``results import`` while the service runs: handed over, checked at the door, counted at once."""

from __future__ import annotations

import json
import stat
from io import BytesIO
from pathlib import Path

import aiohttp

from synthetics import words
from synthetics.clock import SystemClock
from synthetics.store import Reader
from synthetics.web.results import MOST_BYTES
from tests.service.support import PATIENCE_S, Place, Running

MINUTE_MS = 60_000


def lines(count: int, outcome: str = "good", *, probe: str = "home") -> str:
    """*count* results of the last hours, the newest first."""
    now_ms = SystemClock().now_ms() // 1000 * 1000
    return "".join(
        json.dumps(
            {
                "probe": probe,
                "location": "elsewhere",
                "scheduled_at": words.iso(now_ms - minute * MINUTE_MS),
                "outcome": outcome,
            }
        )
        + "\n"
        for minute in range(1, count + 1)
    )


async def test_the_service_takes_and_counts_what_a_command_imports(place: Place) -> None:
    file = place.folder / "results.jsonl"
    file.write_text(lines(300, "bad"))
    async with place.running() as service:
        first = await place.said("results", "import", str(file))
        again = await place.said("results", "import", str(file))
        (slo,) = (await service.status())["slos"]
        assert await service.stop() == 0

    assert first == (0, "", "300 results read, 300 new or changed\n")
    assert again == (0, "", "300 results read, 0 new or changed\n")
    assert slo["events"]["bad"] == 300
    with Reader.open(place.database) as reader:
        assert {each.location for each in reader.series()} == {"local", "elsewhere"}


async def post(
    service: Running, body: BytesIO | str, *, token: str, **headers: str
) -> tuple[int, str]:
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(PATIENCE_S)) as session:
        sent = {"Authorization": f"Bearer {token}"} | headers
        url = service.url + "/api/v1/results"
        async with session.post(url, data=body, headers=sent) as answer:
            return answer.status, await answer.text()


def token_of(place: Place) -> str:
    said: dict[str, str] = json.loads(lock_of(place).read_text())
    return said["token"]


def lock_of(place: Place) -> Path:
    return place.database.with_name(place.database.name + ".lock")


async def test_the_door_is_for_commands_on_this_machine_only(place: Place) -> None:
    """Whoever can reach the port must not be able to write history."""
    async with place.running() as service:
        token = token_of(place)
        answers = [
            await post(service, lines(1), token="wrong"),
            await post(service, lines(1), token=token, Origin="http://127.0.0.1"),
            await post(service, lines(1), token=token, **{"X-Forwarded-For": "192.0.2.1"}),
            await post(service, BytesIO(b" " * (MOST_BYTES + 1)), token=token),
            await post(service, lines(2) + "no\n", token=token),
            await post(service, lines(1, probe="hom"), token=token),
            await post(service, lines(1), token=token),
        ]
        mode = stat.S_IMODE(lock_of(place).stat().st_mode)
        logged = "".join(service.lines)
        assert await service.stop() == 0

    assert [status for status, _ in answers] == [401, 403, 403, 413, 400, 400, 200]
    assert "line:3:1: this is not JSON" in answers[4][1]
    assert "did you mean `home`?" in answers[5][1]
    assert json.loads(answers[6][1]) == {"samples": 1, "changed": 1}
    assert mode == 0o600, "the token is for the user of the service"
    assert token not in logged


async def test_what_the_service_refuses_is_said(place: Place, tmp_path: Path) -> None:
    """The command checks by its own configuration; that of the service may be another."""
    other = tmp_path / "other.yaml"
    text = place.config.read_text()
    home, _, rest = text.partition("  home:\n")
    other.write_text(f"{home}  home:\n{rest.partition('slos:')[0]}".replace("  home:", "  cart:"))
    file = place.folder / "results.jsonl"
    file.write_text(lines(1, probe="cart"))
    async with place.running() as service:
        code, _, said = await place.said("results", "import", str(file), "--config", str(other))
        assert await service.stop() == 0

    assert code == 2
    assert "did not take the results: 400" in said
    assert "there is no probe `cart`" in said


async def test_a_service_on_all_addresses_takes_them_over_the_loopback(place: Place) -> None:
    file = place.folder / "results.jsonl"
    file.write_text(lines(5))
    async with place.running("--host", "0.0.0.0"):
        assert (await place.said("results", "import", str(file)))[0] == 0
