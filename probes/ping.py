"""Probe kind ``ping``: does a host answer echoes, and how fast?"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated

from pydantic import ConfigDict, Field, PlainValidator, ValidationInfo, WithJsonSchema

from probes.fields import Duration, Refused, Size
from probes.net.names import Address, resolve
from probes.net.target import written_out
from probes.net.trip import Trip, Trouble, Unmet
from probes.ping_parts.packet import NONCE, Complaint
from probes.ping_parts.pinger import Pinger
from probes.result import Evidence, Phases, Result
from probes.settings import Family
from probes.watch import Watch

SUMMARY = "ICMP echoes: how many are answered, and how fast."
SOURCE = True
LARGEST = 65_507


def _host(value: object, info: ValidationInfo) -> str:
    text = written_out(value, info)
    if not text or any(one.isspace() or one in "/@" for one in text):
        raise Refused("this is no host", mend="write a name or an address, without port or path")
    return text.strip("[]")


Host = Annotated[
    str, PlainValidator(_host), WithJsonSchema({"type": "string", "examples": ["gw.example"]})
]


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold of all echoes together.

    Attributes:
        lost: How many echoes may go unanswered.
        average: The longest time from sending to the reply, as a mean.
        slowest: The same for every single reply.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    lost: Annotated[int, Field(ge=0)] = 0
    average: Duration | None = None
    slowest: Duration | None = None


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        host: Whom to ask.
        ip: Which address of it to use.
        count: How many echoes to send.
        interval: The pause from one echo to the next.
        size: What each carries.
        expect: What must hold of all together.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    host: Host
    ip: Family = "any"
    count: Annotated[int, Field(ge=1, le=100)] = 1
    interval: Duration = timedelta(milliseconds=200)
    size: Size = 56
    expect: Expect = field(default_factory=Expect)

    def __post_init__(self) -> None:
        if not NONCE <= self.size <= LARGEST:
            what = f"an echo carries {NONCE} to {LARGEST} bytes"
            raise Refused(what, mend="write one such as 56B", at=("size",))
        if self.expect.lost >= self.count:
            what = f"of {self.count} echoes, {self.expect.lost} may be lost: nothing is expected"
            raise Refused(what, mend=f"write {self.count - 1} or less", at=("expect", "lost"))


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.host


async def run(options: Options, watch: Watch) -> Result:
    """
    Send the echoes one after the other, and wait for their replies side by side.

    An echo that has no reply when the time is over is lost.  The duration is the mean time of
    the replies.
    """
    trip = Trip(watch)
    count = _Count(options.count)
    try:
        async with trip:
            address = (await resolve(trip, options.host, 0, ip=options.ip))[0]
            trip.address = address.ip
            pinger = await watch.shared.get(Pinger, Pinger.start)
            trip.doing = f"waiting for replies from {address.ip}"
            await count.send(pinger, address, options, watch.source)
    except Trouble as trouble:
        if trouble.reason != "timeout" or not count.heard:
            return trip.ended_by(trouble, evidence=count.evidence(options, trouble))
    try:
        count.judge(options.expect)
    except Trouble as trouble:
        return trip.ended_by(
            trouble,
            evidence=count.evidence(options, trouble),
            phases=count.phases(trip),
        )
    if watch.look is not None:
        watch.look.said[count.asked(options)] = _times(count.replies)
    return trip.good(phases=count.phases(trip), duration_s=count.average_s)


class _Count:
    """The echoes of one run, and what came of them."""

    def __init__(self, sent: int) -> None:
        self._sent = sent
        self.replies: list[float] = []
        self._errors: list[Complaint] = []

    async def send(self, pinger: Pinger, address: Address, options: Options, source: str) -> None:
        """
        Send all, from the local address *source* if that is not empty, and wait for all.

        Raises:
            Trouble: None could be sent.
        """
        first: BaseException | None = None
        try:
            async with asyncio.TaskGroup() as echoes:
                for number in range(self._sent):
                    if number:
                        await asyncio.sleep(options.interval.total_seconds())
                    echoes.create_task(self._one(pinger, address, options.size, source))
        except* Trouble as troubles:
            first = troubles.exceptions[0]
            while isinstance(first, BaseExceptionGroup):
                first = first.exceptions[0]
        if first is not None:  # raised up there, Python 3.11.2 would make a group of it again
            raise first from None

    async def _one(self, pinger: Pinger, address: Address, size: int, source: str) -> None:
        echo = await pinger.ping(address, size=size, source=source)
        if echo.heard.complaint is not None:
            self._errors.append(echo.heard.complaint)
        elif echo.rtt_s is not None:
            self.replies.append(echo.rtt_s)

    @property
    def heard(self) -> bool:
        """Whether anything came back."""
        return bool(self.replies or self._errors)

    @property
    def average_s(self) -> float:
        """Mean time of the replies; there must be one."""
        return sum(self.replies) / len(self.replies)

    def phases(self, trip: Trip) -> Phases:
        """Resolving, and the mean wait for a reply."""
        first_byte_s = self.average_s if self.replies else None
        return Phases(resolve_s=trip.phases.resolve_s, first_byte_s=first_byte_s)

    def judge(self, expect: Expect) -> None:
        """
        The first expectation that does not hold.

        Raises:
            Trouble: ``loss`` or ``slow``, or the error that a router sent for all of them.
        """
        if self._errors and not self.replies:
            raise Trouble(self._errors[0].reason, self._errors[0].words)
        lost = self._sent - len(self.replies)
        if lost > expect.lost:
            raise Unmet("loss", f"{expect.lost} or fewer lost", f"{lost} of {self._sent}")
        for words, limit, took_s in (
            ("on average", expect.average, self.average_s),
            ("at most", expect.slowest, max(self.replies)),
        ):
            if limit is not None and took_s > limit.total_seconds():
                wanted = f"{limit / timedelta(milliseconds=1):g} ms {words}"
                raise Unmet("slow", wanted, f"{took_s * 1000:.3g} ms")

    def asked(self, options: Options) -> str:
        """What was asked, in words."""
        return f"{self._sent} echo{'es' * (self._sent > 1)} to {options.host}"

    def evidence(self, options: Options, trouble: Trouble) -> Evidence:
        """What a failure keeps: every reply's time."""
        unmet = trouble if isinstance(trouble, Unmet) else None
        return Evidence(
            request=self.asked(options),
            body=_times(self.replies),
            expected=unmet.expected if unmet else "",
            actual=unmet.actual if unmet else "",
        )


def _times(replies: Sequence[float]) -> str:
    return "".join(f"{took_s * 1000:.3f} ms\n" for took_s in replies)
