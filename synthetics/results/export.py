"""Stored samples as JSON lines, the form that `synthetics.results.lines` reads."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial

from synthetics import words
from synthetics.store import exports
from synthetics.store.codes import OUTCOMES
from synthetics.store.days import DAY_MS
from synthetics.store.exports import Exported
from synthetics.store.reader import Reader


def export(
    reader: Reader, probes: frozenset[str], from_ms: int | None, to_ms: int | None
) -> Iterator[str]:
    """
    The lines of each day with samples of *probes* (of all, if none is named), as one text.

    Args:
        reader: Where they are stored.
        probes: Identifiers.
        from_ms: From this instant on; ``None`` for the first there is.
        to_ms: Before this one; ``None`` for all there are.
    """
    known = reader.read(exports.bounds)
    if known is None:
        return
    first_ms = known[0] if from_ms is None else max(from_ms, known[0])
    last_ms = (known[1] if to_ms is None else min(to_ms, known[1])) - 1
    for day_ms in range(first_ms // DAY_MS * DAY_MS, last_ms + 1, DAY_MS):
        since_ms, until_ms = max(day_ms, first_ms), min(day_ms + DAY_MS - 1, last_ms)
        found = reader.read(
            partial(exports.exported, first_ms=since_ms, last_ms=until_ms, probes=probes)
        )
        if found:
            yield "".join(map(line, found))


def line(sample: Exported) -> str:
    """
    One sample as a line.

    *confirmed* stands only where it differs from the outcome, *reason* only where there is one.
    """
    said: dict[str, object] = {
        "probe": sample.probe,
        "location": sample.location,
        "scheduled_at": words.iso(sample.scheduled_ms),
        "outcome": OUTCOMES[sample.outcome].value,
    }
    if sample.confirmed != sample.outcome:
        said["confirmed"] = OUTCOMES[sample.confirmed].value
    said["duration_s"] = sample.duration_us / 1_000_000
    said["reason"] = sample.reason
    return json.dumps(said, ensure_ascii=False, separators=(",", ":")) + "\n"
