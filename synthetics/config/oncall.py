"""The sections `people`, `hours`, `rotations`, `escalations` and `routes`."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any

from synthetics.clock import millis
from synthetics.config import written_oncall as written
from synthetics.config.describe import duration_text
from synthetics.config.model import EMPTY, Route, Severity
from synthetics.config.model_oncall import Escalation, Person, Step
from synthetics.config.probes import checker
from synthetics.config.reader import Reader
from synthetics.config.syntax import Path
from synthetics.config.times import days
from synthetics.oncall.hours import Hours, Piece, When
from synthetics.oncall.rotation import Layer, Override, Rotation

SHORTEST_TURN = timedelta(minutes=30)
TARGETS = ("receivers", "people", "rotations")
"""Sections whose identifiers a route can name, so that none may name two things."""


def read_people(reader: Reader) -> dict[str, Person]:
    """The people that could be read; nobody has the name of a receiver or rotation."""
    found: dict[str, Person] = {}
    for name, data in reader.items("people"):
        read = reader.check(checker(written.Person), data, ("people", name))
        if read is not None:
            found[name] = Person(id=name, name=read.name or name, receivers=tuple(read.receivers))
    _check_apart(reader)
    return found


def read_hours(reader: Reader) -> dict[str, Hours]:
    """The hours that could be read."""
    found: dict[str, Hours] = {}
    for name, data in reader.items("hours"):
        read = reader.check(checker(written.Hours), data, ("hours", name))
        if read is None:
            continue
        weekly: dict[int, tuple[Piece, ...]] = {}
        for text, times in read.weekly.items():
            for day in days(text):
                weekly[day] = weekly.get(day, ()) + tuple(times)
        found[name] = Hours(zone=read.timezone, weekly=weekly, holidays=frozenset(read.holidays))
    return found


def read_rotations(reader: Reader, hours: Mapping[str, Hours]) -> dict[str, Rotation]:
    """The rotations that could be read."""
    found: dict[str, Rotation] = {}
    for name, data in reader.items("rotations"):
        path: Path = ("rotations", name)
        read = reader.check(checker(written.Rotation), data, path)
        if read is not None:
            found[name] = Rotation(
                id=name,
                name=read.name or name,
                zone=read.timezone,
                layers=tuple(
                    _layer(reader, (*path, "layers", i), layer, read, hours)
                    for i, layer in enumerate(read.layers)
                ),
                overrides=tuple(
                    _override(reader, (*path, "overrides", i), override, data)
                    for i, override in enumerate(read.overrides)
                ),
            )
    return found


def read_escalations(reader: Reader) -> dict[str, Escalation]:
    """The escalations that could be read."""
    found: dict[str, Escalation] = {}
    for name, data in reader.items("escalations"):
        path: Path = ("escalations", name)
        read = reader.check(checker(written.Escalation), data, path)
        if read is None:
            continue
        before = timedelta()
        for i, step in enumerate(read.steps):
            if step.after <= before:
                place = (*path, "steps", i, "after")
                earlier = f"the step before, after {duration_text(before)}" if i else "the route"
                reader.report(
                    place,
                    f"{duration_text(step.after)} is not later than {earlier}: both count from "
                    "when the page was told first",
                    f"write more than {duration_text(before)}",
                )
            before = step.after
        found[name] = Escalation(
            id=name,
            steps=tuple(Step(after=step.after, to=tuple(step.to)) for step in read.steps),
            again=read.repeat.after if read.repeat else timedelta(),
            times=read.repeat.times if read.repeat else 0,
        )
    return found


def read_routes(
    reader: Reader, hours: Mapping[str, Hours], escalations: Mapping[str, Escalation]
) -> tuple[Route, ...]:
    """The routes that could be read."""
    found: list[Route] = []
    for i, data in enumerate(reader.entries("routes")):
        path: Path = ("routes", i)
        read: written.Route | None = reader.check(checker(written.Route), data, path)
        if read is None:
            continue
        said = read.during or read.outside
        found.append(
            Route(
                severity=Severity(read.severity),
                to=tuple(dict.fromkeys(read.to)),
                services=tuple(read.services),
                owners=tuple(read.owners),
                labels=MappingProxyType(read.labels) if read.labels else EMPTY,
                slos=tuple(read.slos),
                tiers=tuple(read.tiers),
                when=_when(reader, path, read, hours),
                when_said=f"{'during' if read.during else 'outside'} {said}" if said else "",
                escalation=escalations.get(read.escalation) if read.escalation else None,
                default=read.default,
                goes_on=read.goes_on,
            )
        )
    return tuple(found)


def _check_apart(reader: Reader) -> None:
    """What a route can name has one meaning."""
    first: dict[str, str] = {}
    for section in TARGETS:
        items = reader.data.get(section)
        for name in items if isinstance(items, dict) else ():
            if name in first:
                where = reader.where((first[name], name), (section, name))
                reader.report(
                    (section, name),
                    f"`{name}` stands below `{first[name]}` too ({where}), and a route could "
                    "mean either",
                    "rename one",
                    at="key",
                )
            first.setdefault(name, section)


def _layer(
    reader: Reader,
    path: Path,
    read: written.Layer,
    rotation: written.Rotation,
    hours: Mapping[str, Hours],
) -> Layer:
    if read.every < SHORTEST_TURN:
        reader.report(
            (*path, "every"),
            f"turns of {duration_text(read.every)} are shorter than half an hour",
            "write 30m or more; 1d and 1w are usual",
        )
    return Layer(
        zone=read.timezone or rotation.timezone,
        people=tuple(read.people),
        starts=read.starts,
        every=max(read.every, SHORTEST_TURN),
        when=_when(reader, path, read, hours),
    )


def _override(
    reader: Reader, path: Path, read: written.Override, rotation: Mapping[str, Any]
) -> Override:
    if read.end <= read.start:
        data = rotation["overrides"][path[-1]]
        reader.report(
            (*path, "to"),
            f"{data['to']} is not after `from: {data['from']}`",
            "exchange the two, or write a later end",
        )
    return Override(
        person=read.person,
        from_ms=millis(read.start),
        to_ms=millis(read.end),
        reason=read.reason,
    )


def _when(
    reader: Reader,
    path: Path,
    read: written.Layer | written.Route,
    hours: Mapping[str, Hours],
) -> When | None:
    """The limit of a layer or route; ``None`` also if the hours could not be read."""
    if read.during and read.outside:
        reader.report(
            (*path, "outside"),
            "`outside` stands beside `during`, and only one of them can hold",
            "delete one of the two",
            at="key",
        )
    known = hours.get(read.during or read.outside or "")
    return None if known is None else When(hours=known, outside=not read.during)
