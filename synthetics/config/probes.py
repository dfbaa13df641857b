"""The sections `services`, `probes` and `receivers`, from what is written to values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from datetime import timedelta
from functools import cache
from types import MappingProxyType
from typing import Any

from synthetics.config import written, written_probe
from synthetics.config.checker import Checker
from synthetics.config.composites import COMPOSITE, Waiting, read_composites
from synthetics.config.describe import duration_text
from synthetics.config.heartbeats import (
    HEARTBEAT,
    check_addresses,
    check_not_asked,
    listened_to,
    with_rhythm,
)
from synthetics.config.model import EMPTY, Confirm, Probe, Receiver, Service
from synthetics.config.model_quiet import Incidents
from synthetics.config.model_watch import SYNTHETICS
from synthetics.config.probe_frames import check_frame, when
from synthetics.config.quiet import depends_on, incidents
from synthetics.config.reader import Reader
from synthetics.config.remedies import remedy
from synthetics.config.syntax import Path
from synthetics.config.words import nearest
from synthetics.kinds import Kind, probe_kinds
from synthetics.language import Language
from synthetics.oncall.hours import Hours

SHORTEST_EVERY = timedelta(seconds=1)
PROBE_FRAME = frozenset(field.name for field in fields(written_probe.Probe))
"""What stands in a probe besides what it asks."""


@cache
def checker(kind: type) -> Checker:
    """The checker of one of the types in `written`, built once."""
    return Checker.of(kind)


@cache
def options_checker(kind: Kind) -> Checker:
    """The checker of the options of *kind*, built once."""
    return Checker(lambda: kind.options)


def read_services(
    reader: Reader,
    defaults: written.Defaults,
    usual: Incidents,
    unread: frozenset[str] = frozenset(),
) -> dict[str, Service]:
    """The services that could be read, without the keys that are to stay *unread*."""
    found: dict[str, Service] = {}
    for name, whole in reader.items("services"):
        data = whole
        if isinstance(whole, dict):
            data = {key: value for key, value in whole.items() if key not in unread}
        if name == SYNTHETICS:
            reader.report(
                ("services", name),
                "alerts about the monitoring itself belong to the service `synthetics`",
                "call this one something else; `name:` takes any text",
                at="key",
            )
        read = reader.check(checker(written.Service), data, ("services", name))
        if read is not None:
            found[name] = Service(
                id=name,
                name=read.name or name,
                owner=read.owner,
                runbook=read.runbook,
                dashboard=read.dashboard,
                guide=read.guide,
                language=Language(read.language or defaults.language),
                zone=(read.timezone or defaults.timezone).key,
                remediation=remedy(
                    reader,
                    ("services", name, "remediation"),
                    data.get("remediation"),
                    read.remediation,
                ),
                labels=MappingProxyType(read.labels) if read.labels else EMPTY,
                depends_on=depends_on(read.depends_on),
                incidents=incidents(reader, ("services", name, "incidents"), read.incidents, usual),
            )
    return found


def read_receivers(reader: Reader, kinds: Mapping[str, Kind]) -> dict[str, Receiver]:
    """The receivers that could be read."""
    found: dict[str, Receiver] = {}
    for name, data in reader.items("receivers"):
        path: Path = ("receivers", name)
        if not isinstance(data, dict):
            reader.check(checker(written.Receiver), data, path)
            continue
        for key in data.keys() - kinds.keys():
            reader.unknown_key((*path, key), list(kinds), "kind of receiver")
        kind = _one_kind(
            reader, path, data, kinds, purpose="say how to tell them", example="webhook"
        )
        if kind is not None:
            options = reader.check(options_checker(kind), data[kind.name], (*path, kind.name))
            found[name] = Receiver(id=name, kind=kind.name, options=options)
    return found


def read_defaults(reader: Reader) -> written.Defaults:
    """The section `defaults`, or what holds without it."""
    data = reader.data.get("defaults", {})
    read: written.Defaults | None = reader.check(checker(written.Defaults), data, ("defaults",))
    if read is None:
        return written.Defaults()
    _check_times(reader, ("defaults",), data, read, read)
    return read


def read_probes(
    reader: Reader,
    kinds: Mapping[str, Kind],
    defaults: written.Defaults,
    hours: Mapping[str, Hours],
) -> dict[str, Probe]:
    """The probes that could be read."""
    found: dict[str, Probe] = {}
    composites: list[Waiting] = []
    frame_checker = checker(written_probe.Probe)
    also = tuple(kinds)
    for name, data in reader.items("probes"):
        path: Path = ("probes", name)
        if not isinstance(data, dict):
            reader.check(frame_checker, data, path)
            continue
        frame_data = {key: value for key, value in data.items() if key not in kinds}
        frame = reader.check(frame_checker, frame_data, path, also=also)
        kind = _one_kind(reader, path, data, kinds, purpose="say what to ask", example="http")
        options = None
        if kind is not None:
            options = reader.check(options_checker(kind), data[kind.name], (*path, kind.name))
        if frame is None:
            continue
        if kind is not None and kind.listens:
            check_not_asked(reader, path, frame_data)
            if options is not None:
                probe = _probe(name, frame, kind.name, options, defaults, hours=hours)
                found[name] = listened_to(probe, options)
            continue
        if kind is not None and kind.combines:
            if options is not None:
                probe = _probe(name, frame, kind.name, options, defaults, hours=hours)
                composites.append(Waiting(path=path, probe=probe, data=data))
            continue
        _check_times(reader, path, frame_data, frame, defaults)
        if kind is not None:
            check_frame(reader, path, frame, kind, frame.timeout or defaults.timeout)
            found[name] = _probe(name, frame, kind.name, options, defaults, hours=hours)
    check_addresses(reader, found)
    return read_composites(reader, composites, found)


def read_probe_frames(
    reader: Reader, defaults: written.Defaults, hours: Mapping[str, Hours]
) -> dict[str, Probe]:
    """
    The probes that could be read, without what they ask.

    A key that stands in no frame is taken for the kind; where there are several, those that are
    like one of a frame are mistakes.
    """
    found: dict[str, Probe] = {}
    composites: list[Waiting] = []
    for name, data in reader.items("probes"):
        path: Path = ("probes", name)
        frame_data, kinds = _without_kinds(data) if isinstance(data, dict) else (data, [])
        frame = reader.check(checker(written_probe.Probe), frame_data, path)
        if frame is not None:
            kind = kinds[0] if kinds else ""
            if kind != COMPOSITE:
                _check_times(reader, path, frame_data, frame, defaults)
            probe = _probe(name, frame, kind, None, defaults, hours=hours)
            if kind == COMPOSITE:
                options = reader.check(
                    options_checker(probe_kinds()[kind]), data[kind], (*path, kind)
                )
                if options is not None:
                    probe = replace(probe, options=options)
                    composites.append(Waiting(path=path, probe=probe, data=data))
                continue
            found[name] = probe
            if kind == HEARTBEAT:
                found[name] = with_rhythm(reader, path, data, found[name])
    found = read_composites(reader, composites, found)
    return {name: replace(probe, options=None) for name, probe in found.items()}


def _without_kinds(data: dict[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The frame of a probe, and the keys that are taken for kinds."""
    kinds = [key for key in data if key not in PROBE_FRAME]
    if len(kinds) > 1:
        kinds = [key for key in kinds if not nearest(key, PROBE_FRAME)]
    return {key: value for key, value in data.items() if key not in kinds}, kinds


def _probe(
    name: str,
    frame: written_probe.Probe,
    kind: str,
    options: Any,
    defaults: written.Defaults,
    *,
    hours: Mapping[str, Hours],
) -> Probe:
    confirm = frame.confirm or defaults.confirm
    return Probe(
        id=name,
        name=frame.name or name,
        service=frame.service,
        kind=kind,
        options=options,
        every=frame.every or defaults.every,
        timeout=frame.timeout or defaults.timeout,
        confirm=Confirm(attempts=confirm.attempts, after=confirm.after)
        if confirm and confirm.attempts
        else None,
        labels=MappingProxyType(frame.labels) if frame.labels else EMPTY,
        guard=frame.guard,
        depends_on=depends_on(frame.depends_on),
        within=frame.within,
        invert=frame.invert is not False,
        inverted=frozenset(() if isinstance(frame.invert, bool) else frame.invert),
        only=when(frame.only, hours),
        source=frame.source_address or "",
    )


def _one_kind(
    reader: Reader,
    path: Path,
    data: dict[str, Any],
    kinds: Mapping[str, Kind],
    *,
    purpose: str,
    example: str,
) -> Kind | None:
    """The kind whose key is in *data*, if it is exactly one."""
    named = [key for key in data if key in kinds]
    if len(named) == 1:
        return kinds[named[0]]
    for second in named[1:]:
        where = reader.where((*path, named[0]), (*path, second))
        reader.report(
            (*path, second),
            f"`{second}` is a second kind beside `{named[0]}` ({where})",
            "keep one of them, or make it two",
            at="key",
        )
    if not named and not any(nearest(key, kinds) for key in data):
        reader.report(
            path,
            f"no key of a kind is here to {purpose}",
            f"add `{example}:` or another kind",
            at="key",
        )
    return None


def _check_times(
    reader: Reader,
    path: Path,
    data: dict[str, Any],
    own: written_probe.Probe | written.Defaults,
    defaults: written.Defaults,
) -> None:
    """All attempts and pauses fit into the interval; noted at what is written here, if anything."""
    written_here = [key for key in ("timeout", "confirm", "every") if key in data]
    if not written_here:
        return
    every, timeout = own.every or defaults.every, own.timeout or defaults.timeout
    confirm = own.confirm or defaults.confirm
    if "every" in data and every < SHORTEST_EVERY:
        reader.report((*path, "every"), f"{data['every']} is too often", "write 1s or more")
        return
    further = confirm.attempts if confirm else 0
    longest = timeout * (1 + further) + (confirm.after * further if confirm else timedelta())
    if longest <= every:
        return
    at = (*path, written_here[0])

    def source(key: str) -> str:
        for place in ((*path, key), ("defaults", key)):
            if reader.has(place):
                inherited = "" if place[0] == path[0] else "defaults, "
                return f"({inherited}{reader.where(place, at)})"
        return "(the default)"

    spelled, total = duration_text(every), duration_text(longest)
    if further:
        pauses = duration_text(confirm.after) if confirm else ""
        reader.report(
            at,
            f"{1 + further} attempts of {duration_text(timeout)} and {further} "
            f"pause{'s' if further > 1 else ''} of {pauses} take {total}, longer than "
            f"`every: {spelled}` {source('every')}, so runs would overlap",
            f"set timeout or confirm to fit, or every to {total} or more",
        )
    elif written_here[0] == "every":
        reader.report(
            at,
            f"{spelled} is shorter than `timeout: {total}` {source('timeout')}, "
            "so runs would overlap",
            f"set every to {total} or more, or timeout to {spelled} or less",
        )
    else:
        reader.report(
            at,
            f"{total} is longer than `every: {spelled}` {source('every')}, so runs would overlap",
            f"set timeout to {spelled} or less, or every to more than {total}",
        )
