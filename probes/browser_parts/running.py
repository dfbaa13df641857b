"""A browser that runs: how it is started, how its memory is bounded, how it is ended."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from playwright.async_api import Browser, Error, Playwright, async_playwright

from probes.browser_parts.group import Group
from probes.browser_parts.way import NOBODY
from probes.net.trip import Trouble
from probes.result import Outcome

RUNS = 100
"""Runs that one browser serves."""

CLOSE_S = 2.0
"""Longest that something is given to close."""

_LAUNCH_S = 20.0
_LOOK_S = 0.5

_FLAGS = (
    # Names are looked up by the run's way out, and nowhere else.
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
    # WebRTC would send datagrams past any proxy. Chromium goes by the first of these, its headless
    # shell by the second.
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    # Else it tells Google of every form that it sees.
    f"--autofill-server-url=http://{NOBODY}/",
)
_NOWHERE = "socks5://127.0.0.1:9"
"""Where the browser's own requests end; those of a run have a way of their own."""


@dataclass(frozen=True, slots=True)
class Launch:
    """
    What browsers differ by.

    Attributes:
        program: The executable.
        sandbox: Whether it locks its pages in.
        memory: Bytes that all of its processes may take.
    """

    program: str
    sandbox: bool
    memory: int


class Running:
    """
    One browser.

    Attributes:
        browser: As Playwright has it.
        interrupts: Called when it is gone.
        memory_ended: How many pages were ended because they took too much memory.
    """

    def __init__(
        self, launch: Launch, playwright: Playwright, browser: Browser, group: Group
    ) -> None:
        self.launch = launch
        self.browser = browser
        self.group = group
        self.interrupts: set[Callable[[], None]] = set()
        self.memory_ended = 0
        self._runs = 0
        self.active = 0
        self._playwright = playwright
        self._looking: asyncio.Task[None] | None = None

    @property
    def fit(self) -> bool:
        """Whether it may serve another run."""
        return self.alive and self._runs < RUNS

    @property
    def alive(self) -> bool:
        """Whether it is there, and answers to its driver."""
        return self.browser.is_connected() and self.group.alive

    def begin(self) -> None:
        """A run begins."""
        self._runs += 1
        self.active += 1
        if self._looking is None:
            self._looking = asyncio.create_task(self._look_after())

    def done(self) -> None:
        """A run is over, and all that it has opened is closed."""
        self.active -= 1
        if not self.active and self._looking is not None:
            self._looking.cancel()
            self._looking = None
            if sum(self.group.memory().values()) > self.launch.memory / 2:
                self.wear_out()

    def wear_out(self) -> None:
        """Have it serve no further runs."""
        self._runs = RUNS

    async def end(self) -> None:
        """Close it, or kill it where it does not close."""
        if self._looking is not None:
            self._looking.cancel()
        with contextlib.suppress(Error, OSError, TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self.browser.close()
                await self._playwright.stop()
        self.group.kill()

    async def _look_after(self) -> None:
        while True:
            await asyncio.sleep(_LOOK_S)
            if not self.alive:
                # Playwright does not always say so to those who wait for a page.
                for interrupt in self.interrupts:
                    interrupt()
            elif sum(self.group.memory().values()) > self.launch.memory:
                self.memory_ended += 1
                if not self.group.end_largest_page():
                    self.group.kill()


async def start(launch: Launch) -> Running:
    """
    Start a browser with a driver of its own.

    Raises:
        Trouble: Void ``no-browser``: it does not start.
    """
    manager = async_playwright()
    try:
        async with asyncio.timeout(_LAUNCH_S):
            playwright = await manager.start()
    except Exception as error:  # noqa: BLE001  # Playwright raises no other for its driver's end
        said = " ".join(str(error).split()) or "no answer"
        what = f"the driver of Playwright does not start: {said}"
        raise Trouble("no-browser", what, outcome=Outcome.VOID) from None
    _forgive(manager)
    try:
        browser = await playwright.chromium.launch(
            executable_path=launch.program,
            chromium_sandbox=launch.sandbox,
            args=_FLAGS,
            proxy={"server": _NOWHERE},
            handle_sigint=False,
            handle_sigterm=False,
            handle_sighup=False,
            timeout=_LAUNCH_S * 1000,
        )
        session = await browser.new_browser_cdp_session()
        info = await session.send("SystemInfo.getProcessInfo")
        await session.detach()
    except (Error, OSError) as error:
        await playwright.stop()
        raise Trouble("no-browser", _why_not(str(error), launch), outcome=Outcome.VOID) from None
    [leader] = [one["id"] for one in info["processInfo"] if one["type"] == "browser"]
    return Running(launch, playwright, browser, Group(leader))


def _forgive(manager: object) -> None:
    """
    A driver that is killed is seen by `Running.alive`; nobody need log it besides.

    Playwright keeps the error where nobody asks for it, of which asyncio complains.
    """
    transport = getattr(getattr(manager, "_client", None), "_transport", None)
    if transport is not None:
        transport.on_error_future.add_done_callback(lambda ended: ended.exception())


def _why_not(message: str, launch: Launch) -> str:
    if "without --no-sandbox" in message:
        return "as root, Chromium has no sandbox; run as another user, or delete `sandbox: true`"
    if "No usable sandbox" in message:
        return (
            "this machine gives Chromium no sandbox; allow user namespaces, install the package "
            "chromium-sandbox, or write `sandbox: false`"
        )
    return f"{launch.program} does not start: {message.partition(chr(10))[0]}"
