"""Probes that are not asked, because a job reports to us: what is written of them, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from synthetics.config.checker import Checker
from synthetics.config.model import Probe
from synthetics.config.reader import Reader
from synthetics.config.syntax import Path

HEARTBEAT = "heartbeat"
RHYTHM = ("every", "cron", "timezone")
"""What says when a job is due; the rest is only needed to listen."""

OF_ASKING = ("every", "timeout", "confirm", "within", "invert", "guard", "source_address")
"""Keys of a probe that say how it is asked."""


def check_not_asked(reader: Reader, path: Path, data: Mapping[str, Any]) -> None:
    """Nothing says how to ask the probe *data* at *path*, which is not asked."""
    for key in OF_ASKING:
        if key in data:
            reader.report(
                (*path, key),
                f"a heartbeat is not asked, so `{key}` means nothing here",
                "write `every` or `cron` below `heartbeat`" if key == "every" else "delete it",
                at="key",
            )


def listened_to(probe: Probe, rhythm: Any) -> Probe:
    """*probe* as one that reports by *rhythm*: as far apart as its samples can be."""
    return replace(probe, every=rhythm.longest, confirm=None, listens=True)


def with_rhythm(reader: Reader, path: Path, data: Mapping[str, Any], probe: Probe) -> Probe:
    """*probe* as `listened_to`, of which *data* is read only as far as its results need it."""
    from probes.heartbeat_parts.rhythm import Rhythm  # brings cron, which few files need

    below = data[HEARTBEAT]
    known = (
        {key: value for key, value in below.items() if key in RHYTHM}
        if isinstance(below, dict)
        else below
    )
    rhythm = reader.check(Checker.of(Rhythm), known, (*path, HEARTBEAT))
    return probe if rhythm is None else listened_to(probe, rhythm)


def check_addresses(reader: Reader, probes: Mapping[str, Probe]) -> None:
    """No two jobs report at one address."""
    first: dict[str, str] = {}
    for probe in probes.values():
        if not probe.listens or probe.options is None:
            continue
        for key, address in probe.options.addresses(probe.id).items():
            other = first.setdefault(address, probe.id)
            if other == probe.id:
                continue
            what, mend = (
                ("UUID", "make another one with uuidgen")
                if key == "uuid"
                else ("slug behind the same key", "write another `slug`")
            )
            reader.report(
                ("probes", probe.id, HEARTBEAT, key),
                f"`{other}` has this {what}, so nobody could tell which of the two reports",
                mend,
            )
