"""The sections `watch`, `delivery` and `dead_mans_switch`, from what is written to values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from synthetics.config import written_watch as written
from synthetics.config.describe import duration_text
from synthetics.config.model import Probe
from synthetics.config.model_watch import (
    Blind,
    DeadMansSwitch,
    Delivery,
    LowCoverage,
    Method,
    NoSamples,
    Patience,
    Watch,
)
from synthetics.config.probes import checker
from synthetics.config.reader import Reader

SHORTEST_HEARTBEAT = timedelta(seconds=1)


def read_watch(reader: Reader, probes: Mapping[str, Probe]) -> Watch:
    """The section `watch`, or what holds without it."""
    read: written.Watch | None = reader.check(
        checker(written.Watch), reader.data.get("watch", {}), ("watch",)
    )
    if read is None:
        return Watch()
    blind = read.blind
    needed = None if blind.guards == "all" else blind.guards
    if needed is not None:
        _check_guards(reader, needed, probes.values())
    return Watch(
        blind=Blind(guards=needed, after=blind.after, severity=blind.severity),
        no_samples=NoSamples(
            intervals=read.no_samples.intervals, severity=read.no_samples.severity
        ),
        coverage=LowCoverage(
            below=read.coverage.below, over=read.coverage.over, severity=read.coverage.severity
        ),
    )


def read_delivery(reader: Reader) -> Delivery:
    """The section `delivery`, or what holds without it."""
    read: written.Delivery | None = reader.check(
        checker(written.Delivery), reader.data.get("delivery", {}), ("delivery",)
    )
    usual = Delivery()
    if read is None:
        return usual
    return Delivery(
        page=_patience(reader, "page", read.page, usual.page),
        ticket=_patience(reader, "ticket", read.ticket, usual.ticket),
    )


def read_switch(reader: Reader) -> DeadMansSwitch | None:
    """The section `dead_mans_switch`, if it is there."""
    if "dead_mans_switch" not in reader.data:
        return None
    data = reader.data["dead_mans_switch"]
    read: written.DeadMansSwitch | None = reader.check(
        checker(written.DeadMansSwitch), data, ("dead_mans_switch",)
    )
    if read is None:
        return None
    if read.every < SHORTEST_HEARTBEAT:
        reader.report(
            ("dead_mans_switch", "every"), f"{data['every']} is too often", "write 1s or more"
        )
    return DeadMansSwitch(url=read.url, every=read.every, method=Method(read.method))


def _check_guards(reader: Reader, needed: int, probes: Iterable[Probe]) -> None:
    guards = sum(1 for probe in probes if probe.guard)
    if needed > guards:
        many = f"{guards} probe{'' if guards == 1 else 's'} {'is a' if guards == 1 else 'are'}"
        reader.report(
            ("watch", "blind", "guards"),
            f"{many} guard{'' if guards == 1 else 's'}, so {needed} can never fail",
            "write `all`, or add `guard: true` to more probes",
        )


def _patience(reader: Reader, severity: str, read: written.Patience, usual: Patience) -> Patience:
    others = read.tell_others_after or usual.others
    deadline = read.deadline or usual.deadline
    if others >= deadline:
        at = "deadline" if read.deadline else "tell_others_after"
        reader.report(
            ("delivery", severity, at),
            f"others would be told after {duration_text(others)}, and the message is given up "
            f"after {duration_text(deadline)}",
            "write a `tell_others_after` that is shorter than the `deadline`",
        )
    return Patience(others=others, deadline=deadline)
