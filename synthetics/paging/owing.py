"""What one receiver is owed, given what it was told and what it should believe."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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


def plan(past: Sequence[Delivery], severity: str | None, again_ms: int | None = None) -> Plan:
    """
    What follows from everything ever owed to one receiver for one incident.

    A receiver is triggered once, and again only when it gets worse or nobody acknowledged it; a
    trigger that is not sent yet and no longer true never will be; and whoever may have been told
    of the beginning is told of the end, also where it is not certain that the first one arrived.

    Args:
        past: In the order in which they were owed.
        severity: What the receiver should believe to be going on, ``None`` for nothing.
        again_ms: When it was to be told for the last time, though it may know.
    """
    told, may_know, newest_ms = _NOT_TOLD, False, -1
    unsent: list[Delivery] = []
    answers: list[int] = []
    for delivery in past:
        if delivery.event == Event.RESOLVE:
            if delivery.state is not State.SUPERSEDED:
                told, may_know, newest_ms, unsent, answers = _NOT_TOLD, False, -1, [], []
            continue
        if delivery.event != Event.TRIGGER:
            answers += [delivery.id] if delivery.state is State.OWED else []
            continue
        may_know = may_know or delivery.unsure > 0 or delivery.state is State.DELIVERED
        if delivery.state is State.OWED:
            unsent.append(delivery)
        elif delivery.state is not State.SUPERSEDED:
            # A refusal counts as told: the same words would be refused again.
            told = max(told, RANKS[delivery.severity])
        if delivery.state is not State.SUPERSEDED:
            newest_ms = max(newest_ms, delivery.owed_ms)
    if severity is None:
        gone = (*(one.id for one in unsent), *answers)
        return Plan(Event.RESOLVE if may_know else None, gone)
    current = [
        one
        for one in unsent
        if one.severity == severity
        and (RANKS[severity] > told or (again_ms is not None and one.owed_ms >= again_ms))
    ]
    stale = tuple(one.id for one in unsent if one not in current)
    if current or (told >= RANKS[severity] and (again_ms is None or newest_ms >= again_ms)):
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
