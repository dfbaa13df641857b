"""``docs/reference/metrics.md`` against what is really served."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from probes.result import Vitals
from synthetics.heartbeats.standing import JobStanding
from synthetics.paging.courier import CourierStats
from synthetics.paging.heartbeat import HeartbeatStats
from synthetics.paging.lane import LaneStats
from synthetics.sample import Sample
from synthetics.web.probe_metrics import FAMILIES
from synthetics.web.status import Watched
from tests.web.support import NOW_MS, Rig, a_journey, a_sample

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "metrics.md"
ROW = re.compile(r"^\| `[a-z_]+` \|.*\|$", re.MULTILINE)
PROBE = {"probe", "kind", "service"}


def a_visit() -> Sample:
    """A journey in a browser, which also measured how the pages felt."""
    journey = a_journey()
    vitals = Vitals(lcp_s=1.2, fcp_s=0.8, ttfb_s=0.1, cls=0.02)
    result = replace(journey.result, facts=replace(journey.result.facts, vitals=vitals))
    return replace(journey, result=result)


async def served(rig: Rig) -> set[str]:
    """Every metric as the row that describes it."""
    rig.schedule.samples["good", ""] = 1
    home = replace(rig.board.config.probes["home"], within=timedelta(seconds=2))
    rig.board.adopt(replace(rig.board.config, probes={**rig.board.config.probes, "home": home}))
    await rig.take(a_sample(outcome="bad"), a_visit())
    assert rig.site.sources is not None
    await rig.site.sources.judge.on_minute(NOW_MS)
    usual = rig.site.sources.health
    lane = LaneStats(attempts=1, failures=Counter(["connect"]), owed=1, oldest_owed_ms=NOW_MS)
    courier = CourierStats(receivers={"oncall": lane}, orphaned=0)
    beat = HeartbeatStats(failures=Counter(["timeout"]), last_ms=NOW_MS)
    watched = Watched(firing={"blind": 1}, guards=True, heartbeat=beat)
    rig.site.sources.health = lambda: replace(usual(), courier=courier, watched=watched)
    job = JobStanding(
        heard_ms=NOW_MS,
        word="success",
        success_ms=NOW_MS,
        due_ms=NOW_MS,
        deadline_ms=NOW_MS,
        running_ms=(),
    )
    rig.site.sources.heartbeats = lambda: {"backup": job}
    rows = set()
    for family in text_string_to_metric_families(await rig.text("/metrics")):
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        histogram = family.type == "histogram"
        name = family.name if histogram else family.samples[0].name
        if name.startswith("probe_"):
            labels -= PROBE
        said = ", ".join(f"`{label}`" for label in sorted(labels))
        rows.add(f"| `{name}` | {family.type} | {said} | {family.documentation} |")
    return rows


async def test_the_page_tells_of_every_metric_and_of_no_other(rig: Rig) -> None:
    page = PAGE.read_text("utf-8")

    rows = set(ROW.findall(page))
    real = await served(rig)

    assert rows - real == set(), "the page tells of what is not so"
    assert real - rows == set(), "the page does not tell"


async def test_every_family_of_probes_can_be_seen(rig: Rig) -> None:
    """A family that no sample fills would never be noticed missing."""
    names = "".join(await served(rig))

    assert [family.name for family in FAMILIES if f"`{family.name}`" not in names] == []
