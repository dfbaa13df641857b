"""How an SLO sees samples that nobody took, so that a simulation counts as the service does."""

from __future__ import annotations

from slo.composite import Composite as Whole
from slo.history import History, Pool
from slo.slices import Slices as Sliced
from slo.timeline import Timeline
from synthetics.config.model import Composite, Config, Slices, Slo


def seen(config: Config, slo: Slo, timeline: Timeline) -> History:
    """
    The events that *slo* makes of *timeline*, from instant 0 on.

    Of a composite every part sees the same samples: what is made up goes wrong for all.
    """
    match slo.sli:
        case Composite(parts=parts, mix=mix):
            return Whole([seen(config, config.slos[part], timeline) for part in parts], mix)
        case Slices() as slices:
            return Sliced([timeline], slices.length_ms, slices.rule, gaps=slices.gaps, since_ms=0)
        case _:
            return Pool([timeline])
