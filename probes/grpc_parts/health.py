"""The health service that the libraries of gRPC bring along."""

from __future__ import annotations

from probes.grpc_parts.call import Reply, Way, call
from probes.grpc_parts.wire import fields, text_field
from probes.net.trip import Trip, Trouble, Unmet

HEALTH = "grpc.health.v1.Health/Check"
LIMIT = 1 << 16
"""Most bytes of an answer, which has one number in it."""

STATES = ("UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN")


async def ask_health(trip: Trip, way: Way, service: str) -> Reply:
    """
    What the server says of *service*, or of itself if that is empty.

    Raises:
        Trouble: As `call`.
    """
    return await call(trip, way, HEALTH, question(service), limit=LIMIT)


def question(service: str) -> bytes:
    """The message that asks for *service*."""
    return text_field(1, service)


def state_in(reply: Reply) -> str:
    """
    The state that an ``OK`` brings along: a name, or a number that has none.

    Raises:
        Trouble: ``malformed``.
    """
    state = 0
    for number, value in fields(reply.message):
        if number == 1 and isinstance(value, int):
            state = value
    return STATES[state] if state < len(STATES) else str(state)


def judge_health(reply: Reply, service: str, wanted: str) -> None:
    """
    *reply* says *wanted* of *service*.

    Raises:
        Trouble: ``health``; by its status; ``malformed``.
    """
    match reply.name:
        case "OK":
            pass
        case "NOT_FOUND":
            raise Trouble("not-found", f"the server knows no service {service}: {reply.said}")
        case "UNIMPLEMENTED":
            raise Trouble("unimplemented", f"the server has no health service: {reply.said}")
        case "PERMISSION_DENIED" | "UNAUTHENTICATED":
            raise Trouble("login", reply.said)
        case "UNAVAILABLE":
            raise Trouble("unavailable", reply.said)
        case _:
            raise Trouble("call", reply.said)
    actual = state_in(reply)
    if actual != wanted:
        raise Unmet("health", wanted, actual)
