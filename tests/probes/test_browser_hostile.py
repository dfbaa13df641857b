"""What a page may do to a browser, and a browser to us."""

from __future__ import annotations

import asyncio
import gc
import ipaddress
import os
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web

from probes.browser_parts import running
from probes.browser_parts.chromium import Chromium
from probes.browser_parts.group import Group
from probes.result import Outcome
from probes.watch import METADATA_AND_LINK_LOCAL
from tests.probes.specimen_browser import html
from tests.probes.support import Asker, Handler, serving
from tests.probes.test_browser import ask, asking
from tests.tools import program

pytestmark = pytest.mark.asyncio(loop_scope="package")


BOTH = pytest.mark.parametrize("which", ["chromium-headless-shell", "chromium"])
"""They have the same engine, and each its own way to be told what it may reach."""


async def never(_: web.Request) -> web.Response:
    await asyncio.sleep(60)
    raise AssertionError


async def download(_: web.Request) -> web.Response:
    return web.Response(body=b"x", headers={"Content-Disposition": "attachment; filename=x"})


async def away(_: web.Request) -> web.Response:
    raise web.HTTPFound("http://169.254.169.254/latest/meta-data")


async def round_and_round(_: web.Request) -> web.Response:
    raise web.HTTPFound("/round")


async def endless(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Type": "text/plain"})
    await answer.prepare(request)
    piece = b"x" * 65536
    while request.transport is not None and not request.transport.is_closing():
        try:
            await answer.write(piece)
        except ConnectionError:
            break
    return answer


PAGES: dict[str, Handler] = {
    "/": html("<h1>fine</h1>"),
    "/loop": html("<script>for (;;) {}</script>"),
    "/alerts": html("<h1>up</h1><script>setInterval(() => alert(1), 1)</script>"),
    "/popups": html("<h1>up</h1><script>for (let i = 0; i < 20; i++) open('/')</script>"),
    "/console": html(
        "<h1>up</h1><script>setInterval(() => {"
        "for (let i = 0; i < 20; i++) console.error('x'.repeat(1000))}, 1)</script>"
    ),
    "/memory": html(
        "<script>const all = []; setInterval(() => all.push(new Uint8Array(2e7).fill(1)), 10)"
        "</script>"
    ),
    "/text": html("<p id=p></p><script>p.textContent = 'x '.repeat(1e6)</script>"),
    "/lies": html(
        "<h1>up</h1><script>String.prototype.includes = () => 1; performance.now = () => NaN;"
        "performance.getEntriesByType = () => [{responseStart: 'x'}];"
        "PerformanceObserver.prototype.takeRecords = () => [{value: -1, startTime: {}}]</script>"
    ),
    "/waits": html("<h1>up</h1><img src=/never>"),
    "/never": never,
    "/download": download,
    "/away": away,
    "/round": round_and_round,
    "/endless": endless,
    "/frames": html("<iframe src=http://169.254.169.254/></iframe><script>"
                    "new WebSocket('ws://169.254.169.254/')</script><h1>up</h1>"),
}  # fmt: skip


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def mortal() -> AsyncIterator[Asker]:
    """A browser for the tests that end it."""
    it = Asker()
    yield it
    await it.shared.close()


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def site() -> AsyncIterator[str]:
    async with serving(PAGES) as origin:
        yield origin


async def group_of(asker: Asker) -> Group:
    """The processes of the browser that runs."""
    chromium = await asker.shared.get(Chromium, Chromium.start)
    [one] = chromium.all_running()
    return one.group


@pytest.mark.parametrize("path", ["/loop", "/never", "/waits"])
async def test_a_page_that_does_not_end_is_ended(browsing: Asker, site: str, path: str) -> None:
    await ask(browsing, asking({"goto": f"{site}/"}))
    began = time.monotonic()
    result = await ask(browsing, asking({"goto": f"{site}{path}"}), 2)
    took_s = time.monotonic() - began

    assert (result.outcome, result.reason, result.duration_s) == (Outcome.BAD, "timeout", 2)
    assert result.detail == f"step 1: not done after 2 s: loading {site}{path}"
    assert took_s <= 2.1


async def test_a_step_has_a_limit_of_its_own(browsing: Asker, site: str) -> None:
    steps = ({"goto": f"{site}/never", "timeout": "300ms"}, {"goto": f"{site}/"})
    result = await ask(browsing, asking(*steps))

    assert (result.reason, result.detail) == (
        "timeout",
        f"step 1: not done after 0.3 s: loading {site}/never",
    )
    assert result.duration_s < 3


@pytest.mark.parametrize("path", ["/alerts", "/popups", "/console", "/lies"])
async def test_a_page_that_makes_a_nuisance_of_itself_is_looked_at(
    browsing: Asker, site: str, path: str
) -> None:
    step = {"goto": f"{site}{path}", "until": "commit", "expect": {"visible": "h1"}}
    result = await ask(browsing, asking(step, patience="20s"))
    after = await ask(browsing, asking({"goto": f"{site}/", "expect": {"text": "fine"}}))

    assert result.outcome is Outcome.GOOD, result.detail
    assert after.outcome is Outcome.GOOD, after.detail


@pytest.mark.parametrize(
    ("path", "reason", "detail"),
    [
        ("/download", "navigation", "/download is a download and no page"),
        ("/away", "address-denied", "connecting to 169.254.169.254 is not permitted here"),
        ("/round", "redirects", "redirected too often"),
        ("/endless", "body-too-large", "larger than `limit`"),
    ],
)
async def test_a_page_that_is_none(
    browsing: Asker, site: str, path: str, reason: str, detail: str
) -> None:
    result = await ask(browsing, asking({"goto": f"{site}{path}"}, limit="2MB"))

    assert (result.outcome, result.reason) == (Outcome.BAD, reason), result.detail
    assert detail in result.detail


@BOTH
async def test_frames_and_websockets_reach_no_denied_address(
    browsing: Asker, site: str, which: str
) -> None:
    step = {"goto": f"{site}/frames", "expect": {"visible": "h1"}}
    executable = program(which, which)
    result = await ask(browsing, asking(step, expect={"failed_requests": 0}, executable=executable))

    assert result.reason == "requests"
    assert result.evidence is not None
    assert "network: connecting to 169.254.169.254 is not permitted" in result.evidence.body


async def test_a_name_that_changes_its_address_gains_nothing(
    browsing: Asker, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first answer is permitted, all later ones are not: a page comes, its request does not."""
    loop = asyncio.get_running_loop()
    look_up, asked = loop.getaddrinfo, []

    async def rebinding(host: Any, port: Any, **more: Any) -> Any:
        if host != "rebind.example":
            return await look_up(host, port, **more)
        asked.append(host)
        return await look_up("127.0.0.1" if len(asked) == 1 else "127.0.0.2", port, **more)

    monkeypatch.setattr(loop, "getaddrinfo", rebinding)
    origin = site.replace("127.0.0.1", "rebind.example")
    denied = (*METADATA_AND_LINK_LOCAL, ipaddress.ip_network("127.0.0.2/32"))
    first = await ask(browsing, asking({"goto": f"{origin}/"}), denied=denied)
    second = await ask(browsing, asking({"goto": f"{origin}/"}), denied=denied)

    assert first.outcome is Outcome.GOOD, first.detail
    assert first.facts.address == "127.0.0.1"
    assert second.reason == "address-denied"


@BOTH
async def test_no_datagram_leaves_a_page(browsing: Asker, which: str) -> None:
    with socket.socket(type=socket.SOCK_DGRAM) as far:
        far.bind(("127.0.0.1", 0))
        far.setblocking(False)
        where = f"127.0.0.1:{far.getsockname()[1]}"
        page = (
            f"<script>const p = new RTCPeerConnection({{iceServers: [{{urls: 'stun:{where}'}}]}});"
            "p.createDataChannel('x'); p.createOffer().then(o => p.setLocalDescription(o));"
            f"p.onicegatheringstatechange = () => {{ if (p.iceGatheringState == 'complete')"
            " document.body.textContent = 'gathered' };"
            f"new WebTransport('https://{where}/').closed.catch(() => 0)</script><body>"
        )
        async with serving({"/": html(page)}) as origin:
            step = {"goto": f"{origin}/", "expect": {"text": "gathered"}}
            written = asking(step, patience="20s", executable=program(which, which))
            result = await ask(browsing, written)

        assert result.outcome is Outcome.GOOD, result.detail
        with pytest.raises(BlockingIOError):
            far.recv(1)


async def test_a_page_that_takes_too_much_memory_is_ended(browsing: Asker, site: str) -> None:
    steps = ({"goto": f"{site}/memory"}, {"expect": {"text": "never"}})
    result = await ask(browsing, asking(*steps, patience="25s", memory="512MiB"))
    after = await ask(browsing, asking({"goto": f"{site}/"}, memory="512MiB"))

    assert (result.outcome, result.reason) == (Outcome.BAD, "memory"), result.detail
    assert result.detail == "step 2: the pages took more than 512 MiB"
    assert after.outcome is Outcome.GOOD


async def test_a_text_of_any_length_is_looked_at_in_the_page(browsing: Asker, site: str) -> None:
    step = {"goto": f"{site}/text", "expect": {"text": {"p": "never"}}}
    result = await ask(browsing, asking(step, patience="1s"))

    assert result.reason in {"text", "element"}
    assert len(repr(result)) < 10_000


async def test_a_crash_is_ours_the_first_time_and_the_pages_the_second(
    browsing: Asker, site: str, tmp_path: Path
) -> None:
    script = tmp_path / "check.py"
    script.write_text(
        "async def check(page, run):\n"
        "    async with run.step('crash'):\n"
        f"        await page.goto('{site}/')\n"
        "        try:\n"
        "            await page.goto('chrome://crash')\n"
        "        except Exception: pass\n"
        "        await page.wait_for_selector('never')\n"
    )
    written = asking(script=str(script), patience="20s")

    first, second = await ask(browsing, written), await ask(browsing, written)
    other = await ask(browsing, asking({"goto": f"{site}/"}))

    assert (first.outcome, first.reason) == (Outcome.VOID, "crashed"), first.detail
    assert (second.outcome, second.reason) == (Outcome.BAD, "crashed"), second.detail
    assert second.detail == "crash: the page crashed, as it did the last time"
    assert other.outcome is Outcome.GOOD


@pytest.mark.parametrize(("who", "pause_s"), [("browser", 0.2), ("browser", 1), ("driver", 1)])
async def test_a_browser_that_is_killed_is_void_and_replaced(
    mortal: Asker, site: str, who: str, pause_s: float, caplog: pytest.LogCaptureFixture
) -> None:
    fine = asking({"goto": f"{site}/"})
    assert (await ask(mortal, fine)).outcome is Outcome.GOOD
    group = await group_of(mortal)
    run = asyncio.create_task(ask(mortal, asking({"goto": f"{site}/never?{who}{pause_s}"})))
    await asyncio.sleep(pause_s)
    os.kill(group.driver if who == "driver" else group.leader, signal.SIGKILL)

    result = await asyncio.wait_for(run, 5)
    after = await ask(mortal, fine)

    assert (result.outcome, result.reason) == (Outcome.VOID, "crashed"), result.detail
    assert after.outcome is Outcome.GOOD, after.detail
    assert (await group_of(mortal)).leader != group.leader
    gc.collect()
    # An error that nobody has asked for is complained of there.
    assert [record for record in caplog.records if record.name == "asyncio"] == []


async def test_a_browser_serves_so_many_runs(
    mortal: Asker, site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(running, "RUNS", 2)
    fine, leaders = asking({"goto": f"{site}/"}), set()
    for _ in range(3):
        assert (await ask(mortal, fine)).outcome is Outcome.GOOD
        chromium = await mortal.shared.get(Chromium, Chromium.start)
        leaders |= {one.group.leader for one in chromium.all_running()}
    await mortal.shared.close()

    assert len(leaders) >= 2
    assert await left_of(leaders) == []


async def test_closing_leaves_no_process(mortal: Asker, site: str) -> None:
    await ask(mortal, asking({"goto": f"{site}/"}))
    group = await group_of(mortal)
    pids = group.memory().keys()
    assert len(pids) > 4

    await mortal.shared.close()

    assert await left_of(pids) == []


async def left_of(pids: Iterable[int]) -> list[int]:
    """Which of *pids* go on; whoever was told to end has a moment to do so."""
    for _ in range(40):
        if not any(_lives(pid) for pid in pids):
            break
        await asyncio.sleep(0.05)
    return [pid for pid in pids if _lives(pid)]


def _lives(pid: int) -> bool:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
        return stat.rpartition(") ")[2][0] not in "ZX"
    except OSError:
        return False


async def test_a_browser_that_does_not_start_is_void(browsing: Asker, site: str) -> None:
    written = asking({"goto": f"{site}/"}, executable=program("false", "coreutils"))

    result = await ask(browsing, written)

    assert (result.outcome, result.reason) == (Outcome.VOID, "no-browser")
    assert "/false does not start" in result.detail


async def test_a_driver_that_does_not_start_is_void(
    site: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where memory must not be both written and run, which its JavaScript needs."""
    monkeypatch.setenv("PLAYWRIGHT_NODEJS_PATH", program("false", "coreutils"))
    nobody = Asker()

    result = await ask(nobody, asking({"goto": f"{site}/"}))
    await nobody.shared.close()

    assert (result.outcome, result.reason) == (Outcome.VOID, "no-browser")
    assert result.detail.startswith("the driver of Playwright does not start: ")


async def test_who_waits_too_long_for_a_turn_is_void(site: str) -> None:
    busy = Asker()
    chromium = await busy.shared.get(Chromium, Chromium.start)
    for _ in range(4):
        await chromium._places.acquire()

    result = await ask(busy, asking({"goto": f"{site}/"}), 0.2)

    assert (result.outcome, result.reason) == (Outcome.VOID, "browser-busy")
    assert result.detail.startswith("it was not its turn within 0.2 s")
