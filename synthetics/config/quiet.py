"""`incidents` and `depends_on`, from what is written to values, and what makes no sense in them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from synthetics.config import written_quiet as written
from synthetics.config.dependencies import Declared, Dependencies
from synthetics.config.describe import duration_text
from synthetics.config.model import Config
from synthetics.config.model_quiet import NEVER, USUAL, DependsOn, Flapping, Incidents
from synthetics.config.reader import Reader
from synthetics.config.syntax import Path

SHORTEST_REPEAT = timedelta(minutes=1)

_WHAT = {"services": "service", "probes": "probe", "slos": "SLO"}


def incidents(
    reader: Reader, path: Path, read: written.Incidents, usual: Incidents = USUAL
) -> Incidents:
    """What *read*, which stands at *path*, means where it leaves the rest to *usual*."""
    flapping = read.flapping
    if flapping is not None and flapping.keep_open_for > flapping.within:
        reader.report(
            (*path, "flapping"),
            f"calm for {duration_text(flapping.keep_open_for)} is longer than the "
            f"{duration_text(flapping.within)} in which beginnings are counted",
            "write a `keep_open_for` that is not longer than `within`",
        )
    return Incidents(
        reopen_within=usual.reopen_within if read.reopen_within is None else read.reopen_within,
        flapping=usual.flapping
        if flapping is None
        else Flapping(
            times=flapping.times, within=flapping.within, keep_open_for=flapping.keep_open_for
        ),
        repeat_interval=usual.repeat_interval
        if read.repeat_interval is None
        else _repeats(reader, (*path, "repeat_interval"), read.repeat_interval),
        pages_per_hour=read.pages_per_hour or usual.pages_per_hour,
    )


def depends_on(read: written.DependsOn) -> DependsOn:
    """What *read* means."""
    return DependsOn(services=tuple(read.services), probes=tuple(read.probes))


def check_dependencies(reader: Reader, config: Config) -> None:
    """Note dependencies on what never alerts, on itself, and those that go in a circle."""
    graph = Dependencies(config)
    # Objectives that could not be read are missing here: what is left says little.
    whole = not any(problem.path[:1] == ("slos",) for problem in reader.problems)
    before = len(reader.problems)
    for one in graph.written():
        if (one.section, one.id) == (f"{one.target.what}s", one.target.id):
            reader.report(_path(reader, one), f"{one.target} depends on itself", "take it out")
        elif whole and not graph.slos_of(one.target):
            reader.report(
                _path(reader, one),
                f"no objective counts {one.target}, so it never alerts and nothing waits for it",
                "add an SLO for it, or take it out",
            )
    if whole and len(reader.problems) == before and (circle := graph.cycle()):
        first = _path(reader, circle[0])
        steps = [
            f"{_WHAT[one.section]} {one.id} on {one.target} "
            f"({reader.where(_path(reader, one), first)})"
            for one in circle
        ]
        reader.report(
            first,
            f"dependencies in a circle would leave nobody to tell: {', '.join(steps)}",
            "take one of them out",
        )


def _repeats(reader: Reader, path: Path, read: written.RepeatInterval) -> Mapping[str, timedelta]:
    found = {"page": read.page, "ticket": read.ticket}
    every = {severity: each for severity, each in found.items() if each is not None}
    for severity, each in every.items():
        if each < SHORTEST_REPEAT:
            reader.report(
                (*path, severity),
                f"{duration_text(each)} is too often: what is owed is looked at every minute",
                "write 1m or more",
            )
    return MappingProxyType(every) if every else NEVER


def _path(reader: Reader, one: Declared) -> Path:
    key = f"{one.target.what}s"
    at: Path = (one.section, one.id, "depends_on", key)
    written_here = reader.data[one.section][one.id]["depends_on"][key]
    return (*at, written_here.index(one.target.id))
