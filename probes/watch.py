"""The frame of one run: when it began, how long it may take, what it may reach, how it reports."""

from __future__ import annotations

import ipaddress
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar, cast

from probes.addresses import meant
from probes.ids import random_hex
from probes.look import Look
from probes.result import DETAIL_LIMIT, Outcome, Result

T = TypeVar("T", bound="Resource")

_KNOWN_ADDRESSES = 10_000

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

METADATA_AND_LINK_LOCAL: tuple[Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "169.254.0.0/16",
        "fe80::/10",
        "fd00:ec2::254/128",
        "fd00:ec2::23/128",
        "fd20:ce::254/128",
        "fd00:42::42/128",
        "100.100.100.200/32",
        "192.0.0.192/32",
        "168.63.129.16/32",
    )
)
"""Link-local addresses and the metadata services of AWS, Google, Scaleway and others."""


class WallClock(Protocol):
    """What a run needs of a clock."""

    def now_ms(self) -> int:
        """Milliseconds since the epoch."""

    def monotonic(self) -> float:
        """Seconds; never goes back."""


class Resource(Protocol):
    """Something costly that many runs share, such as a libcurl thread or a browser."""

    async def close(self) -> None:
        """Let go of it; called once, after the last run."""


class Gate:
    """
    Rules on addresses, with what they said before.

    Args:
        denied: Networks that no connection may be opened to.
        allowed: Exceptions from *denied*.
    """

    def __init__(self, denied: tuple[Network, ...], allowed: tuple[Network, ...]) -> None:
        self._denied = denied
        self._allowed = allowed
        self._known: dict[str, bool] = {}

    def holds(self, denied: tuple[Network, ...], allowed: tuple[Network, ...]) -> bool:
        """Whether these are its very rules."""
        return denied is self._denied and allowed is self._allowed

    def __call__(self, address: str) -> bool:
        """See `Watch.permits`."""
        verdict = self._known.get(address)
        if verdict is None:
            if len(self._known) >= _KNOWN_ADDRESSES:
                self._known.clear()
            verdict = self._known[address] = self._permits(address)
        return verdict

    def _permits(self, address: str) -> bool:
        for ip in meant(ipaddress.ip_address(address.partition("%")[0])):
            if any(ip in network for network in self._allowed):
                continue
            if any(ip in network for network in self._denied):
                return False
        return True


class Shared:
    """Resources of one process, each made at its first use and closed by the owner."""

    def __init__(self) -> None:
        self._gate = Gate((), ())
        self._made: dict[type[Any], Resource] = {}
        # Configurations name types of this file where nothing is ever asked.
        import asyncio

        self._lock = asyncio.Lock()

    async def get(self, kind: type[T], make: Callable[[], Awaitable[T]]) -> T:
        """The one resource of type *kind*, from *make* the first time."""
        found = self._made.get(kind)
        if found is None:
            async with self._lock:
                found = self._made.get(kind)
                if found is None:
                    found = self._made[kind] = await make()
        return cast("T", found)

    def gate(self, denied: tuple[Network, ...], allowed: tuple[Network, ...]) -> Gate:
        """Whom these rules let connect; the same one as long as they are the same."""
        if not self._gate.holds(denied, allowed):
            self._gate = Gate(denied, allowed)
        return self._gate

    async def close(self) -> None:
        """Close all, the newest first."""
        while self._made:
            _, resource = self._made.popitem()
            await resource.close()


class Mask:
    """
    Hides known secrets in text that leaves the process.

    Args:
        values: The secrets; those shorter than 4 characters would blacken
            ordinary words and are left out (the loader refuses them).
    """

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._values = sorted({value for value in values if len(value) >= 4}, key=len, reverse=True)

    def __call__(self, text: str) -> str:
        """*text* with every secret replaced by ``***``."""
        for value in self._values:
            if value in text:
                text = text.replace(value, "***")
        return text

    def also(self, *values: str) -> Mask:
        """A mask that hides *values* too."""
        return Mask([*self._values, *values])


class Watch:
    """
    One run of one probe.

    Args:
        clock: Read for the start and for durations.
        timeout_s: The whole run's limit in seconds, > 0.
        shared: Where to get resources that outlive the run.
        mask: Applied to every detail.
        denied: Networks that no connection may be opened to.
        allowed: Exceptions from *denied*.
        user_agent: Sent by kinds that have such a header.
        source: A local IP address to ask from; empty leaves that to the system.
        look: Where to note what no sample keeps; ``None`` if nobody looks.
    """

    __slots__ = (
        "_began", "_clock", "allowed", "denied", "look", "mask", "shared", "source", "started_at",
        "timeout_s", "trace_id", "user_agent",
    )  # fmt: skip

    def __init__(
        self,
        *,
        clock: WallClock,
        timeout_s: float,
        shared: Shared,
        mask: Mask | None = None,
        denied: Iterable[Network] = METADATA_AND_LINK_LOCAL,
        allowed: Iterable[Network] = (),
        user_agent: str = "synthetics",
        source: str = "",
        look: Look | None = None,
    ) -> None:
        self._clock = clock
        self.timeout_s = timeout_s
        self.shared = shared
        self.mask = mask or Mask()
        self.denied = tuple(denied)
        self.allowed = tuple(allowed)
        self.user_agent = user_agent
        self.source = source
        self.look = look
        self.trace_id = random_hex(16)
        self._began = clock.monotonic()
        self.started_at = datetime.fromtimestamp(clock.now_ms() / 1000, tz=UTC)

    def elapsed_s(self) -> float:
        """Seconds since the run began."""
        return self._clock.monotonic() - self._began

    def remaining_s(self) -> float:
        """Seconds left, >= 0."""
        return max(0.0, self.timeout_s - self.elapsed_s())

    def permits(self, address: str) -> bool:
        """
        Whether a connection to the IP *address* may be opened.

        One that leads on to another, such as an IPv4 address that is written within an IPv6 one,
        may only be connected to where both may.

        Raises:
            ValueError: Not an IP address.
        """
        return self.gate(address)

    @property
    def gate(self) -> Gate:
        """`permits`, for whoever needs it longer than this frame."""
        return self.shared.gate(self.denied, self.allowed)

    def good(self, **seen: Any) -> Result:
        """The target did what was expected; *seen* are further fields of `Result`."""
        return self._result(Outcome.GOOD, "", "", seen)

    def bad(self, reason: str, detail: str, **seen: Any) -> Result:
        """The target did not."""
        return self._result(Outcome.BAD, reason, detail, seen)

    def void(self, reason: str, detail: str, **seen: Any) -> Result:
        """We could not ask."""
        return self._result(Outcome.VOID, reason, detail, seen)

    def one_line(self, text: str) -> str:
        """*text* masked, on one line, within the limit of a detail, without what moves a cursor."""
        masked = self.mask(text)
        if not masked.isprintable():
            masked = "".join(char if char.isprintable() else " " for char in masked)
        flat = " ".join(masked.split())
        return flat if len(flat) <= DETAIL_LIMIT else flat[: DETAIL_LIMIT - 1] + "…"

    def _result(self, outcome: Outcome, reason: str, detail: str, seen: dict[str, Any]) -> Result:
        if "duration_s" not in seen:
            seen["duration_s"] = self.timeout_s if reason == "timeout" else self.elapsed_s()
        return Result(
            started_at=self.started_at,
            outcome=outcome,
            reason=reason,
            detail=self.one_line(detail) if detail else "",
            trace_id=self.trace_id,
            **seen,
        )
