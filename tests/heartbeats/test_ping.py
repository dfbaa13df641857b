"""The addresses that jobs report to, and what they are answered."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TypeAlias

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from synthetics.clock import HeldClock
from synthetics.store import DiskFullError
from synthetics.web.board import Board
from synthetics.web.server import Site
from tests.heartbeats.support import BACKUP, DUMP, KEY, REPORT, START_MS, Room, a_room

Client: TypeAlias = TestClient[web.Request, web.Application]
RID = "0d9e1f3a-5c1b-4a27-8f0e-3a1d8c9b7e21"


@pytest.fixture
async def room(tmp_path: Path) -> AsyncIterator[Room]:
    async with a_room(tmp_path, HeldClock(START_MS)) as room:
        yield room


@pytest.fixture
def site(room: Room) -> Site:
    async def reload() -> str:
        return ""

    site = Site(board=Board(clock=room.clock, config=room.config), reload=reload)
    site.heartbeats = room.heartbeats
    return site


@pytest.fixture
async def client(site: Site) -> AsyncIterator[Client]:
    async with TestClient(TestServer(site.application())) as client:
        yield client


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
@pytest.mark.parametrize(
    ("said", "word", "code"),
    [
        ("", "success", None),
        ("/start", "start", None),
        ("/fail", "fail", None),
        ("/log", "log", None),
        ("/queued", "queued", None),
        ("/0", "success", 0),
        ("/3", "fail", 3),
        ("/255", "fail", 255),
    ],
)
async def test_an_address_says_what_happened(
    room: Room, client: Client, method: str, said: str, word: str, code: int | None
) -> None:
    async with client.request(method, f"/ping/{BACKUP}{said}?rid={RID}") as answer:
        assert answer.status == 200
        assert await answer.text() == ("" if method == "HEAD" else "OK")

    [ping] = room.kept("backup")
    assert (ping.word, ping.exit_code, ping.rid) == (word, code, RID)


@pytest.mark.parametrize(
    ("path", "status", "text"),
    [
        (BACKUP.replace("0f11", "0fff"), 404, "not found"),
        ("backup", 400, "invalid url format"),
        (f"{BACKUP}/256", 400, "invalid url format"),
        (f"{BACKUP}/0x3", 400, "invalid url format"),
        (f"{BACKUP}/started", 400, "invalid url format"),
        (f"{BACKUP}/start/now", 400, "invalid url format"),
        (f"{BACKUP}?rid=1", 400, "invalid uuid format"),
        (f"{KEY}/backup", 404, "not found"),
        (f"{KEY}/backup?create=1", 404, "not found"),
        (f"{KEY[:-1]}W/sync", 404, "not found"),
        (f"{KEY}/SYNC", 400, "invalid url format"),
        (f"{KEY}/sync/256", 400, "invalid url format"),
        (f"{KEY}/sync/started", 400, "invalid url format"),
        (f"{KEY}/sync?rid=1", 400, "invalid uuid format"),
        (f"{KEY}/", 400, "invalid url format"),
        (f"{KEY}", 400, "invalid url format"),
    ],
)
async def test_an_address_that_makes_no_sense_is_refused(
    room: Room, client: Client, path: str, status: int, text: str
) -> None:
    async with client.get(f"/ping/{path}") as answer:
        assert (answer.status, await answer.text()) == (status, text)

    assert room.kept("backup") == []


@pytest.mark.parametrize(
    ("said", "word", "code"),
    [
        ("", "success", None),
        ("/", "success", None),
        ("/start", "start", None),
        ("/fail", "fail", None),
        ("/log", "log", None),
        ("/queued", "queued", None),
        ("/3", "fail", 3),
    ],
)
async def test_a_job_can_be_named_behind_a_key_of_several(
    room: Room, client: Client, said: str, word: str, code: int | None
) -> None:
    for slug in ("sync", "db-dump"):
        async with client.post(f"/ping/{KEY}/{slug}{said}?rid={RID}", data=b"hello") as answer:
            assert (answer.status, await answer.text()) == (200, "OK")
            assert answer.headers["Access-Control-Allow-Origin"] == "*"

    for name in ("sync", "dump"):
        [ping] = room.kept(name)
        assert (ping.word, ping.exit_code, ping.rid, ping.body) == (word, code, RID, "hello")


async def test_a_job_may_have_a_uuid_as_well(room: Room, client: Client) -> None:
    async with client.get(f"/ping/{DUMP}/") as answer:
        assert answer.status == 200

    assert len(room.kept("dump")) == 1


async def test_capitals_are_the_same_address(room: Room, client: Client) -> None:
    async with client.get(f"/ping/{BACKUP.upper()}") as answer:
        assert answer.status == 200


async def test_of_a_body_the_beginning_is_kept(room: Room, client: Client) -> None:
    async with client.post(f"/ping/{BACKUP}", data=b"x" * 300_000) as answer:
        assert answer.status == 200
        assert answer.headers["Ping-Body-Limit"] == "10000"

    assert room.kept("backup")[0].body == "x" * 10_000


async def test_bytes_that_are_no_text_do_no_harm(room: Room, client: Client) -> None:
    async with client.post(f"/ping/{BACKUP}/1", data=b"\xff\x00\xfe" * 9000) as answer:
        assert answer.status == 200
    await room.heartbeats.step()

    assert room.reasons("backup") == ["job-failed"]


async def test_a_body_without_end_is_cut_off(room: Room, client: Client) -> None:
    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 65_536
            await asyncio.sleep(0)

    async with asyncio.timeout(5):
        try:
            async with client.post(f"/ping/{BACKUP}", data=drip()) as answer:
                assert answer.status == 200
        except OSError:
            pass  # told while it was still talking

    assert len(room.kept("backup")[0].body) == 10_000


async def test_many_at_once_are_all_kept(room: Room, client: Client) -> None:
    async def say() -> int:
        async with client.get(f"/ping/{BACKUP}/log") as answer:
            return answer.status

    assert await asyncio.gather(*(say() for _ in range(80))) == [200] * 80
    assert len(room.kept("backup")) == 80


async def test_until_the_history_is_read_a_job_is_asked_to_come_again(
    site: Site, client: Client
) -> None:
    site.heartbeats = None
    async with client.get(f"/ping/{BACKUP}") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "1")


async def test_what_cannot_be_stored_is_not_answered_as_if_it_were(
    room: Room, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise DiskFullError("the disk is full", mend="free some space")

    monkeypatch.setattr(room.heartbeats, "take", full)
    async with client.get(f"/ping/{BACKUP}") as answer:
        assert answer.status == 503


async def test_no_address_is_ever_repeated(
    room: Room, client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    said = ""
    for path in ("", "/start", "/nonsense", "/999", "?rid=x"):
        for uuid in (BACKUP, REPORT):
            async with client.post(f"/ping/{uuid}{path}", data=b"hello") as answer:
                said += await answer.text() + str(answer.headers)
        async with client.post(f"/ping/{KEY}/no{path}") as answer:
            said += await answer.text() + str(answer.headers)
    async with client.put(f"/ping/{BACKUP}") as answer:
        assert answer.status == 405
        assert answer.headers["Allow"] == "GET, HEAD, POST"
        said += await answer.text()
    said += str(room.heartbeats.standings()) + repr(room.config)
    # The service has no log of accesses; that of the test's server is not ours.
    ours = [record for record in caplog.records if record.name.startswith("synthetics")]
    said += "".join(record.getMessage() for record in ours)

    assert BACKUP not in said
    assert REPORT not in said
    assert KEY not in said
