"""Asks probes now, with a close look at each."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import dataclass

import click

from probes.look import Look
from probes.result import Result
from probes.watch import Shared
from synthetics.clock import SystemClock
from synthetics.config.model import Config, Probe
from synthetics.kinds import probe_kinds
from synthetics.schedule.asking import watch_of
from synthetics.schedule.verdict import degraded, verdict

TOGETHER = 20
"""Most probes asked at the same time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one attempt of *probe* came to, and all that was seen on the way."""

    probe: Probe
    result: Result
    look: Look

    @property
    def degraded(self) -> bool:
        """Whether it is good, but took longer than it may."""
        return degraded(self.probe, self.result)


async def ask_all(config: Config, probes: Sequence[Probe], shared: Shared) -> list[Seen]:
    """One attempt of each of *probes*, in their order; says on a terminal how far it is."""
    places = asyncio.Semaphore(TOGETHER)
    shows = len(probes) > 1 and sys.stderr.isatty()
    asked = 0

    async def one(probe: Probe) -> Seen:
        nonlocal asked
        async with places:
            seen = await ask(config, probe, shared)
        asked += 1
        if shows:
            click.echo(f"\rasked {asked} of {len(probes)}", nl=False, err=True)
        return seen

    try:
        return await asyncio.gather(*map(one, probes))
    finally:
        if shows:
            click.echo("\r\x1b[K", nl=False, err=True)


async def ask(config: Config, probe: Probe, shared: Shared) -> Seen:
    """
    One attempt; a kind that does not keep its own time is stopped a little later.

    Of a composite all members are asked, at the same time.
    """
    if probe.members:
        asked = [ask(config, config.probes[name], shared) for name in probe.members]
        results = {one.probe.id: one.result for one in await asyncio.gather(*asked)}
        result = probe_kinds()[probe.kind].act(probe.options, results)
        return Seen(probe=probe, result=verdict(probe, result), look=Look())
    timeout_s = probe.timeout.total_seconds()
    watch = watch_of(probe, config, clock=SystemClock(), shared=shared)
    watch.look = Look()
    try:
        async with asyncio.timeout(timeout_s + 0.25):
            result = await probe_kinds()[probe.kind].act(probe.options, watch)
    except TimeoutError:
        result = watch.bad("timeout", f"not done after {timeout_s:g} s")
    return Seen(probe=probe, result=verdict(probe, result), look=watch.look)
