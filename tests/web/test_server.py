"""Routes, headers, and what is answered when something is not there."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetics.store import Reader, Store
from synthetics.web.board import Phase
from tests.web.support import Rig, a_sample


async def test_healthy_is_said_as_soon_as_anything_is_served(rig: Rig) -> None:
    rig.board.phase = Phase.STARTING

    assert await rig.text("/-/healthy") == "healthy\n"


@pytest.mark.parametrize(
    ("phase", "status"),
    [(Phase.STARTING, 503), (Phase.RUNNING, 200), (Phase.STOPPING, 503)],
)
async def test_ready_is_said_only_while_probes_are_asked(
    rig: Rig, phase: Phase, status: int
) -> None:
    rig.board.phase = phase

    async with rig.client.get("/-/ready") as answer:
        assert answer.status == status


@pytest.mark.parametrize("path", ["/", "/metrics", "/api/v1/status"])
async def test_while_the_history_is_read_pages_say_so(rig: Rig, path: str) -> None:
    rig.site.sources = None
    rig.board.phase = Phase.STARTING

    async with rig.client.get(path) as answer:
        assert answer.status == 503
        assert await answer.text() == "not now: starting\n"
        assert answer.headers["Retry-After"] == "1"


@pytest.mark.parametrize(
    "path", ["/", "/metrics", "/api/v1/status", "/-/healthy", "/static/status.css", "/nowhere"]
)
async def test_every_answer_carries_the_security_headers(rig: Rig, path: str) -> None:
    async with rig.client.get(path) as answer:
        policy = answer.headers["Content-Security-Policy"]
        assert policy.startswith("default-src 'none'")
        assert "unsafe" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert answer.headers["Server"] == "synthetics"


@pytest.mark.parametrize("path", ["/", "/metrics", "/-/ready", "/static/status.js"])
async def test_head_is_get_without_a_body(rig: Rig, path: str) -> None:
    async with rig.client.head(path) as answer:
        assert answer.status == 200
        assert await answer.read() == b""


async def test_what_is_not_there_is_said_in_plain_text(rig: Rig) -> None:
    async with rig.client.get("/<b>") as answer:
        assert answer.status == 404
        assert answer.content_type == "text/plain"
        assert "try / or /metrics" in await answer.text()


@pytest.mark.parametrize("path", ["/static/../server.py", "/static/status.html", "/static/"])
async def test_nothing_but_the_two_static_files_is_served(rig: Rig, path: str) -> None:
    async with rig.client.get(path) as answer:
        assert answer.status == 404


async def test_a_method_that_does_not_fit_is_told_which_does(rig: Rig) -> None:
    async with rig.client.get("/-/reload") as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "POST"


async def test_a_reload_that_works_answers_200(rig: Rig) -> None:
    async with rig.client.post("/-/reload") as answer:
        assert (answer.status, await answer.text()) == (200, "reloaded\n")
    assert rig.reload.times == 1


async def test_a_reload_that_does_not_answers_400_with_the_problems(rig: Rig) -> None:
    rig.reload.problems = "s.yaml:1:1: there is no key `probing` here\n"

    async with rig.client.post("/-/reload") as answer:
        assert (answer.status, await answer.text()) == (400, rig.reload.problems)


async def test_a_page_of_another_origin_cannot_reload(rig: Rig) -> None:
    """Loopback is no protection against a browser on the same machine."""
    async with rig.client.post("/-/reload", headers={"Origin": "https://evil.example"}) as answer:
        assert answer.status == 403
    assert rig.reload.times == 0


async def test_a_database_that_broke_meanwhile_is_said_in_one_line(
    rig: Rig, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "broken.db"
    await (await Store.open(broken)).close()
    assert rig.site.sources is not None

    with Reader.open(broken) as rig.site.sources.reader:
        with broken.open("r+b") as file:
            file.seek(4096)
            file.write(b"\xa5" * (broken.stat().st_size - 4096))
        async with rig.client.get("/") as answer:
            text = await answer.text()

    assert (answer.status, "broken.db is damaged" in text) == (503, True)
    (record,) = caplog.records
    assert record.levelname == "ERROR"
    assert record.exc_info is None


async def test_the_api_says_what_the_page_says(rig: Rig) -> None:
    await rig.take(a_sample(outcome="bad"))

    async with rig.client.get("/api/v1/status") as answer:
        status = await answer.json()

    assert status["phase"] == "running"
    assert status["slos"][0]["sli"] == 0.0
    assert status["slos"][0]["events"]["bad"] == 1
    newest = {probe["id"]: probe["newest"] for probe in status["probes"]}
    assert newest["checkout"] is None
    assert (newest["home"]["outcome"], newest["home"]["reason"]) == ("bad", "status")
    assert status["reload"]["successful"] is True
