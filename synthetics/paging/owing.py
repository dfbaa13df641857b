"""What one receiver is owed, given what it was told and what it should believe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from synthetics.receivers.base import Event
from synthetics.store.deliveries import Delivery, State

RANKS = {"page": 3, "ticket": 2, "log": 1}
"""Severities that can be compared; higher is worse."""

_NOT_TOLD = 0


@dataclass(frozen=True, slots=True)
class Plan:
    """
    Attributes:
        owe: What to owe next; ``None`` if the receiver knows, or will learn, all it should.
        supersede: Deliveries that must not be sent any more.
    """

    owe: Event | None = None
    supersede: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """
    What one receiver was told of one incident, as far as it still matters.

    Attributes:
        told: Rank of the worst it was told since the last end; 0 for nothing.
        severity: The same as a severity; empty for nothing.
        may_know: Whether it may have heard of the beginning.
        unsent: Triggers and updates that are owed still.
        answers: Acknowledgements that are.
        trigger: The newest trigger of which it is told, or will be ...
        last: ... or update, whichever is newer.
        began_ms: When the present beginning was owed; ``None`` if there is none.
        beginnings: When each beginning was owed, this one included.
        spoke_ms: When anything was owed last that was not taken back; ``None`` for never.
    """

    told: int = _NOT_TOLD
    severity: str = ""
    may_know: bool = False
    unsent: tuple[Delivery, ...] = ()
    answers: tuple[int, ...] = ()
    trigger: Delivery | None = None
    last: Delivery | None = None
    began_ms: int | None = None
    beginnings: tuple[int, ...] = ()
    spoke_ms: int | None = None

    @classmethod
    def of(cls, past: Sequence[Delivery]) -> Self:
        """What *past*, in the order in which it was owed, comes to."""
        story = cls()
        for delivery in past:
            story = story._then(delivery)
        return story

    def _then(self, delivery: Delivery) -> Self:
        """This, and *delivery* after it."""
        taken_back = delivery.state is State.SUPERSEDED
        if delivery.event == Event.RESOLVE:
            if taken_back:
                return self
            return type(self)(beginnings=self.beginnings, spoke_ms=delivery.owed_ms)
        owed = delivery.state is State.OWED
        if delivery.event not in (Event.TRIGGER, Event.UPDATE):
            return replace(self, answers=(*self.answers, delivery.id)) if owed else self
        heard = delivery.unsure > 0 or delivery.state is State.DELIVERED
        after = replace(self, may_know=self.may_know or heard)
        if taken_back:
            return after
        after = replace(after, last=delivery, spoke_ms=delivery.owed_ms)
        if owed:
            after = replace(after, unsent=(*self.unsent, delivery))
        if delivery.event == Event.UPDATE:
            return after
        if self.began_ms is None:
            began_ms = delivery.owed_ms
            after = replace(after, began_ms=began_ms, beginnings=(*self.beginnings, began_ms))
        if not owed and RANKS[delivery.severity] > self.told:
            # A refusal counts as told: the same words would be refused again.
            told, severity = RANKS[delivery.severity], delivery.severity
            after = replace(after, told=told, severity=severity)
        return replace(after, trigger=delivery)


def plan(story: Story, goes_on: str | None, tell: str | None, again_ms: int | None = None) -> Plan:
    """
    What follows from everything ever owed to one receiver for one incident.

    A receiver is triggered once, and again only when it gets worse or is to be told again; a
    trigger that is not sent yet and no longer to be told never will be; and whoever may have been
    told of the beginning is told of the end, also where it is not certain that the first one
    arrived.

    Args:
        story: What it was told.
        goes_on: The worst that the receiver should believe to be going on, ``None`` for nothing.
        tell: The worst of it that nothing keeps from being told.
        again_ms: When it was to be told for the last time, though it may know.
    """
    unsent = tuple(one.id for one in story.unsent)
    if goes_on is None:
        return Plan(Event.RESOLVE if story.may_know else None, (*unsent, *story.answers))
    if tell is None:
        return Plan(None, unsent)
    newest_ms = story.trigger.owed_ms if story.trigger else -1
    worse = RANKS[tell] > story.told
    current = [
        one
        for one in story.unsent
        if one.severity == tell
        and (
            one.event == Event.UPDATE or worse or (again_ms is not None and one.owed_ms >= again_ms)
        )
    ]
    stale = tuple(one.id for one in story.unsent if one not in current)
    begun = any(one.event == Event.TRIGGER for one in current)
    if begun or (not worse and (again_ms is None or newest_ms >= again_ms)):
        return Plan(None, stale)
    return Plan(Event.TRIGGER, stale)


def knows(past: Sequence[Delivery]) -> bool:
    """Whether a receiver was told of what goes on, or will be, and not that it is over."""
    for delivery in reversed(past):
        if delivery.state is not State.SUPERSEDED or delivery.unsure:
            if delivery.event == Event.RESOLVE:
                return False
            if delivery.event == Event.TRIGGER:
                return True
    return False
