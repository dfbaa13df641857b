"""A scrape: its parameters, its time, and what a target cannot make us do."""

from __future__ import annotations

import asyncio
import ipaddress
import time
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import re2

from probes.watch import METADATA_AND_LINK_LOCAL, Shared, Watch
from synthetics.clock import SystemClock
from synthetics.exporter import answer
from synthetics.exporter.frame import address_hash, host_and_port
from synthetics.exporter.modules import load
from synthetics.exporter.talk import expand
from tests.exporter.support import Targets, metrics
from tests.probes.support import speaking

LOOPBACK = (ipaddress.ip_network("127.0.0.0/8"),)
TEXT = r"""
modules:
  http_2xx: {prober: http, timeout: 1s}
  named: {prober: http, http: {headers: {Host: a.test}}}
  tcp: {prober: tcp, timeout: 500ms, tcp: {query_response: [{expect: "^OK (\\d+)", labels: [{name: number, value: "${1}"}]}]}}
  icmp: {prober: icmp, timeout: 500ms}
  dns: {prober: dns, timeout: 500ms, dns: {query_name: a.test}}
  nothing: {prober: dns}
"""  # noqa: E501 - one module a line


class Alone:
    """Us, without anybody beside."""

    def __init__(self, folder: Path) -> None:
        (folder / "modules.yml").write_text(TEXT, encoding="utf-8")
        self.modules = load(folder / "modules.yml")
        self.shared = Shared()

    async def text(
        self, module: str, target: str, *, deny: bool = False, debug: bool = False
    ) -> str:
        asked = answer.read(self.modules, {"module": module, "target": target}, "")
        watch = Watch(
            clock=SystemClock(),
            timeout_s=asked.timeout_s,
            shared=self.shared,
            denied=LOOPBACK if deny else METADATA_AND_LINK_LOCAL,
        )
        return await answer.answer(asked, watch, debug=debug)


@pytest.fixture
async def alone(tmp_path: Path) -> AsyncIterator[Alone]:
    it = Alone(tmp_path)
    yield it
    await it.shared.close()


@pytest.mark.parametrize(
    ("query", "status", "said"),
    [
        ({"module": "none", "target": "x"}, 400, "Unknown module 'none'"),
        ({"module": "http_2xx"}, 400, "Target parameter is missing"),
        ({"module": "nothing", "target": "x"}, 400, "so nothing to ask for"),
        ({"module": "named", "target": "x", "hostname": "b.test"}, 400, "Host: a.test"),
        ({"target": "x", "hostname": "b\r\nX: y"}, 400, "hostname is no name"),
        ({"target": "x", "hostname": "me@192.0.2.1/"}, 400, "hostname is no name"),
    ],
)
def test_a_scrape_that_asks_for_nothing(
    tmp_path: Path, query: dict[str, str], status: int, said: str
) -> None:
    with pytest.raises(answer.Unanswerable, match=said) as refused:
        answer.read(Alone(tmp_path).modules, query, "")
    assert refused.value.status == status


def test_the_usual_module_is_http_2xx(tmp_path: Path) -> None:
    assert answer.read(Alone(tmp_path).modules, {"target": "x"}, "").module.name == "http_2xx"


@pytest.mark.parametrize(
    ("own_s", "scrape", "limit_s"),
    [
        pytest.param(5, "10", 5, id="the module's, where the scrape has more"),
        pytest.param(15, "10", 9.5, id="what the scrape leaves"),
        pytest.param(0, "10", 9.5, id="no limit of the module's own"),
        pytest.param(0, "", 119.5, id="no limit at all"),
        pytest.param(5, "0.3", 5, id="a scrape that leaves nothing"),
    ],
)
def test_how_long_a_probe_may_take(own_s: float, scrape: str, limit_s: float) -> None:
    assert answer.limit(own_s, scrape) == limit_s


@pytest.mark.parametrize("scrape", ["soon", "nan", "inf", "-1"])
def test_a_time_that_is_none(tmp_path: Path, scrape: str) -> None:
    with pytest.raises(answer.Unanswerable, match="no number of seconds"):
        answer.read(Alone(tmp_path).modules, {"target": "x"}, scrape)


@pytest.mark.parametrize(
    ("module", "target"),
    [
        ("http_2xx", "http://127.0.0.1:80/"),
        ("http_2xx", "http://localhost:80/"),
        ("tcp", "127.0.0.1:80"),
        ("icmp", "127.0.0.1"),
        ("dns", "127.0.0.1"),
    ],
)
async def test_denied_networks_hold(alone: Alone, module: str, target: str) -> None:
    text = await alone.text(module, target, deny=True, debug=True)
    assert "address-denied: connecting to 127.0.0.1 is not permitted here" in text
    assert "probe_success 0\n" in text


async def test_a_redirect_leads_to_no_denied_network(alone: Alone) -> None:
    async def away(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n")

    async with speaking(away) as port:
        text = await alone.text("http_2xx", f"127.0.0.1:{port}", debug=True)
    assert "address-denied: connecting to 169.254.169.254" in text


async def test_debugging_tells_how_it_went(alone: Alone, targets: Targets) -> None:
    text = await alone.text("http_2xx", f"{targets.http}/away", debug=True)
    assert "redirected by status 302" in text
    assert "status 200 by HTTP/1.1" in text
    assert "probe_success 1\n" in text
    assert text.endswith("prober: http\ntimeout: 1.0\n")


async def test_labels_show_what_was_expected(alone: Alone) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\nOK 42")

    async with speaking(say) as port:
        found = metrics(await alone.text("tcp", f"127.0.0.1:{port}"))
    assert found["probe_expect_info", '{number="42"}'] == 1
    assert found["probe_success", ""] == 1


@pytest.mark.parametrize(
    "says",
    [
        pytest.param(b"\x00\xff" * 100, id="garbage"),
        pytest.param(b"x" * 200_000, id="a line without an end"),
        pytest.param(b"", id="nothing"),
    ],
)
@pytest.mark.parametrize("module", ["http_2xx", "tcp"])
async def test_whatever_a_target_says_is_a_failure_in_time(
    alone: Alone, module: str, says: bytes
) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(says)
        await writer.drain()
        await asyncio.sleep(5)

    began = time.monotonic()
    async with speaking(say) as port:
        found = metrics(await alone.text(module, f"127.0.0.1:{port}"))
        took_s = time.monotonic() - began
    assert found["probe_success", ""] == 0
    assert took_s < 1.3


async def test_a_target_that_is_no_url(alone: Alone) -> None:
    for target in ("http://a b/", "http://me:password@a.test/", "http://[", "ftp://a.test/"):
        assert "probe_success 0\n" in await alone.text("http_2xx", target)


def test_hosts_and_ports() -> None:
    assert host_and_port("a.test:80") == ("a.test", 80)
    assert host_and_port("[::1]:80") == ("::1", 80)
    for none in ("a.test", "::1", "a.test:", ":80", "a.test:0", "a.test:99999", "a.test:٣"):
        assert host_and_port(none) is None


def test_addresses_have_the_exporters_number() -> None:
    assert address_hash("127.0.0.1") == 3668918509


def test_what_was_found_is_put_where_it_is_named() -> None:
    found = re2.compile(rb"(?P<what>\w+)-(\w+)").search(b"one-two")
    assert expand(b"$what ${2} $$ ${none}.$9", found) == b"one two $ ."
