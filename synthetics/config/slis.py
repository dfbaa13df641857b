"""What an SLO counts: its SLI, checked against the probes and the other SLOs that there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from slo.composite import Mix
from slo.slices import Age, Ratio
from slo.window import DAY_MS
from synthetics.config import written_sli as written
from synthetics.config.describe import duration_text
from synthetics.config.model import (
    Accounting,
    Availability,
    Combine,
    Composite,
    Latency,
    Probe,
    Sli,
    Slices,
    Slo,
)
from synthetics.config.one_of import exactly_one
from synthetics.config.reader import Reader
from synthetics.config.syntax import Path
from synthetics.config.words import did_you_mean
from synthetics.kinds import probe_kinds

MS = timedelta(milliseconds=1)
MINUTE_MS = 60_000
OF_SAMPLES = ("probes", "step", "accounting")
"""Keys that say which samples count, and how; a composite has none of its own."""


def is_composite(data: object) -> bool:
    """Whether the SLO *data* counts other SLOs."""
    sli = data.get("sli") if isinstance(data, dict) else None
    return isinstance(sli, dict) and "composite" in sli


def check_forms(reader: Reader, path: Path, data: dict[str, Any]) -> None:
    """The SLI of the SLO *data* says exactly one thing where it must."""
    sli, place = data.get("sli"), (*path, "sli")
    if is_composite(data):
        for key in OF_SAMPLES:
            if key in data:
                reader.report(
                    (*path, key),
                    f"a composite counts other SLOs, and `{key}` is theirs to say",
                    "delete it",
                    at="key",
                )
    elif "probes" not in data:
        reader.report(path, "`probes` is missing", "add it, such as `probes: [checkout]`")
    if not isinstance(sli, dict):
        return
    exactly_one(reader, place, sli, "latency", "slices", "composite")
    exactly_one(reader, (*place, "latency"), sli.get("latency"), "under", "at_most")
    exactly_one(reader, (*place, "composite"), sli.get("composite"), "weighted", "worst")
    slices = sli.get("slices")
    good_if = slices.get("good_if") if isinstance(slices, dict) else None
    place = (*place, "slices", "good_if")
    exactly_one(reader, place, good_if, "ratio", "latency", "age")
    if isinstance(good_if, dict):
        exactly_one(reader, (*place, "latency"), good_if.get("latency"), "under", "at_most")


def read_sli(form: str | written.SliGroup) -> Sli:
    """What is written as a value."""
    if isinstance(form, str):
        return Availability()
    if form.latency is not None:
        return _latency(form.latency)
    if form.composite is not None:
        return _composite(form.composite)
    assert form.slices is not None
    good_if = form.slices.good_if
    length_ms, gaps = form.slices.every // MS, form.slices.gaps
    if good_if.latency is not None:
        rule = Ratio(good_if.latency.percentile)
        return Slices(length_ms=length_ms, rule=rule, gaps=gaps, latency=_latency(good_if.latency))
    if good_if.age is not None:
        return Slices(length_ms=length_ms, rule=Age(good_if.age.at_most // MS), gaps=gaps)
    assert good_if.ratio is not None
    return Slices(length_ms=length_ms, rule=Ratio(good_if.ratio), gaps=gaps)


def _latency(bound: written.Bound | written.Percentile) -> Latency:
    limit = bound.under or bound.at_most or timedelta()
    return Latency(bound_us=limit // timedelta(microseconds=1), inclusive=bound.under is None)


def _composite(form: written.Composite) -> Composite:
    parts = form.weighted or dict.fromkeys(form.worst, 1)
    mix = Mix(
        weights=tuple(parts.values()),
        worst=not form.weighted,
        needs_all=form.unknown == "unknown",
    )
    return Composite(parts=tuple(parts), mix=mix)


def latency_within(reader: Reader, path: Path, watched: Sequence[Probe]) -> Latency:
    """The SLI of `sli: latency`: a good sample took no longer than `within` of its probe."""
    limits = {probe.within: probe.id for probe in watched}
    limit = next(iter(limits))
    if None in limits:
        reader.report(
            (*path, "sli"),
            f"the probe `{limits[None]}` has no `within`, so any good sample of it is fast",
            "write `within` there, or `{latency: {under: 500ms}}` here",
        )
    elif len(limits) > 1:
        said = ", ".join(f"{each} {duration_text(took)}" for took, each in limits.items() if took)
        reader.report(
            (*path, "sli"),
            f"these probes have several limits, and an SLO has one: {said}",
            "give them the same `within`, or write `{latency: {under: 500ms}}` here",
        )
    return Latency(bound_us=(limit or timedelta()) // timedelta(microseconds=1), inclusive=True)


def check_hours(reader: Reader, path: Path, watched: Sequence[Probe]) -> None:
    """The probes of an SLO are asked at the same times: what does not count is said of the SLO."""
    for probe in watched[1:]:
        if probe.only != watched[0].only:
            reader.report(
                (*path, "probes"),
                f"`{probe.id}` is not asked at the times at which `{watched[0].id}` is",
                "give them the same `only`, or make two SLOs of it and one `composite` of these",
            )
            return


def intervals_ms(
    sli: Sli, accounting: Accounting, watched: Sequence[Probe], slos: Mapping[str, Slo]
) -> tuple[int, ...]:
    """
    How far apart the events of each series are that is counted.

    Args:
        sli: What is counted.
        accounting: How.
        watched: The probes of the SLO, or for a composite all probes that there are.
        slos: Those that a composite can be made of.
    """
    if isinstance(sli, Slices):
        return (sli.length_ms,)
    if isinstance(sli, Composite):
        parts = (slos[name] for name in sli.parts)
        return tuple(
            each
            for part in parts
            for each in intervals_ms(
                part.sli,
                part.accounting,
                watched
                if isinstance(part.sli, Composite)
                else [probe for probe in watched if probe.id in part.probes],
                slos,
            )
        )
    each = tuple(probe.every // MS for probe in watched)
    return (max(each),) if accounting.combine is Combine.ALL else each


def check_slices(
    reader: Reader, path: Path, sli: Sli, accounting: Accounting, watched: Sequence[Probe]
) -> None:
    """Slices lie on whole minutes, the same ones every day, and can hold what is counted."""
    if not isinstance(sli, Slices):
        return
    place, length_ms = (*path, "sli", "slices", "every"), sli.length_ms
    said = duration_text(length_ms * MS)
    if length_ms % MINUTE_MS or DAY_MS % length_ms:
        reader.report(
            place,
            f"slices of {said} do not begin on the same whole minutes every day",
            "write a part of a day in whole minutes, such as 5m, 15m, 1h or 1d",
        )
        return
    every = min(probe.every for probe in watched)
    if length_ms * MS < every and isinstance(sli.rule, Ratio):
        reader.report(
            place,
            f"slices of {said} are shorter than the interval of {duration_text(every)}, so most "
            "hold no sample",
            f"write {duration_text(every)} or more",
        )
    elif accounting.in_rounds and length_ms * MS % every:
        reader.report(
            place,
            f"rounds of {duration_text(every)} do not fit into slices of {said}",
            f"write a multiple of {duration_text(every)}, or count samples",
        )


def check_step(reader: Reader, path: Path, step: str, watched: Sequence[Probe]) -> None:
    """Every probe of an SLO over one step has it."""
    for probe in watched if step else ():
        if probe.options is None:
            continue  # only what stored results are counted by was read
        of_kind = getattr(probe_kinds()[probe.kind].module, "steps", None)
        if of_kind is None:
            what = f"the probe `{probe.id}` is no journey, so it has no step `{step}`"
            reader.report((*path, "step"), what, "delete it, or name probes that are journeys")
        elif step not in (names := of_kind(probe.options)):
            what = f"the probe `{probe.id}` has no step `{step}`"
            reader.report((*path, "step"), what, did_you_mean(step, names))


def check_circle(
    reader: Reader, path: Path, sli: Composite, waiting: Mapping[str, Composite]
) -> None:
    """Note it if the composite at *path* is made of itself; *waiting* are those like it."""
    circle = _circle(str(path[-1]), sli, waiting)
    if circle:
        reader.report(
            (*path, "sli", "composite"),
            f"this SLO is made of itself: {' → '.join(circle)}",
            "leave one of them out",
            at="key",
        )


def _circle(name: str, sli: Composite, waiting: Mapping[str, Composite]) -> list[str]:
    """The way from *name* through its parts back to it; empty if there is none."""
    ways = [[name, part] for part in sli.parts]
    seen: set[str] = set()
    while ways:
        way = ways.pop()
        if way[-1] == name:
            return way
        below = waiting.get(way[-1])
        if way[-1] not in seen and below is not None:
            seen.add(way[-1])
            ways += [[*way, part] for part in below.parts]
    return []
