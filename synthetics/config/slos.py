"""The section `slos`, and the alert policies that it resolves to numbers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from types import MappingProxyType
from typing import Any, get_args

from slo.policy import NoData, Reset
from slo.window import PARTS_OF_YEARS, Calendar, Rolling, Unit, Window
from synthetics.config import written_slo as written
from synthetics.config.budgets import (
    NOTHING_OWN,
    Promise,
    budget_watch,
)
from synthetics.config.describe import duration_text
from synthetics.config.model import (
    Accounting,
    Combine,
    Composite,
    Config,
    Probe,
    Retries,
    Sli,
    Slo,
)
from synthetics.config.probes import checker
from synthetics.config.quiet import depends_on
from synthetics.config.reader import Reader
from synthetics.config.slis import (
    check_circle,
    check_forms,
    check_hours,
    check_slices,
    check_step,
    intervals_ms,
    latency_within,
    read_sli,
)
from synthetics.config.syntax import Path
from synthetics.config.tiers import Target, check_tiers, read_tiers

MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Top:
    """What holds for SLOs that do not say otherwise."""

    accounting: written.Accounting
    alerting: written.Alerting


def read_slos(reader: Reader, probes: Mapping[str, Probe], top: Top) -> dict[str, Slo]:
    """The SLOs that could be read; those of probes that could not are only checked."""
    found: dict[str, Slo] = {}
    composites: dict[str, tuple[written.Slo, Composite]] = {}
    for name, data in reader.items("slos"):
        path: Path = ("slos", name)
        before = len(reader.problems)
        read: written.Slo | None = reader.check(checker(written.Slo), data, path)
        if isinstance(data, dict):
            check_forms(reader, path, data)
            _check_forms(reader, path, data)
        if read is None or len(reader.problems) > before:
            continue
        sli = read_sli(read.sli)
        if isinstance(sli, Composite):
            composites[name] = read, sli
            continue
        watched = _watched(reader, path, read.probes or [], probes)
        if watched and read.sli == "latency":
            sli = latency_within(reader, path, watched)
        if watched:
            found[name] = _slo(reader, path, read, sli, watched, top=top, slos=found)
    waiting = {name: sli for name, (_, sli) in composites.items()}
    while composites:
        ready = [name for name in composites if all(p in found for p in waiting[name].parts)]
        for name in ready:
            read, sli = composites.pop(name)
            names = dict.fromkeys(probe for part in sli.parts for probe in found[part].probes)
            watched = [probes[probe] for probe in names]
            found[name] = _slo(reader, ("slos", name), read, sli, watched, top=top, slos=found)
        if not ready:
            break
    for name in composites:
        check_circle(reader, ("slos", name), waiting[name], waiting)
    return {name: found[name] for name, _ in reader.items("slos") if name in found}


def read_alerting(reader: Reader) -> written.Alerting:
    """The section `alerting`, or what holds without it."""
    before = len(reader.problems)
    data = reader.data.get("alerting", {})
    read: written.Alerting | None = reader.check(checker(written.Alerting), data, ("alerting",))
    if isinstance(data, dict):
        check_tiers(reader, ("alerting",), data)
    return read if read and len(reader.problems) == before else written.Alerting()


def with_policy(reader: Reader, slo: Slo, alerting: written.Alerting, config: Config) -> Slo:
    """*slo* of *config* with *alerting*, which stands at the top of another document."""
    read = written.Slo(
        service=slo.service, probes=list(slo.probes), objective=slo.objective, window=timedelta()
    )
    watched = [config.probes[name] for name in slo.probes]
    every_ms = intervals_ms(slo.sli, slo.accounting, watched, config.slos)
    target = Target(
        window_ms=slo.window.nominal_length_ms,
        intervals_ms=every_ms,
        least_ms=_least_ms(slo.sli, every_ms),
        min_bad=alerting.min_bad or written.MIN_BAD,
        reset=alerting.reset or Reset.EVIDENCE,
    )
    no_data = alerting.no_data or NoData.HOLD
    promise = Promise(
        objective=slo.objective,
        window=slo.window,
        intervals_ms=target.intervals_ms,
        min_bad=target.min_bad,
        no_data=no_data,
    )
    return replace(
        slo,
        tiers=read_tiers(reader, ("alerting",), read, alerting, target),
        no_data=no_data,
        reset=target.reset,
        budget_watch=budget_watch(reader, (slo.id,), NOTHING_OWN, alerting.budget, promise),
    )


def _slo(
    reader: Reader,
    path: Path,
    read: written.Slo,
    sli: Sli,
    watched: Sequence[Probe],
    *,
    top: Top,
    slos: Mapping[str, Slo],
) -> Slo:
    window = _window(read.window)
    accounting = Accounting() if isinstance(sli, Composite) else _accounting(read, top)
    every_ms = intervals_ms(sli, accounting, watched, slos)
    if window.nominal_length_ms < min(every_ms):
        reader.report(
            (*path, "window"),
            f"this window is shorter than the interval of {duration_text(min(every_ms) * MS)}, "
            "so it may hold no sample",
            "write a longer window, such as 30d",
        )
    if accounting.combine is Combine.ALL:
        _check_one_interval(reader, path, read, watched)
    check_slices(reader, path, sli, accounting, watched)
    if not isinstance(sli, Composite):
        check_hours(reader, path, watched)
    check_step(reader, path, read.step, watched)
    target = Target(
        window_ms=window.nominal_length_ms,
        intervals_ms=every_ms,
        least_ms=_least_ms(sli, every_ms),
        min_bad=read.alerting.min_bad or top.alerting.min_bad or written.MIN_BAD,
        reset=read.alerting.reset or top.alerting.reset or Reset.EVIDENCE,
    )
    no_data = read.alerting.no_data or top.alerting.no_data or NoData.HOLD
    promise = Promise(
        objective=read.objective,
        window=window,
        intervals_ms=every_ms,
        min_bad=target.min_bad,
        no_data=no_data,
    )
    return Slo(
        id=str(path[-1]),
        name=read.name or str(path[-1]),
        service=read.service,
        probes=tuple(probe.id for probe in watched),
        step=read.step,
        sli=sli,
        objective=read.objective,
        window=window,
        accounting=accounting,
        tiers=read_tiers(reader, path, read, top.alerting, target),
        no_data=no_data,
        reset=target.reset,
        budget_watch=budget_watch(reader, path, read.alerting.budget, top.alerting.budget, promise),
        labels=MappingProxyType({**_shared(watched), **read.labels}),
        depends_on=depends_on(read.depends_on),
    )


def _shared(watched: Sequence[Probe]) -> dict[str, str]:
    """The labels that all of them have."""
    shared = dict(watched[0].labels)
    for probe in watched[1:]:
        shared = dict(shared.items() & probe.labels.items())
    return shared


def _least_ms(sli: Sli, every_ms: tuple[int, ...]) -> int:
    """Samples that are pooled come as often as the most frequent; parts are known one by one."""
    return max(every_ms) if isinstance(sli, Composite) else min(every_ms)


def _accounting(read: written.Slo, top: Top) -> Accounting:
    bad_if = read.accounting.bad_if or top.accounting.bad_if
    return Accounting(
        valid_for=read.accounting.valid_for or top.accounting.valid_for,
        retries=read.accounting.retries or top.accounting.retries or Retries.FIRST,
        combine=read.accounting.combine or top.accounting.combine or Combine.POOL,
        bad_if=bad_if if isinstance(bad_if, int) else None,
    )


def _check_one_interval(
    reader: Reader, path: Path, read: written.Slo, watched: Sequence[Probe]
) -> None:
    """Rounds of probes need one interval that all of them have."""
    every = {probe.every: probe.id for probe in watched}
    if len(every) > 1:
        said = ", ".join(f"{name} every {duration_text(each)}" for each, name in every.items())
        here = (*path, "accounting", "combine") if read.accounting.combine else (*path, "probes")
        reader.report(
            here,
            f"`combine: all` needs probes of one interval, and these have several: {said}",
            "give them the same `every`, or write `combine: pool` for this SLO",
        )


def _window(form: timedelta | written.CalendarWindow) -> Window:
    if isinstance(form, timedelta):
        return Rolling(form // MS)
    starts = get_args(written.MonthName).index(form.starts) + 1 if form.starts else 1
    return Calendar(form.calendar, form.timezone, starts)


def _check_forms(reader: Reader, path: Path, data: dict[str, Any]) -> None:
    """What stands in this SLO says exactly one thing where it must, and orders its windows."""
    window = data.get("window")
    if isinstance(window, dict):
        _check_year(reader, (*path, "window"), window)
    alerting = data.get("alerting")
    if isinstance(alerting, dict):
        check_tiers(reader, (*path, "alerting"), alerting)


def _check_year(reader: Reader, path: Path, window: dict[str, Any]) -> None:
    """The month in which a year begins is said exactly where a period depends on it."""
    unit = window.get("calendar")
    if unit == written.FISCAL and "starts" not in window:
        reader.report(
            path, "`starts` is missing", "add the month in which it begins, such as `starts: april`"
        )
    elif "starts" in window and unit in get_args(Unit) and unit not in PARTS_OF_YEARS:
        reader.report(
            (*path, "starts"),
            f"a {unit} is the same in whatever month a year begins",
            "delete it" if unit != "year" else f"delete it, or write `calendar: {written.FISCAL}`",
            at="key",
        )


def _watched(
    reader: Reader,
    path: Path,
    form: list[str] | written.Selector,
    probes: Mapping[str, Probe],
) -> list[Probe]:
    """The probes that are meant; none if one could not be read, or if there are none."""
    if isinstance(form, list):
        for i, name in enumerate(form):
            if name in form[:i]:
                reader.report(
                    (*path, "probes", i), f"`{name}` is here twice", "delete one of the two"
                )
        _check_no_guards(reader, path, form, probes)
        return [probes[name] for name in form] if all(name in probes for name in form) else []
    wanted = form.labels.items()
    found = [
        probe for probe in probes.values() if wanted <= probe.labels.items() and not probe.guard
    ]
    if not found and len(probes) == len(reader.items("probes")):
        said = ", ".join(f"{label}: {value}" for label, value in wanted)
        reader.report(
            (*path, "probes", "labels"),
            f"no probe is labelled {{{said}}}",
            f"add `labels: {{{said}}}` to those that are meant",
        )
    return found


def _check_no_guards(
    reader: Reader, path: Path, names: Sequence[str], probes: Mapping[str, Probe]
) -> None:
    """Guards are left out: when one fails, that says something of us."""
    for i, name in enumerate(names):
        if name in probes and probes[name].guard:
            reader.report(
                (*path, "probes", i),
                f"`{name}` is a guard: when it fails we are blind, and nothing else is known",
                "take it out, or add a second probe of the same that is no guard",
            )
