"""From files to a `Config`: the one way in."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from yaml.nodes import MappingNode, Node

from probes.watch import METADATA_AND_LINK_LOCAL
from synthetics.config import written, written_watch
from synthetics.config.files import Files, read
from synthetics.config.model import Config
from synthetics.config.model_watch import SYNTHETICS
from synthetics.config.nodes import construct
from synthetics.config.oncall import (
    TARGETS,
    read_escalations,
    read_hours,
    read_people,
    read_rotations,
    read_routes,
)
from synthetics.config.probes import (
    checker,
    options_checker,
    read_defaults,
    read_probes,
    read_receivers,
    read_services,
)
from synthetics.config.problems import ConfigError
from synthetics.config.quiet import check_dependencies, incidents
from synthetics.config.reader import Reader
from synthetics.config.references import References
from synthetics.config.sections import read_maintenance, read_settings
from synthetics.config.show import show, written_secrets
from synthetics.config.slos import Top, read_alerting, read_slos
from synthetics.config.syntax import Misread
from synthetics.config.watching import read_delivery, read_switch, read_watch
from synthetics.kinds import Kind, probe_kinds, receiver_kinds


def load(path: Path, *, environ: Mapping[str, str]) -> Config:
    """
    Read the file *path*, or every ``*.yaml`` and ``*.yml`` directly in the directory *path*.

    Args:
        path: File or directory.
        environ: Where ``${env:…}`` is looked up.

    Raises:
        ConfigError: With every problem that was found, in file order.
        KindError: An installed kind of probe or receiver cannot be used.
    """
    with _no_collections():
        return _load(path, environ)


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


def _load(path: Path, environ: Mapping[str, str]) -> Config:
    files = read(path)
    references = References(environ, path if path.is_dir() else path.parent)
    problems = list(files.problems)
    secrets: list[Node] = []
    config: Config | None = None
    if files.root is not None:
        try:
            data, misreads = construct(files.root)
        except Misread as misread:
            problems.append(misread)
        else:
            reader = Reader(files.root, data, references, _names(data))
            config = _read(reader, files, references)
            problems += misreads + reader.problems
            if problems:
                secrets = list(_written_secrets(files.root, data))
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
        "hours": below("hours"),
        "rotation": below("rotations"),
        "escalation": below("escalations"),
        "receiver, person or rotation": below(*TARGETS),
    }


def _read(reader: Reader, files: Files, references: References) -> Config:
    known = [section.name for section in fields(written.Document)]
    for key in reader.data:
        if key not in known:
            reader.unknown_key((key,), known)
    settings = read_settings(reader)
    defaults = read_defaults(reader)
    usual = incidents(reader, ("incidents",), settings.incidents)
    services = read_services(reader, defaults, usual)
    probes = read_probes(reader, probe_kinds(), defaults)
    hours = read_hours(reader)
    top = Top(accounting=settings.accounting, alerting=read_alerting(reader))
    config = Config(
        services=MappingProxyType(services),
        probes=MappingProxyType(probes),
        slos=MappingProxyType(read_slos(reader, probes, top)),
        receivers=MappingProxyType(read_receivers(reader, receiver_kinds())),
        routes=read_routes(reader, hours, read_escalations(reader)),
        people=MappingProxyType(read_people(reader)),
        hours=MappingProxyType(hours),
        rotations=MappingProxyType(read_rotations(reader, hours)),
        maintenance=read_maintenance(reader),
        location=settings.location,
        retention_raw=settings.retention.raw,
        denied=(*METADATA_AND_LINK_LOCAL, *settings.network.deny),
        allowed=tuple(settings.network.allow),
        in_flight=settings.limits.in_flight,
        mask=references.mask(),
        sources=files.paths,
        public_url=settings.public_url,
        watch=read_watch(reader, probes),
        delivery=read_delivery(reader),
        switch=read_switch(reader),
        incidents=usual,
    )
    check_dependencies(reader, config)
    return config


def _written_secrets(root: MappingNode, data: dict[str, Any]) -> Iterator[Node]:
    """Every secret that was written out instead of referred to."""
    switch = checker(written_watch.DeadMansSwitch)
    yield from written_secrets(root, ("dead_mans_switch",), switch)
    sections: tuple[tuple[str, Mapping[str, Kind]], ...] = (
        ("probes", probe_kinds()),
        ("receivers", receiver_kinds()),
    )
    for section, kinds in sections:
        items = data.get(section)
        for name, item in items.items() if isinstance(items, dict) else ():
            for key in item.keys() & kinds.keys() if isinstance(item, dict) else ():
                options = options_checker(kinds[key])
                yield from written_secrets(root, (section, name, key), options)
