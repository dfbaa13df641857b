"""Probes that are made of others: what is written of them, checked against these."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from synthetics.config.model import Probe
from synthetics.config.reader import Reader
from synthetics.config.syntax import Path
from synthetics.config.words import did_you_mean

COMPOSITE = "composite"
OF_ASKING = ("every", "timeout", "confirm", "guard", "only", "source_address")
"""Keys of a probe that say how it is asked, and when: a composite goes by its members."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """A composite whose members may not all have been read: its *probe* without what they say."""

    path: Path
    probe: Probe
    data: Mapping[str, Any]

    @property
    def members(self) -> tuple[str, ...]:
        """Whom it is made of."""
        members: tuple[str, ...] = self.probe.options.members
        return members


def read_composites(
    reader: Reader, waiting: Sequence[Waiting], probes: dict[str, Probe]
) -> dict[str, Probe]:
    """*probes* and the composites that could be read, in the order of the file."""
    for one in waiting:
        _check_not_asked(reader, one)
    written = reader.data.get("probes")
    names = list(written) if isinstance(written, dict) else []
    left = {one.probe.id: one for one in waiting if _all_known(reader, one, names)}
    while left:
        ready = [name for name, one in left.items() if not left.keys() & set(one.members)]
        if not ready:
            break
        for name in ready:
            one = left.pop(name)
            members = [probes[each] for each in one.members if each in probes]
            if len(members) == len(one.members) and _alike(reader, one, members):
                probes[name] = made_of(one.probe, members)
    for one in left.values():
        circle = _circle(one.probe.id, left)
        if circle:
            reader.report(
                (*one.path, COMPOSITE),
                f"this probe is made of itself: {' → '.join(circle)}",
                "leave one of them out",
                at="key",
            )
    return {name: probes[name] for name in names if name in probes}


def made_of(probe: Probe, members: Sequence[Probe]) -> Probe:
    """The composite *probe* of *members*: asked when they are, and as often as the slowest."""
    return replace(
        probe,
        every=max(member.every for member in members),
        timeout=max(member.timeout for member in members),
        confirm=None,
        only=members[0].only,
        members=tuple(member.id for member in members),
    )


def _check_not_asked(reader: Reader, one: Waiting) -> None:
    for key in OF_ASKING:
        if key in one.data:
            reader.report(
                (*one.path, key),
                f"a composite is not asked: `{key}` is that of its members",
                "delete it, or write it there",
                at="key",
            )


def _all_known(reader: Reader, one: Waiting, names: Sequence[str]) -> bool:
    """Whether all its members are there; noted if not."""
    key = next(iter(key for key in ("any", "all", "of") if key in one.data[COMPOSITE]))
    unknown = [place for place, name in enumerate(one.members) if name not in names]
    for place in unknown:
        name = one.members[place]
        reader.report(
            (*one.path, COMPOSITE, key, place),
            f"there is no probe `{name}`",
            did_you_mean(name, names, none="add it below `probes`"),
        )
    return not unknown


def _alike(reader: Reader, one: Waiting, members: Sequence[Probe]) -> bool:
    """Whether all *members* can have rounds in common; noted if not."""
    first = members[0]
    for member in members:
        mend = "leave it out"
        if member.listens:
            mend += "; `sli: {composite: …}` counts objectives together"
            what = f"`{member.id}` is a heartbeat: it reports when it likes, and has no rounds"
        elif member.guard:
            what = f"`{member.id}` is a guard: it says something of us"
        elif member.only != first.only:
            what = f"`{member.id}` is not asked at the hours at which `{first.id}` is"
            mend = "leave it out, or give them the same `only`"
        else:
            continue
        reader.report((*one.path, COMPOSITE), what, mend, at="key")
        return False
    return True


def _circle(name: str, left: Mapping[str, Waiting]) -> list[str]:
    """The way from *name* through members back to it; empty if there is none."""
    ways = [[name, member] for member in left[name].members]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == name:
            return way
        if way[-1] not in seen and way[-1] in left:
            seen.add(way[-1])
            ways += [[*way, member] for member in left[way[-1]].members]
    return []
