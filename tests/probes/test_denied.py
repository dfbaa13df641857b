"""Where nobody may go no kind goes, however the way there is written."""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import re
import socket
from collections.abc import AsyncIterator, Callable
from typing import Any

import pycurl
import pytest
import pytest_asyncio
from pydantic import TypeAdapter, ValidationError

from probes.curl.handle import Transfer
from probes.result import Outcome, Result
from probes.watch import METADATA_AND_LINK_LOCAL, Network, Watch
from tests.probes.specimens import SPECIMENS
from tests.probes.support import Asker, look_up, ok, saying, serving, speaking
from tests.probes.test_conformance import KINDS

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOES_ITS_OWN_WAY = {"exec"}
"""A program connects to what it likes."""

CONNECTING = sorted(KINDS.keys() - GOES_ITS_OWN_WAY)

LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1"))
SPELLINGS = (
    "127.0.0.1",
    "127.1",
    "0177.0.0.1",
    "0x7f.0.0.1",
    "0x7f000001",
    "2130706433",
    "0.0.0.0",
    "localhost",
    "::",
    "::1",
    "::ffff:127.0.0.1",
    "::ffff:7f00:1",
    "::7f00:1",
    "64:ff9b::127.0.0.1",
    "64:ff9b:1::127.0.0.1",
    "2002:7f00:1::1",
)
FEW = ("127.0.0.1", "0x7f000001", "::ffff:127.0.0.1")
"""For the browser, which takes its time."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def asker() -> AsyncIterator[Asker]:
    """A prober with one engine and one browser for all tests here."""
    it = Asker()
    yield it
    await it.shared.close()


def elsewhere(written: Any, host: str) -> Any:
    """*written* with *host* for 127.0.0.1."""
    if isinstance(written, dict):
        return {key: elsewhere(value, host) for key, value in written.items()}
    if isinstance(written, list):
        return [elsewhere(value, host) for value in written]
    if not isinstance(written, str) or written == "127.0.0.1":
        return host if written == "127.0.0.1" else written
    return written.replace("127.0.0.1", f"[{host}]" if ":" in host else host)


async def asked(kind: str, written: Any, watch: Watch) -> Result:
    adapter: TypeAdapter[Any] = TypeAdapter(KINDS[kind].Options)
    options = adapter.validate_python(written, context={"resolve": look_up})
    result: Result = await KINDS[kind].run(options, watch)
    return result


@pytest.mark.parametrize("kind", CONNECTING)
async def test_no_kind_connects_to_what_is_denied_however_it_is_written(
    kind: str, asker: Asker
) -> None:
    pace, wrong = SPECIMENS[kind].pace, {}
    async with SPECIMENS[kind].silent() as target:
        target.came.clear()
        for host in SPELLINGS if kind != "browser" else FEW:
            written = elsewhere({"host": "127.0.0.1"} if kind == "ping" else target.written, host)
            watch = asker.watch(pace.enough_s, denied=LOOPBACK)
            try:
                result = await asked(kind, written, watch)
            except ValidationError:
                continue  # it cannot even be written
            if (result.outcome, result.reason) != (Outcome.BAD, "address-denied"):
                wrong[host] = result.reason, result.detail
        await asyncio.sleep(0.02)

    assert wrong == {}
    assert not target.came.is_set()


@contextlib.asynccontextmanager
async def trap(port: int) -> AsyncIterator[asyncio.Event]:
    """The same *port* of 127.0.0.2, where nobody is to come; whether somebody did."""
    came = asyncio.Event()

    async def accept(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        came.set()
        writer.close()

    class Datagrams(asyncio.DatagramProtocol):
        def datagram_received(self, *_: Any) -> None:
            came.set()

    loop = asyncio.get_running_loop()
    server = await asyncio.start_server(accept, "127.0.0.2", port)
    transport, _ = await loop.create_datagram_endpoint(Datagrams, local_addr=("127.0.0.2", port))
    try:
        yield came
    finally:
        transport.close()
        server.close()


def named(monkeypatch: pytest.MonkeyPatch, port: int, answers: Callable[[], list[str]]) -> None:
    """Let shop.example stand for what *answers* says, each time that it is looked up."""

    async def getaddrinfo(_: Any, host: str, port: int, **__: Any) -> list[Any]:
        assert host == "shop.example"
        tcp = socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, ""
        return [(*tcp, (address, port)) for address in answers()]

    load = Transfer._load

    def load_names(self: Transfer, *args: Any, **more: Any) -> None:
        load(self, *args, **more)
        self.easy.setopt(pycurl.RESOLVE, [f"shop.example:{port}:{','.join(answers())}"])

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(Transfer, "_load", load_names)


@pytest.mark.parametrize("kind", sorted(set(CONNECTING) - {"ping"}))
@pytest.mark.parametrize("rebinds", [False, True], ids=["both at once", "one after the other"])
async def test_of_a_name_for_a_good_and_a_denied_address_only_the_good_one_is_asked(
    kind: str, rebinds: bool, asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor is it looked up again between being judged and being connected to."""
    async with SPECIMENS[kind].good() as written:
        found = re.search(r"127\.0\.0\.1:(\d+)", repr(written))
        assert found
        port = int(found[1])
        turns = iter([["127.0.0.1"]]) if rebinds else iter(())
        always = ["127.0.0.2"] if rebinds else ["127.0.0.2", "127.0.0.1"]
        named(monkeypatch, port, lambda: next(turns, always))
        denied = (*METADATA_AND_LINK_LOCAL, ipaddress.ip_network("127.0.0.2"))
        async with trap(port) as came:
            watch = asker.watch(SPECIMENS[kind].pace.enough_s, denied=denied)
            result = await asked(kind, elsewhere(written, "shop.example"), watch)
            await asyncio.sleep(0.02)

    assert not came.is_set()
    if not rebinds:
        assert result.reason != "address-denied", result.detail
    # A kind that looks the name up more often than once has been told another address by then.
    assert result.reason in {"", "tls-wrong-host", "address-denied"}, result.detail


@pytest.mark.parametrize("to", ["http://127.0.0.2:{port}/", "http://0x7f.2:{port}/"])
async def test_a_redirect_to_what_is_denied_is_not_followed(to: str, asker: Asker) -> None:
    denied = (*METADATA_AND_LINK_LOCAL, ipaddress.ip_network("127.0.0.2"))
    head = "HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: "
    ports: list[int] = []

    async def lead_away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"{head}{to.format(port=ports[0])}\r\n\r\n".encode())

    async with speaking(lead_away) as port, trap(port) as came:
        ports.append(port)
        origin = f"http://127.0.0.1:{port}"
        redirects = {"redirects": {"follow": 5}}
        results = [
            await asked("http", {"get": origin, **redirects}, asker.watch(denied=denied)),
            await asked(
                "journey", [{"name": "one", "get": origin, **redirects}], asker.watch(denied=denied)
            ),
            await asked(
                "domain", {"name": "shop.example", "url": origin}, asker.watch(denied=denied)
            ),
        ]

    assert [result.reason for result in results] == ["address-denied"] * 3
    assert not came.is_set()


async def test_a_proxy_is_not_sent_where_nobody_may_go(asker: Asker) -> None:
    """It would connect in our stead, and no socket of ours would be there to be refused."""
    seen: list[str] = []

    async def proxy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while head := (await reader.readuntil(b"\r\n\r\n")).decode():
            seen.append(head.split()[1])
            leads = "HTTP/1.1 302 Found\r\nLocation: http://2852039166/latest\r\n"
            writer.write(f"{leads}Content-Length: 0\r\n\r\n".encode())

    async with speaking(proxy) as port:
        through = {"proxy": f"http://127.0.0.1:{port}", "redirects": {"follow": 5}}
        results = [
            await asked("http", {"get": url, **through, **more}, asker.watch())
            for url, more in (
                ("http://169.254.169.254/latest", {}),
                ("https://[::ffff:a9fe:a9fe]/latest", {}),
                ("http://shop.example/", {"resolve": {"shop.example": "169.254.169.254"}}),
                ("http://shop.example/", {}),
            )
        ]
        steps = [{"name": "one", "get": "http://shop.example/", **through}]
        results.append(await asked("journey", steps, asker.watch()))

    assert [result.reason for result in results] == ["address-denied"] * 5
    assert seen == ["http://shop.example/"] * 2


async def test_a_proxy_that_is_denied_is_not_asked(asker: Asker) -> None:
    async with serving({}) as origin:
        written = {"get": "http://shop.example/", "proxy": origin}
        result = await asked("http", written, asker.watch(denied=LOOPBACK))

    assert (result.outcome, result.reason) == (Outcome.BAD, "address-denied")


async def test_what_is_refused_at_a_permitted_address_is_not_called_denied(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with speaking(saying(ok())) as port:
        pass
    named(monkeypatch, port, lambda: ["127.0.0.2", "127.0.0.1"])
    denied = (*METADATA_AND_LINK_LOCAL, ipaddress.ip_network("127.0.0.2"))

    result = await asked(
        "http", {"get": f"http://shop.example:{port}/"}, asker.watch(denied=denied)
    )

    assert result.reason == "connect", result.detail
