"""How far a group of consumers is behind."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence

from probes.judge_json import judge_values
from probes.kafka_parts.cluster import Cluster, advertised
from probes.kafka_parts.errors import refusal
from probes.kafka_parts.expect import GroupExpectation
from probes.kafka_parts.names import is_topic
from probes.kafka_parts.wire import FIND_COORDINATOR, LIST_OFFSETS, OFFSET_FETCH, Line, items, text
from probes.net.conversation import Conversation
from probes.net.target import Target
from probes.net.trip import Trouble, Unmet

_LATEST = -1
_ALL_TOPICS = struct.pack(">i", -1)

Places = Mapping[tuple[str, int], int]
"""Offsets by topic and partition."""


async def judge_lag(
    name: str, wanted: GroupExpectation, cluster: Cluster, line: Line, talk: Conversation
) -> None:
    """
    Hold the group *name* against what is *wanted* of it.

    Raises:
        Trouble: ``no-group``, ``no-leader``, ``not-permitted``, ``refused``; `Unmet`: ``lag``.
    """
    group = _Group(name, cluster, talk)
    confirmed = await group.confirmed(line, wanted.topics)
    if not confirmed:
        raise Trouble("no-group", f"group {name} has confirmed nothing")
    ends = await group.ends(line, confirmed)
    lag = sum(max(0, end - confirmed[place]) for place, end in ends.items())
    talk.transcript.heard(f"{name}: {len(ends)} partitions, {lag} records behind\n")
    if unmet := judge_values(f"the lag of {name}", wanted.lag, [lag], {}):
        raise Unmet("lag", *unmet)


class _Group:
    def __init__(self, name: str, cluster: Cluster, talk: Conversation) -> None:
        self._name = name
        self._cluster = cluster
        self._talk = talk

    async def confirmed(self, line: Line, topics: Sequence[str]) -> Places:
        """What the group has read, of *topics* if any are given, as its coordinator keeps it."""
        trip, said = self._talk.trip, self._talk.transcript.said
        places = _ALL_TOPICS
        if topics:
            view = await self._cluster.view(line, topics)
            numbers = {topic: sorted(view.topic(topic).partitions) for topic in topics}
            places = _places(numbers, ">i")
        said(f"FindCoordinator of {self._name}")
        with trip.phase("transfer", f"asking {line.name} who coordinates {self._name}"):
            answer = await line.ask(FIND_COORDINATOR, text(self._name))
        if code := answer.number(2):
            raise refusal(code, f"the coordinator of group {self._name}")
        answer.number(4)
        keeper = await self._cluster.at(advertised(answer))
        said(f"OffsetFetch of {self._name}")
        with trip.phase("transfer", f"asking {keeper.name} what {self._name} has read"):
            answer = await keeper.ask(OFFSET_FETCH, text(self._name) + places)
        found = {}
        for _ in answer.items(6):
            topic = answer.text()
            if not is_topic(topic):
                raise Trouble("malformed", f"{keeper.name} knows a topic `{topic}`")
            for _ in answer.items(16):
                partition, offset = answer.number(4), answer.number(8)
                answer.text()
                if code := answer.number(2):
                    raise refusal(code, f"{topic}, partition {partition}, of group {self._name}")
                if offset >= 0:
                    found[topic, partition] = offset
        if code := answer.number(2):
            raise refusal(code, f"the offsets of group {self._name}")
        return found

    async def ends(self, line: Line, confirmed: Places) -> Places:
        """Where each of the partitions ends, as its leader knows."""
        view = await self._cluster.view(line, {topic for topic, _ in confirmed})
        by_leader: dict[Target, dict[str, list[int]]] = {}
        for topic, partition in confirmed:
            leader = view.leader(topic, partition)
            by_leader.setdefault(leader, {}).setdefault(topic, []).append(partition)
        found: dict[tuple[str, int], int] = {}
        for leader, topics in by_leader.items():
            keeper = await self._cluster.at(leader)
            self._talk.transcript.said(f"ListOffsets of {', '.join(topics)} to {leader}")
            with self._talk.trip.phase("transfer", f"asking {keeper.name} for the ends of topics"):
                found |= await _ends(keeper, topics)
        return {place: end for place, end in found.items() if place in confirmed}


async def _ends(line: Line, topics: Mapping[str, list[int]]) -> Places:
    asked = struct.pack(">i", -1) + _places(topics, ">iq", _LATEST)
    answer = await line.ask(LIST_OFFSETS, asked)
    found = {}
    for _ in answer.items(6):
        topic = answer.text()
        for _ in answer.items(22):
            partition, code = answer.number(4), answer.number(2)
            if code:
                raise refusal(code, f"the end of {topic}, partition {partition}")
            answer.take(8)
            found[topic, partition] = answer.number(8)
    return found


def _places(topics: Mapping[str, Sequence[int]], shape: str, *more: int) -> bytes:
    """Partitions by topic, each by its number and *more*."""
    return items(
        *(
            text(topic) + items(*(struct.pack(shape, number, *more) for number in numbers))
            for topic, numbers in topics.items()
        )
    )
