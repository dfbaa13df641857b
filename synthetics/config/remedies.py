"""The key `remediation` of a service, from what is written to values."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from synthetics.config import written_remedy as written
from synthetics.config.describe import duration_text
from synthetics.config.model_remedy import Remedy
from synthetics.config.one_of import exactly_one
from synthetics.config.reader import Reader
from synthetics.config.syntax import Path


def remedy(
    reader: Reader, path: Path, data: Any, read: written.Remediation | None
) -> Remedy | None:
    """What was *read* of *data*, which stands at *path*; ``None`` if nothing is tried."""
    if read is None:
        return None
    exactly_one(reader, path, data, "webhook", "command")
    if read.wait <= read.timeout:
        reader.report(
            (*path, "wait") if "wait" in data else (*path, "timeout"),
            f"it may take {duration_text(read.timeout)}, "
            f"and the probe must be good again within {duration_text(read.wait)}",
            "write a `wait` that is longer than the `timeout`",
        )
    return Remedy(
        webhook=read.webhook,
        command=tuple(read.command or ()),
        env=MappingProxyType(read.env),
        at_most=read.at_most,
        timeout=read.timeout,
        wait=read.wait,
    )
