"""The section `changes`, from what is written to values."""

from __future__ import annotations

from synthetics.config import written_changes as written
from synthetics.config.describe import duration_text
from synthetics.config.model_changes import Changes
from synthetics.config.probes import checker
from synthetics.config.reader import Reader


def read_changes(reader: Reader) -> Changes:
    """The section `changes`, or what holds without it."""
    read: written.Changes | None = reader.check(
        checker(written.Changes), reader.data.get("changes", {}), ("changes",)
    )
    if read is None:
        return Changes()
    if read.keep < read.lately:
        reader.report(
            ("changes", "keep" if reader.has(("changes", "keep")) else "lately"),
            f"changes are kept for {duration_text(read.keep)}, "
            f"and pages name those of the last {duration_text(read.lately)}",
            "write a `keep` that is no shorter than `lately`",
        )
    return Changes(token=read.token, lately=read.lately, keep=read.keep)
