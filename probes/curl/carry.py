"""Carries out one order for a kind that keeps its own `Trip`."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from probes.curl.engine import EngineStopped, engine_of
from probes.curl.order import Answer, Order
from probes.curl.reasons import verdict
from probes.look_at import note_connection
from probes.net.trip import Trip, Trouble
from probes.result import Outcome


async def carry(order: Order, trip: Trip, doing: str) -> Answer:
    """
    The whole answer to *order*, over a connection of its own; its phases are counted.

    Args:
        order: What is asked.
        trip: Whose time, phases and address these are.
        doing: What a timeout says that was under way.

    Raises:
        Trouble: As `verdict` calls what went wrong; void ``stopped``.
    """
    watch = trip.watch
    trip.doing = doing
    if watch.look is not None:
        order = replace(order, shows_tls=True)
    engine = await engine_of(watch)
    with engine.line(keep=False) as line:
        try:
            answer = await line.ask(
                order,
                [],
                timeout_ms=max(1, round(watch.remaining_s() * 1000)),
                permits=watch.permits,
                source=watch.source,
            )
        except EngineStopped:
            said = "the prober was stopped"
            raise Trouble("stopped", said, outcome=Outcome.VOID) from None
    trip.address = answer.address
    trip.took(answer.phases)
    if watch.look is not None:
        host = urlsplit(order.url).hostname or ""
        await note_connection(watch.look, host, answer, timeout_s=watch.timeout_s)
    if answer.failure:
        outcome, reason, detail = verdict(answer, timeout_s=watch.timeout_s, proxy=False)
        raise Trouble(reason, detail, outcome=outcome)
    return answer
