"""Scrapes are answered before the application, in the same words; all else reaches it."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from probes.watch import Shared
from synthetics.clock import SystemClock
from synthetics.web.binding import bind
from synthetics.web.board import Board, Phase
from synthetics.web.front import read
from synthetics.web.prober import Prober
from synthetics.web.server import Server, Site
from tests.probes.support import speaking
from tests.web.support import a_config

MODULES = """\
modules:
  tcp: {prober: tcp, timeout: 2s}
  banner: {prober: tcp, timeout: 700ms, tcp: {query_response: [{expect: never}]}}
"""
Stream = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Place:
    """A server, and something to ask."""

    server: Server
    board: Board
    target: str
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    async def connect(self) -> Stream:
        opened = await asyncio.open_connection("127.0.0.1", self.server.port)
        self.writers.append(opened[1])
        return opened

    def scrape(self, *, module: str = "tcp", head: str = "", host: str = "localhost") -> bytes:
        path = f"/probe?module={module}&target={self.target}"
        return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{head}\r\n".encode()


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Place]:
    (tmp_path / "blackbox.yml").write_text(MODULES, encoding="utf-8")
    prober = Prober(tmp_path / "blackbox.yml")
    prober.shared = Shared()
    board = Board(clock=SystemClock(), config=a_config())
    board.phase = Phase.RUNNING

    async def reload() -> str:
        return ""

    async def wait(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    site = Site(board=board, reload=reload, prober=prober)
    server = await Server.start(site, host="127.0.0.1", sockets=bind("127.0.0.1", 0))
    async with speaking(wait) as port:
        place = Place(server, board, f"127.0.0.1:{port}")
        yield place
        await server.stop()
        for writer in place.writers:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
    await prober.shared.close()


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str


async def answer(reader: asyncio.StreamReader) -> Answer:
    head = (await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {name: value.strip() for name, _, value in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers["Content-Length"]))
    return Answer(int(first.split(" ")[1]), headers, body.decode())


async def test_both_ways_answer_the_same(place: Place) -> None:
    reader, writer = await place.connect()
    writer.write(place.scrape())
    here = await answer(reader)
    whole = place.scrape()
    writer.write(whole[:30])
    await writer.drain()
    await asyncio.sleep(0.05)
    writer.write(whole[30:])
    there = await answer(reader)

    assert here.status == there.status == 200
    assert "probe_success 1\n" in here.body
    numbers = re.compile(r"[0-9.e-]+$", re.MULTILINE)
    assert numbers.sub("", here.body) == numbers.sub("", there.body)
    vary = {"Date", "Content-Length"}
    assert {k: v for k, v in here.headers.items() if k not in vary} == {
        k: v for k, v in there.headers.items() if k not in vary
    }
    assert here.headers.keys() == there.headers.keys()


async def test_one_connection_brings_scrapes_and_then_something_else(place: Place) -> None:
    reader, writer = await place.connect()
    for _ in range(2):
        writer.write(place.scrape(head="X-Prometheus-Scrape-Timeout-Seconds: 1.5\r\n"))
        assert "probe_timeout_seconds 1.0\n" in (await answer(reader)).body
    writer.write(b"GET /-/healthy HTTP/1.1\r\nHost: localhost\r\n\r\n")
    assert (await answer(reader)).body == "healthy\n"
    writer.write(place.scrape())
    assert "probe_success 1\n" in (await answer(reader)).body


async def test_scrapes_that_come_at_once_are_answered_in_turn(place: Place) -> None:
    reader, writer = await place.connect()
    writer.write(place.scrape(module="tcp"))
    await asyncio.sleep(0)
    writer.write(
        place.scrape(module="none") + b"GET /-/healthy HTTP/1.1\r\nHost: a.localhost\r\n\r\n"
    )
    assert "probe_success 1\n" in (await answer(reader)).body
    assert (await answer(reader)).status == 400
    assert (await answer(reader)).body == "healthy\n"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        pytest.param({"module": "none"}, 400, id="no such module"),
        pytest.param({"head": "Sec-Fetch-Site: cross-site\r\n"}, 403, id="a page of another"),
        pytest.param({"host": "rebound.example"}, 421, id="a name that is not ours"),
        pytest.param({"head": "Host: other\r\n"}, 400, id="two names"),
        pytest.param({"head": "Content-Length: 0\r\n"}, 200, id="a body of nothing"),
        pytest.param({"head": "Connection: close\r\n"}, 200, id="a last request"),
        pytest.param({"head": "X-Long: " + "x" * 9000 + "\r\n"}, 400, id="a header without end"),
    ],
)
async def test_what_is_answered(place: Place, request_: dict[str, str], status: int) -> None:
    reader, writer = await place.connect()
    writer.write(place.scrape(**request_))
    assert (await answer(reader)).status == status


async def test_a_stop_is_said_to_scrapes_too(place: Place) -> None:
    place.board.phase = Phase.STOPPING
    reader, writer = await place.connect()
    writer.write(place.scrape())
    assert (await answer(reader)).status == 503


async def test_what_is_no_http_is_refused(place: Place) -> None:
    reader, writer = await place.connect()
    writer.write(b"\x16\x03\x01 nonsense\r\n\r\n")
    assert (await reader.readline()).startswith(b"HTTP/1.0 400")


async def test_whoever_leaves_is_asked_for_no_more(place: Place) -> None:
    before = asyncio.all_tasks()
    _, writer = await place.connect()
    writer.write(place.scrape(module="banner"))
    await asyncio.sleep(0.1)
    assert [task for task in asyncio.all_tasks() - before if "_answer" in str(task)]
    writer.close()
    await asyncio.sleep(0.1)
    assert not [task for task in asyncio.all_tasks() - before if "_answer" in str(task)]


async def test_whoever_does_not_wait_for_an_answer_is_cut_off(place: Place) -> None:
    reader, writer = await place.connect()
    writer.write(place.scrape(module="banner"))
    await asyncio.sleep(0.05)
    writer.write(b"x" * 100_000)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionError)):
        await asyncio.wait_for(reader.readexactly(1), 0.5)


async def test_what_is_under_way_is_answered_at_a_stop(place: Place) -> None:
    idle, _ = await place.connect()
    reader, writer = await place.connect()
    writer.write(place.scrape(module="banner"))
    await asyncio.sleep(0.05)
    stopping = asyncio.ensure_future(place.server.stop())
    assert await idle.read() == b""
    assert "probe_success 0\n" in (await answer(reader)).body
    assert await reader.read() == b""
    await stopping


@pytest.mark.parametrize(
    "request_",
    [
        b"",
        b"GET /probe HTTP/1.1\r\nHost: a\r\n\r\n",
        b"POST /probe?target=a HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /probe?target=a HTTP/1.0\r\nHost: a\r\n\r\n",
        b"GET /probe?target=a HTTP/1.1\r\n\r\n",
        b"GET /probe?target=a HTTP/1.1\r\nHost: a\r\n",
        b"GET /probe?target=a HTTP/1.1\r\nHost: a\r\n\r\nmore",
        b"GET /probe?target=a HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        b"GET /probe?target=a HTTP/1.1\r\nHost : a\r\n\r\n",
        b"GET /probe?target=a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"GET /probe?target=a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n\r\n",
        b"GET /probe?target=a HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\n\r\n",
        b"GET /probe?target=a HTTP/1.1\r\nHost: a\r\nhost: b\r\n\r\n",
        b"GET /probe?target=a HTTP/1.1\nHost: a\n\n",
        b"GET /probe?target=\xff HTTP/1.1\r\nHost: a\r\n\r\n",
    ],
)
def test_what_is_left_to_the_application(request_: bytes) -> None:
    assert read(request_) is None


def test_a_scrape_is_read_as_the_application_reads_it() -> None:
    found = read(
        b"GET /probe?target=http%3A%2F%2Fa.test%2F%3Fq%3D1+2&module=a&target=b HTTP/1.1\r\n"
        b"host: a.test:80 \r\nX-PROMETHEUS-Scrape-Timeout-Seconds:10\r\n"
        b"Connection: Keep-Alive\r\n\r\n"
    )
    assert found is not None
    scrape, host = found
    assert host == "a.test:80"
    assert scrape.query == {"target": "http://a.test/?q=1 2", "module": "a"}
    assert (scrape.limit, scrape.site) == ("10", "none")
