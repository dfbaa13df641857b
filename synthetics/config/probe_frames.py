"""What stands in a probe besides what it asks, held against its kind and the rest of the file."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from synthetics.config.describe import duration_text
from synthetics.config.reader import Reader
from synthetics.config.syntax import Path
from synthetics.config.words import nearest
from synthetics.config.written_probe import Probe
from synthetics.kinds import OURS, Kind
from synthetics.oncall.hours import Hours, When
from synthetics.reasons import SAID


def when(only: str | Hours | None, hours: Mapping[str, Hours]) -> When | None:
    """When a probe is asked; ``None`` is always, or that the hours it names could not be read."""
    known = hours.get(only) if isinstance(only, str) else only
    return None if known is None else When(hours=known)


def check_frame(reader: Reader, path: Path, frame: Probe, kind: Kind, timeout: timedelta) -> None:
    """What is written of the probe at *path*, of which an attempt takes *timeout*, makes sense."""
    if frame.within is not None and frame.within >= timeout:
        reader.report(
            (*path, "within"),
            f"{duration_text(frame.within)} is not below the timeout of {duration_text(timeout)}: "
            "what takes longer fails, and nothing would ever be degraded",
            f"write less than {duration_text(timeout)}, or a longer timeout",
        )
    if frame.only is not None and frame.guard:
        reader.report(
            (*path, "only"),
            "a guard says whether this location sees at all, and is needed at any time",
            "delete it, or `guard`",
            at="key",
        )
    if isinstance(frame.invert, list) and kind.module.__name__.startswith(OURS):
        for place, reason in enumerate(frame.invert):
            if reason not in SAID:
                reader.report(
                    (*path, "invert", place),
                    f"no probe of ours has the reason `{reason}`",
                    f"did you mean `{near}`?"
                    if (near := nearest(reason, SAID))
                    else f"write one of those on the page of `{kind.name}`",
                )
    if frame.source_address is not None and not getattr(kind.module, "SOURCE", False):
        reader.report(
            (*path, "source_address"),
            f"a probe of the kind `{kind.name}` has no address of its own to ask from",
            "delete it",
            at="key",
        )
