"""A rotation: whose turn it is, at any instant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from slo.spans import Spans
from synthetics.oncall.hours import When
from synthetics.oncall.wall import first_ms, shows


@dataclass(frozen=True, slots=True, kw_only=True)
class Layer:
    """
    People who take turns.

    Hand-overs are at times of day: a turn of a day ends when the clock on the wall shows the
    same time again, also where that is 23 or 25 hours later.

    Attributes:
        zone: Where the wall is.
        people: In the order of their turns, at least one; one who is named twice has two turns.
        starts: When the first turn begins, as the wall shows it; nobody is on call before.
        every: How long a turn is on the wall, > 0.
        when: The only times at which this layer says who; always if ``None``.
    """

    zone: ZoneInfo
    people: tuple[str, ...]
    starts: datetime
    every: timedelta
    when: When | None = None

    def turn(self, at_ms: int) -> int | None:
        """The number of the turn at *at_ms*, the first is 0; ``None`` before it."""
        number = (shows(self.zone, at_ms) - self.starts) // self.every
        # In an hour that is shown again, what happened at its times of day has happened.
        while self.begins_ms(number + 1) <= at_ms:
            number += 1
        return number if number >= 0 else None

    def begins_ms(self, turn: int) -> int:
        """When a turn begins."""
        return first_ms(self.zone, self.starts + turn * self.every)

    def on_call(self, at_ms: int) -> str | None:
        """Who it is, if this layer says who."""
        turn = self.turn(at_ms)
        if turn is None or (self.when is not None and not self.when.holds(at_ms)):
            return None
        return self.people[turn % len(self.people)]

    def turns(self, from_ms: int, to_ms: int) -> Iterator[tuple[int, int, str]]:
        """From, to and who of every turn that touches ``[from_ms, to_ms)``, cut to it."""
        turn = self.turn(from_ms) or 0
        start = max(self.begins_ms(turn), from_ms)
        while start < to_ms:
            end = self.begins_ms(turn + 1)
            if start < end:
                yield start, min(end, to_ms), self.people[turn % len(self.people)]
            start, turn = max(end, start), turn + 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Override:
    """*person* is on call in ``[from_ms, to_ms)``, whoever's turn it is."""

    person: str
    from_ms: int
    to_ms: int
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """*person* is on call in ``[from_ms, to_ms)``; nobody is if it is ``None``."""

    person: str | None
    from_ms: int
    to_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rotation:
    """
    Who is on call.

    Attributes:
        zone: In which it is shown.
        layers: A later one goes before an earlier one wherever it says who.
        overrides: Go before all layers, a later one before an earlier one.
    """

    id: str
    name: str
    zone: ZoneInfo
    layers: tuple[Layer, ...]
    overrides: tuple[Override, ...] = ()

    def on_call(self, at_ms: int) -> str | None:
        """Who is on call at *at_ms*; ``None`` if nobody is."""
        for override in reversed(self.overrides):
            if override.from_ms <= at_ms < override.to_ms:
                return override.person
        for layer in reversed(self.layers):
            person = layer.on_call(at_ms)
            if person is not None:
                return person
        return None

    def shifts(self, from_ms: int, to_ms: int) -> list[Shift]:
        """
        Who is on call throughout ``[from_ms, to_ms)``, exactly, without a gap between the shifts.

        Those in which nobody is on call are among them.
        """
        cuts = {from_ms, to_ms}
        for layer in self.layers:
            for start, end, _ in layer.turns(from_ms, to_ms):
                cuts |= {start, end}
            if layer.when is not None:
                cuts.update(edge for span in layer.when.spans(from_ms, to_ms) for edge in span)
        for override in self.overrides:
            cuts |= {override.from_ms, override.to_ms}
        edges = sorted(cut for cut in cuts if from_ms <= cut <= to_ms)
        found: list[Shift] = []
        for start, end in pairwise(edges):
            person = self.on_call(start)  # nothing changes before the end
            goes_on = bool(found) and found[-1].person == person
            began = found.pop().from_ms if goes_on else start
            found.append(Shift(person=person, from_ms=began, to_ms=end))
        return found

    def covered(self, from_ms: int, to_ms: int) -> Spans:
        """When in ``[from_ms, to_ms)`` somebody is on call."""
        found = Spans.of(
            (each.from_ms, each.to_ms)
            for each in self.overrides
            if each.from_ms < to_ms and each.to_ms > from_ms
        )
        for layer in self.layers:
            always = Spans.of([(max(from_ms, layer.begins_ms(0)), to_ms)])
            when = layer.when
            found = found.union(
                always if when is None else always.intersect(when.spans(from_ms, to_ms))
            )
        return Spans.of(found.within(from_ms, to_ms))
