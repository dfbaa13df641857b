"""The smaller sections: maintenance, and what holds for the whole service."""

from __future__ import annotations

from dataclasses import fields
from datetime import timedelta
from typing import Any

from synthetics.config import written, written_probe
from synthetics.config.model import Maintenance
from synthetics.config.probes import checker
from synthetics.config.reader import Reader
from synthetics.config.syntax import Path

SHORTEST_RETENTION = timedelta(days=1)

SETTINGS = tuple(field.name for field in fields(written.Settings))


def read_maintenance(reader: Reader) -> tuple[Maintenance, ...]:
    """The declared times that could be read."""
    found: list[Maintenance] = []
    for i, data in enumerate(reader.entries("maintenance")):
        path: Path = ("maintenance", i)
        read = reader.check(checker(written.Maintenance), data, path)
        if read is None:
            continue
        if read.end <= read.start:
            began = reader.where((*path, "from"), (*path, "to"))
            reader.report(
                (*path, "to"),
                f"{data['to']} is not after `from: {data['from']}` ({began})",
                "exchange the two, or write a later end",
            )
        found.append(
            Maintenance(
                start=read.start, end=read.end, reason=read.reason, services=tuple(read.services)
            )
        )
    return tuple(found)


def read_aside(reader: Reader) -> None:
    """Check the forms of what was put in its place before: environments and templates."""
    for name, data in reader.items("envs"):
        reader.check(checker(written_probe.Environment), data, ("envs", name))
    for name, data in reader.items("templates"):
        reader.check(checker(written_probe.Template), data, ("templates", name))


def read_settings(reader: Reader) -> written.Settings:
    """What holds for the whole service."""
    data: dict[str, Any] = {key: value for key, value in reader.data.items() if key in SETTINGS}
    read: written.Settings | None = reader.check(checker(written.Settings), data, ())
    if read is None:
        return written.Settings()
    if read.retention.raw < SHORTEST_RETENTION:
        reader.report(
            ("retention", "raw"),
            f"{data['retention']['raw']} is shorter than a day, and only whole days are archived",
            "write 1d or more",
        )
    return read
