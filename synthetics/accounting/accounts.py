"""What is known of one probe in one view: its samples by location, and how far back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from slo.timeline import Timeline
from synthetics.accounting.views import View

Key = tuple[str, View]
"""A probe, and how it is looked at."""

Places = Mapping[str, Timeline]
"""The samples of one probe, by location."""

MILLISECOND = timedelta(milliseconds=1)


@dataclass(slots=True)
class Account:
    """
    One probe in one view: a timeline by location, shared by the SLOs that look so.

    Attributes:
        reach_ms: How far back the windows of those SLOs can look.
        since_ms: How far back its timelines are complete; ``None`` until loaded.
        origin_ms: When its first sample ever was due; ``None`` if there is none, or as long as
            nobody asks for it.
        asks_origin: Whether somebody does.
    """

    reach_ms: int = 0
    since_ms: int | None = None
    origin_ms: int | None = None
    asks_origin: bool = False
    timelines: dict[str, Timeline] = field(default_factory=dict)

    def put(self, location: str, timeline: Timeline, until_ms: int) -> None:
        """Know *timeline* up to *until_ms*, and keep what was applied of later samples."""
        known = self.timelines.get(location)
        if known is not None:
            known.trim(until_ms + 1)
            timeline.extend(known.runs())
        self.timelines[location] = timeline

    def began(self, at_ms: int) -> None:
        """There is a sample due at *at_ms*."""
        if self.origin_ms is None or at_ms < self.origin_ms:
            self.origin_ms = at_ms

    def trim(self, at_ms: int) -> None:
        """Forget what no window can reach at *at_ms* or later."""
        since_ms = at_ms - self.reach_ms
        for timeline in self.timelines.values():
            timeline.trim(since_ms)
        if self.since_ms is not None:
            self.since_ms = max(self.since_ms, since_ms)
