"""
Composites: samples made of those of other probes, round by round.

Round *k* of an interval is ``[k × interval, (k + 1) × interval)``.  The interval is that of the
slowest member, which is due once in it; of those that are due more often the last time counts.
The composite's sample, at the beginning of that round, is made of the members' samples, as they
were stored: once all of them are there, or once those that are there make it bad whatever the
others say, or once no more can be expected.  A member's sample that comes later, or again, makes
the sample anew, which replaces the one before (R3).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from probes.result import Outcome, Result
from synthetics.clock import Clock
from synthetics.config.model import Config, Probe
from synthetics.sample import Sample
from synthetics.schedule.phase import grace_ms, interval_of_ms
from synthetics.schedule.runner import longest_s
from synthetics.schedule.verdict import verdict

KEPT_ROUNDS = 3
"""Rounds that samples which come late can still change."""

LOOK_S = 0.5
"""Seconds between two looks for rounds that wait no longer."""


@dataclass(slots=True)
class _Round:
    """One round of one composite: its members' samples, and what was made of them."""

    until_ms: int
    samples: dict[str, Sample] = field(default_factory=dict)
    made: Sample | None = None
    closed: bool = False


class Composites:
    """
    Makes the samples of composites.

    Args:
        clock: Read for when a round waits no longer.
        kinds: By name.
        sink: Stores what was made, and counts it.
        config: The probes, and the location whose samples they are made of.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        kinds: Mapping[str, Any],
        sink: Callable[[Sequence[Sample]], Awaitable[None]],
        config: Config,
    ) -> None:
        self._clock = clock
        self._kinds = kinds
        self._sink = sink
        self._rounds: dict[str, dict[int, _Round]] = {}
        self.use(config)

    def use(self, config: Config) -> None:
        """Go by *config*; composites that are made as before keep their open rounds."""
        before = getattr(self, "_composites", {})
        self._config = config
        self._composites = {name: one for name, one in config.probes.items() if one.members}
        self._of: dict[str, list[Probe]] = {}
        for one in self._composites.values():
            for member in one.members:
                self._of.setdefault(member, []).append(one)
        same = {name for name, one in self._composites.items() if before.get(name) == one}
        self._rounds = {name: rounds for name, rounds in self._rounds.items() if name in same}

    async def see(self, samples: Sequence[Sample]) -> None:
        """Take *samples*, which were stored, and make what they complete."""
        touched: dict[tuple[str, int], None] = {}
        for sample in samples:
            if sample.location != self._config.location:
                continue
            for composite in self._of.get(sample.probe, ()):
                slot = self._put(composite, sample)
                if slot is not None:
                    touched[composite.id, slot] = None
        each = (self._make(self._composites[name], slot) for name, slot in touched)
        made = [sample for sample in each if sample is not None]
        if made:
            await self._sink(made)

    def remember(self, samples: Sequence[Sample]) -> None:
        """Take *samples* from before the start; rounds that wait for more go on."""
        for sample in samples:
            for composite in self._of.get(sample.probe, ()):
                if sample.location == self._config.location:
                    self._put(composite, sample)

    async def work(self) -> None:
        """Make what waits no longer, for ever."""
        while True:
            await asyncio.sleep(LOOK_S)
            await self.look()

    async def look(self) -> None:
        """Make what waits no longer, and forget rounds that nothing can change any more."""
        now_ms = self._clock.now_ms()
        made: list[Sample] = []
        for name, rounds in list(self._rounds.items()):
            composite = self._composites[name]
            for slot, each in list(rounds.items()):
                if not each.closed and now_ms >= each.until_ms:
                    each.closed = True
                    sample = self._make(composite, slot)
                    if sample is not None:
                        made.append(sample)
                if now_ms >= each.until_ms + KEPT_ROUNDS * interval_of_ms(composite):
                    del rounds[slot]
        if made:
            await self._sink(made)

    def _put(self, composite: Probe, sample: Sample) -> int | None:
        """
        Put *sample* into its round of *composite*.

        Returns:
            Which round; ``None`` if it is too late, or not the last of its probe in the round.
        """
        interval_ms = interval_of_ms(composite)
        slot = sample.scheduled_ms // interval_ms
        own_ms = interval_of_ms(self._config.probes[sample.probe])
        if sample.scheduled_ms + own_ms < (slot + 1) * interval_ms:
            return None
        rounds = self._rounds.setdefault(composite.id, {})
        if slot not in rounds:
            until_ms = (slot + 1) * interval_ms + self._late_ms(composite)
            if self._clock.now_ms() >= until_ms + KEPT_ROUNDS * interval_ms:
                return None
            rounds[slot] = _Round(until_ms)
        rounds[slot].samples[sample.probe] = sample
        return slot

    def _make(self, composite: Probe, slot: int) -> Sample | None:
        """The sample of a round, if it is time for it and it is another than before."""
        each = self._rounds[composite.id][slot]
        combine = self._kinds[composite.kind].act
        result = combine(composite.options, {n: s.result for n, s in each.samples.items()})
        whole = len(each.samples) == len(composite.members)
        certain = whole or each.closed or result.outcome is Outcome.BAD
        if not certain:
            return None
        result = verdict(composite, result)
        sample = Sample(
            probe=composite.id,
            location=self._config.location,
            scheduled_ms=slot * interval_of_ms(composite),
            result=result,
            confirmed=self._confirmed(composite, each, result),
            attempts=max(member.attempts for member in each.samples.values()),
        )
        if sample == each.made:
            return None
        each.made = sample
        return sample

    def _confirmed(self, composite: Probe, each: _Round, first: Result) -> Outcome:
        """What the members came to after all attempts, taken together as the first ones were."""
        if first.outcome is not Outcome.BAD or composite.invert:
            return first.outcome
        taken_together = self._kinds[composite.kind].module.taken_together
        outcome: Outcome = taken_together(
            composite.options, (sample.confirmed for sample in each.samples.values())
        )
        return outcome

    def _late_ms(self, composite: Probe) -> int:
        """How long after the end of its round a sample of a member can come."""
        late_ms = 0
        for name in composite.members:
            member = self._config.probes[name]
            if member.members:
                # Its round, which begins in this one, may end after it.
                over_ms = interval_of_ms(member)
                over_ms = over_ms if interval_of_ms(composite) % over_ms else 0
                late_ms = max(late_ms, over_ms + self._late_ms(member))
            else:
                late_ms = max(late_ms, round(longest_s(member) * 1000))
        return late_ms + grace_ms(interval_of_ms(composite))
