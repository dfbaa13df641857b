"""
The dead man's switch: we say that we are alive, and somebody else notices when we do not.

Nothing is said unless all is well, so that a service that runs and does nothing is noticed too.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

from synthetics.clock import Clock
from synthetics.config.model_watch import DeadMansSwitch
from synthetics.receivers.post import new_session

if TYPE_CHECKING:
    import aiohttp

logger = logging.getLogger(__name__)

LIMIT_S = 10.0
"""Of one heartbeat."""

AGAIN_S = 5.0
"""One that failed is followed by another so soon, or at its usual time if that comes first."""

Healthy = Callable[[], Awaitable[str]]
"""Why the service is not well; empty if it is."""


@dataclass(slots=True)
class HeartbeatStats:
    """
    What was said since the process began.

    Attributes:
        sent: Heartbeats that were taken.
        withheld: Those that were not sent because the service was not well.
        failures: Those that did not arrive, by reason.
        last_ms: When one was last taken; ``None`` before the first.
        unwell: Why none is sent now; empty if they are.
    """

    sent: int = 0
    withheld: int = 0
    failures: Counter[str] = field(default_factory=Counter)
    last_ms: int | None = None
    unwell: str = ""


class Heartbeat:
    """
    Sends heartbeats.

    Args:
        healthy: Asked before each.
        clock: For when one was taken.
        switch: Where to; ``None`` for nowhere.
    """

    def __init__(self, healthy: Healthy, *, clock: Clock, switch: DeadMansSwitch | None) -> None:
        self._healthy = healthy
        self._clock = clock
        self._switch = switch
        self._changed = asyncio.Event()
        self._failing = ""
        self.stats = HeartbeatStats()

    @property
    def configured(self) -> bool:
        """Whether there is anybody to notice."""
        return self._switch is not None

    def use(self, switch: DeadMansSwitch | None) -> None:
        """Send to *switch*, at once and from now on."""
        if switch != self._switch:
            self._switch = switch
            self._changed.set()

    async def run(self) -> None:
        """Send for ever."""
        async with new_session() as session:
            while True:
                self._changed.clear()
                switch = self._switch
                pause_s = None if switch is None else await self._beat(switch, session)
                try:
                    async with asyncio.timeout(pause_s):
                        await self._changed.wait()
                except TimeoutError:
                    pass

    async def _beat(self, switch: DeadMansSwitch, session: aiohttp.ClientSession) -> float:
        """One heartbeat, if all is well; how long to wait for the next, in seconds."""
        every_s = switch.every / timedelta(seconds=1)
        unwell = await self._healthy()
        self._note(unwell)
        if unwell:
            self.stats.withheld += 1
            return min(AGAIN_S, every_s)
        failure = await _send(switch, session)
        if failure:
            self.stats.failures[failure] += 1
            if failure != self._failing:
                logger.warning(
                    "heartbeats do not arrive: %s",
                    failure,
                    extra={"action": "heartbeat_failed", "reason": failure},
                )
            self._failing = failure
            return min(AGAIN_S, every_s)
        if self._failing:
            logger.info("heartbeats arrive again", extra={"action": "heartbeat_again"})
        self._failing = ""
        self.stats.sent += 1
        self.stats.last_ms = self._clock.now_ms()
        return every_s

    def _note(self, unwell: str) -> None:
        if unwell and unwell != self.stats.unwell:
            logger.error("no heartbeat is sent: %s", unwell, extra={"action": "heartbeat_withheld"})
        elif self.stats.unwell and not unwell:
            logger.info("heartbeats are sent again", extra={"action": "heartbeat_again"})
        self.stats.unwell = unwell


async def _send(switch: DeadMansSwitch, session: aiohttp.ClientSession) -> str:
    """Send once; why it did not arrive, as a slug that says nothing of the URL."""
    import aiohttp

    try:
        async with (
            asyncio.timeout(LIMIT_S),
            session.request(switch.method.value, switch.url.reveal(), allow_redirects=False) as got,
        ):
            return "" if 200 <= got.status < 300 else f"status-{got.status}"
    except TimeoutError:
        return "timeout"
    except aiohttp.ClientConnectorDNSError:
        return "dns"
    except (aiohttp.ClientConnectorCertificateError, aiohttp.ClientConnectorSSLError):
        return "tls"
    except aiohttp.ClientConnectorError:
        return "connect"
    except (aiohttp.ClientError, OSError, ValueError):
        return "connection"
