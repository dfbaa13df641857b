"""A configuration without a file, kinds that do as they are told, and a list that takes samples."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from probes.result import Result
from probes.watch import Mask, Shared, Watch
from synthetics.clock import HeldClock
from synthetics.config.model import Config, Confirm, Probe, Service
from synthetics.sample import Sample
from synthetics.schedule.runner import Runner


def a_probe(
    name: str = "home",
    *,
    every_s: float = 60,
    timeout_s: float = 5,
    confirm: Confirm | None = None,
) -> Probe:
    return Probe(
        id=name,
        name=name,
        service="shop",
        kind="told",
        options=None,
        every=timedelta(seconds=every_s),
        timeout=timedelta(seconds=timeout_s),
        confirm=confirm,
    )


def a_config(*probes: Probe, in_flight: int = 100) -> Config:
    return Config(
        services={"shop": Service(id="shop", name="shop")},
        probes={probe.id: probe for probe in probes},
        slos={},
        receivers={},
        routes=(),
        maintenance=(),
        location="here",
        retention_raw=timedelta(days=30),
        denied=(),
        allowed=(),
        in_flight=in_flight,
        mask=Mask(["hunter2hunter2"]),
        sources=(),
    )


@dataclass
class Told:
    """A kind that does what it was told to."""

    act: Callable[[Any, Watch], Awaitable[Result]]


@dataclass
class Taken:
    """Everything that came out of a runner."""

    samples: list[Sample] = field(default_factory=list)
    came: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, samples: Sequence[Sample]) -> None:
        self.samples += samples
        self.came.set()

    def shown(self) -> list[str]:
        """Each sample as ``due outcome reason``, in the order they came."""
        return [
            f"{sample.scheduled_ms} {sample.result.outcome} {sample.result.reason}".rstrip()
            for sample in self.samples
        ]


async def always_good(_: Any, watch: Watch) -> Result:
    return watch.good()


def a_runner(
    taken: Taken,
    run: Callable[[Any, Watch], Awaitable[Result]] = always_good,
    *,
    clock: HeldClock | None = None,
    in_flight: int = 100,
    kinds: Mapping[str, Told] | None = None,
) -> Runner:
    return Runner(
        clock=clock or HeldClock(),
        kinds=kinds or {"told": Told(run)},
        shared=Shared(),
        sink=taken,
        config=a_config(in_flight=in_flight),
    )
