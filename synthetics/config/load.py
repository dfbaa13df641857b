"""From files to a `Config`: the one way in."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

from yaml.nodes import Node

from probes.watch import METADATA_AND_LINK_LOCAL
from synthetics.config import written
from synthetics.config.changes import read_changes
from synthetics.config.expand import expand
from synthetics.config.files import Files, read
from synthetics.config.hidden import UNREAD_OF_SERVICES, left_out, unread, written_out
from synthetics.config.merging import environments
from synthetics.config.model import Config, Probe
from synthetics.config.model_watch import SYNTHETICS
from synthetics.config.nodes import bound_aliases, construct
from synthetics.config.oncall import (
    TARGETS,
    read_escalations,
    read_hours,
    read_people,
    read_rotations,
    read_routes,
)
from synthetics.config.probes import (
    read_defaults,
    read_probe_frames,
    read_probes,
    read_receivers,
    read_services,
)
from synthetics.config.problems import ConfigError
from synthetics.config.quiet import check_dependencies, incidents
from synthetics.config.reader import Reader
from synthetics.config.references import References
from synthetics.config.sections import read_aside, read_maintenance, read_settings
from synthetics.config.show import show
from synthetics.config.slos import Top, read_alerting, read_slos
from synthetics.config.syntax import Misread
from synthetics.config.watching import read_delivery, read_switch, read_watch
from synthetics.kinds import probe_kinds, receiver_kinds
from synthetics.language import Language
from synthetics.oncall.hours import Hours


def load(
    path: Path, *, environ: Mapping[str, str], env: str = "", reach_ms: int | None = None
) -> Config:
    """
    Read the file *path*, or every ``*.yaml`` and ``*.yml`` directly in the directory *path*.

    Args:
        path: File or directory.
        environ: Where ``${env:…}`` is looked up.
        env: The environment that is laid over the rest; empty for none.
        reach_ms: From when on every page must reach somebody, for a year.  A service that starts
            does not ask: one that refuses to run because of a gap next month reaches nobody now.

    Raises:
        ConfigError: With every problem that was found, in file order.
        KindError: An installed kind of probe or receiver cannot be used.
    """
    with _no_collections():
        return _load(path, environ, _read, env, reach_ms)


def load_for_results(path: Path, *, environ: Mapping[str, str], env: str = "") -> Config:
    """
    Read of the same what stored results are counted by.

    What is only needed to probe and to tell somebody is not looked at: what a probe asks, and by
    which kind; receivers, routes, and whatever else concerns them.  So secrets may be missing,
    and kinds unknown.  Probes have no options here, and there is nobody to tell.

    Raises:
        ConfigError: With every problem that was found, in file order.
    """
    with _no_collections():
        return _load(path, environ, _read_for_results, env)


def load_for_oncall(path: Path, *, environ: Mapping[str, str], env: str = "") -> Config:
    """
    Read of the same who is on call, and what `load_for_results` reads.

    Raises:
        ConfigError: With every problem that was found, in file order.
    """
    with _no_collections():
        return _load(path, environ, _read_for_oncall, env)


@contextmanager
def _no_collections() -> Iterator[None]:
    """
    Leave the cyclic garbage collector out of it.

    What is made here stays.  Looking through all of it again and again, as it grows,
    took half of the time.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _load(
    path: Path,
    environ: Mapping[str, str],
    read_all: Callable[[Reader, Files, References], Config],
    env: str,
    reach_ms: int | None = None,
) -> Config:
    files = read(path)
    references = References(environ, path if path.is_dir() else path.parent)
    problems = list(files.problems)
    secrets: list[Node] = []
    config: Config | None = None
    if files.root is not None:
        try:
            bound_aliases(files.root)
            expanded = expand(files.root, env)
        except Misread as misread:
            problems.append(misread)
        else:
            data, misreads = construct(expanded.root)
            reader = Reader(expanded.root, data, references, _names(data))
            config = replace(read_all(reader, files, references), environment=env)
            problems += expanded.problems
            if reach_ms is not None and not (problems or misreads or reader.problems):
                from synthetics.config.told import check_reach

                check_reach(reader, config, reach_ms)
            problems += filter(None, map(expanded.told, misreads + reader.problems))
            if problems:
                hidden = written_out if read_all is _read else unread
                secrets = [*hidden(expanded.root, data), *left_out(expanded, env)]
    if problems or config is None:
        raise ConfigError(show(problems, files.texts, references.mask(), secrets))
    return config


def _names(data: dict[str, Any]) -> dict[str, list[str]]:
    """What may be referred to, right or wrong in itself."""

    def below(*sections: str) -> list[str]:
        return [
            name
            for section in sections
            if isinstance(items := data.get(section), dict)
            for name in items
        ]

    return {
        "service": below("services"),
        "routed service": [*below("services"), SYNTHETICS],
        "probe": below("probes"),
        "SLO": below("slos"),
        "receiver": below("receivers"),
        "person": below("people"),
        "set of hours": below("hours"),
        "rotation": below("rotations"),
        "escalation": below("escalations"),
        "template": below("templates"),
        "receiver, person or rotation": below(*TARGETS),
    }


def _read(reader: Reader, files: Files, references: References) -> Config:
    defaults = read_defaults(reader)
    hours = read_hours(reader)
    probes = read_probes(reader, probe_kinds(), defaults, hours)
    config = _counted(reader, files, references, defaults, probes, hours=hours)
    return replace(
        config,
        receivers=MappingProxyType(read_receivers(reader, receiver_kinds())),
        routes=read_routes(reader, hours, read_escalations(reader)),
        people=MappingProxyType(read_people(reader)),
        rotations=MappingProxyType(read_rotations(reader, hours)),
        watch=read_watch(reader, probes),
        delivery=read_delivery(reader),
        changes=read_changes(reader),
        switch=read_switch(reader),
        mask=references.mask(),
    )


def _read_for_results(reader: Reader, files: Files, references: References) -> Config:
    defaults = read_defaults(reader)
    hours = read_hours(reader)
    probes = read_probe_frames(reader, defaults, hours)
    return _counted(
        reader, files, references, defaults, probes, hours=hours, unread=UNREAD_OF_SERVICES
    )


def _read_for_oncall(reader: Reader, files: Files, references: References) -> Config:
    config = _read_for_results(reader, files, references)
    return replace(
        config,
        people=MappingProxyType(read_people(reader)),
        rotations=MappingProxyType(read_rotations(reader, config.hours)),
    )


def _counted(
    reader: Reader,
    files: Files,
    references: References,
    defaults: written.Defaults,
    probes: Mapping[str, Probe],
    *,
    hours: Mapping[str, Hours],
    unread: frozenset[str] = frozenset(),
) -> Config:
    """Whose results there are, what is promised of them, and what does not count."""
    known = [section.name for section in fields(written.Document)]
    for key in reader.data:
        if key not in known:
            reader.unknown_key((key,), known)
    read_aside(reader)
    settings = read_settings(reader)
    usual = incidents(reader, ("incidents",), settings.incidents)
    top = Top(accounting=settings.accounting, alerting=read_alerting(reader))
    config = Config(
        services=MappingProxyType(read_services(reader, defaults, usual, unread)),
        probes=MappingProxyType(probes),
        slos=MappingProxyType(read_slos(reader, probes, top)),
        receivers=MappingProxyType({}),
        routes=(),
        maintenance=read_maintenance(reader),
        location=settings.location,
        retention_raw=settings.retention.raw,
        denied=(*METADATA_AND_LINK_LOCAL, *settings.network.deny),
        allowed=tuple(settings.network.allow),
        in_flight=settings.limits.in_flight,
        per_host=settings.limits.per_host,
        mask=references.mask(),
        sources=files.paths,
        public_url=settings.public_url,
        incidents=usual,
        language=Language(defaults.language),
        zone=defaults.timezone.key,
        hours=MappingProxyType(hours),
        environments=tuple(environments(reader.root)),
    )
    check_dependencies(reader, config)
    return config
