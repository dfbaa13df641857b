"""Where the last process stopped listening to jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from probes.heartbeat_parts.facts import Ping, State, Word
from probes.heartbeat_parts.follower import Follower
from synthetics.config.model import Probe
from synthetics.heartbeats.ear import Span
from synthetics.kinds import probe_kinds
from synthetics.store import Reader, pings
from synthetics.store.pings import Saved, StoredPing

SHOWN_OF_BODY = 2048
"""Characters of what came with a ping that go into the evidence of a failure."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remembered:
    """
    What the database knows of jobs.

    Attributes:
        states: What was known of each.
        pings: Those of each that are kept, in the order in which they came.
        listened: When we listened, in order.
    """

    states: Mapping[str, Saved]
    pings: Mapping[str, Sequence[StoredPing]]
    listened: Sequence[Span]

    @classmethod
    def read(cls, reader: Reader) -> Remembered:
        """All of it, at one moment."""
        return reader.read(
            lambda db: cls(
                states=pings.saved(db), pings=pings.by_probe(db), listened=pings.listened(db)
            )
        )


def as_ping(one: StoredPing) -> Ping:
    """What *one* said, for whoever follows the job."""
    return Ping(
        at_ms=one.at_ms,
        word=Word(one.word),
        rid=one.rid,
        exit_code=one.exit_code,
        body=one.body[:SHOWN_OF_BODY],
    )


def known_of(probe: Probe, remembered: Remembered) -> State | None:
    """
    What is known of the job of *probe*: what was kept of it, and the pings since.

    Returns:
        ``None`` where nobody has listened yet.
    """
    saved = remembered.states.get(probe.id)
    if saved is None:
        return None
    follower: Follower = probe_kinds()[probe.kind].act(
        probe.options, state=State.loads(saved.state), since_ms=0
    )
    for one in remembered.pings.get(probe.id, ()):
        if one.id > saved.ping_id:
            follower.hear(as_ping(one))
    return follower.state
