"""What the service has stored of one probe, read beside it as any command would."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from probes.result import Outcome
from synthetics.sample import Sample
from synthetics.store import Reader


def of_probe(database: Path, probe: str, *, after_ms: int) -> list[Sample]:
    """The samples of *probe* that were due after *after_ms*, the oldest first."""
    with closing(Reader.open(database)) as reader:
        for series in reader.series():
            if series.probe == probe:
                stored = reader.samples(series.id, after_ms, 2**53)
                return [one.sample for one in reversed(stored)]
    return []


def first_bad(samples: list[Sample]) -> Sample | None:
    """The first that was bad, confirmations included."""
    return next((one for one in samples if one.confirmed is Outcome.BAD), None)
