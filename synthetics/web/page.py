"""The status page: what is said, in words; the template only lays it out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from probes.result import Outcome
from slo.budget import Rate
from synthetics import __version__, words
from synthetics.clock import instant
from synthetics.config.model import Availability, Latency, Slo
from synthetics.config.model_watch import SYNTHETICS
from synthetics.heartbeats.standing import JobStanding
from synthetics.reports import rules
from synthetics.sample import Sample
from synthetics.web.api import accounting, next_ms
from synthetics.web.probe_lines import DEGRADED, over, probe_lines
from synthetics.web.status import Health, Overview, SloStatus, by_service

UTC = ZoneInfo("UTC")

_MS = timedelta(milliseconds=1)

SHOWN_PROBES = 100
"""More are shown on request: the worst come first."""

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def render(overview: Overview, *, all_probes: bool = False) -> str:
    """The whole page; without *all_probes* at most `SHOWN_PROBES`, the worst first."""
    lines = probe_lines(overview)
    shown = lines if all_probes else lines[:SHOWN_PROBES]
    return _PAGES.get_template("status.html.j2").render(
        overview=overview,
        board=overview.board,
        config=overview.config,
        groups=by_service(overview.config.services, overview.slos),
        headline=headline(overview),
        late=late(overview),
        probes=shown,
        hidden=len(lines) - len(shown),
        health_words=health_words(overview.health),
        accounting=accounting(overview),
        version=__version__,
        utc=UTC,
    )


def late(overview: Overview) -> list[tuple[str, int]]:
    """Receivers that do not get what they are owed for longer than they should, since when."""
    since: dict[str, int] = {}
    for one in overview.pages.owed:
        patience = overview.config.delivery.of(one.severity)
        if overview.at_ms - one.owed_ms >= patience.others // _MS:
            since[one.receiver] = min(since.get(one.receiver, one.owed_ms), one.owed_ms)
    return sorted(since.items(), key=lambda each: each[1])


def headline(overview: Overview) -> tuple[str, str]:
    """How things are in one line, and how it looks: ``well``, ``hurt``, ``missed``, ``unknown``."""
    of_slos = [one for one in overview.pages.alerts if one.service != SYNTHETICS]
    ours = [one for one in overview.pages.alerts if one.service == SYNTHETICS]
    pages = {alert.slo for alert in of_slos if alert.severity == "page"}
    others = {alert.slo for alert in of_slos} - pages
    if pages:
        return f"{words.many(len(pages), 'objective')} burning fast enough to page", "missed"
    if any(alert.severity == "page" for alert in ours):
        return "The monitoring itself needs somebody", "missed"
    if others:
        return f"{words.many(len(others), 'objective')} burning budget", "hurt"
    if ours:
        return "The monitoring itself needs a look", "hurt"
    overspent = sum(1 for one in overview.slos if _overspent(one.standing.budget.period_remaining))
    if overspent:
        return f"Quiet now, {words.many(overspent, 'budget')} overspent", "hurt"
    if not overview.slos:
        return _newest(overview)
    if all(one.standing.sli is None for one in overview.slos):
        return "Nothing known yet", "unknown"
    return "All objectives are met", "well"


def _newest(overview: Overview) -> tuple[str, str]:
    """How things are where nothing is promised: by the newest sample of each probe."""
    states = [line.state for line in probe_lines(overview)]
    bad, slow = states.count(Outcome.BAD), states.count(DEGRADED)
    if bad:
        return f"{bad} of {words.many(len(states), 'probe')} failed when last asked", "hurt"
    if slow:
        return f"{slow} of {words.many(len(states), 'probe')} too slow when last asked", "hurt"
    if Outcome.GOOD not in states:
        return "Nothing known yet", "unknown"
    return "No probe failed when last asked", "well"


def state(one: SloStatus) -> tuple[str, str]:
    """One SLO in a word or two, and how it looks."""
    severities = {each.tier.name: each.tier.severity for each in one.standing.decisions}
    severities |= {each.alert.name: each.alert.severity for each in one.standing.budget_decisions}
    if one.firing:
        look = "missed" if "page" in {severities[name] for name in one.firing} else "hurt"
        return f"firing: {', '.join(one.firing)}", look
    remaining = one.standing.budget.period_remaining
    if remaining is None:
        return "no data", "unknown"
    return ("overspent", "missed") if _overspent(remaining) else ("met", "well")


def promise(slo: Slo) -> str:
    """What an SLO promises: ``99.9% good over 30d``, ``99% under 500ms over 28d``."""
    match slo.sli:
        case Availability():
            what = "good"
        case Latency() as latency:
            what = f"{'at most' if latency.inclusive else 'under'} {words.bound(latency.bound_us)}"
        case _:
            what = f"of {slo.event}s {rules.sli(slo.sli)}"
    if slo.step:
        what += f" at step {slo.step}"
    return f"{words.objective(slo.objective)} {what} over {words.window(slo.window)}"


def budget_words(one: SloStatus) -> str:
    """What is left of the whole period's budget, as a share of events (R6)."""
    whole = " of the whole period's" if one.standing.budget.passed < 1 else ""
    return words.left(one.standing.budget.period_remaining) + whole


def downtime_words(one: SloStatus) -> str:
    """The budget as time: ``11m of 43m12s``."""
    budget = one.standing.budget
    return f"{words.lost(budget.spent_ms)} of {words.allowed(budget.allowed_ms)} allowed"


def reach_words(one: SloStatus) -> str:
    """How several locations saw it; empty if only one did."""
    reach = one.reach
    if reach is None:
        return ""
    uptime = words.availability(reach.uptime, one.slo.objective)
    of_all = words.availability(reach.reachability, one.slo.objective)
    return f"{uptime} uptime, {of_all} reachability, from {reach.locations} locations"


def bar(one: SloStatus) -> float:
    """How much of the bar is filled, 0 to 100: what is left of the budget."""
    remaining = one.standing.budget.period_remaining
    if remaining is None or isinstance(remaining, float):
        return 0.0
    return round(min(max(float(remaining), 0.0), 1.0) * 100, 2)


def pace_words(one: SloStatus) -> str:
    """How fast the budget burns lately, and how long it lasts so; may be empty."""
    pace, lasts_ms = one.standing.pace, one.standing.exhausted_in_ms
    if pace is None:
        return "nothing known lately"
    if not pace:
        return "nothing burns lately"
    if isinstance(pace, float):
        return "failing, and nothing may fail"
    said = f"burns at {words.burn(pace)} lately"
    if lasts_ms:
        said += f", lasts {words.about(lasts_ms)}"
    return said


def ago(at_ms: int, then_ms: int) -> str:
    """``12s ago``, ``in 3m``; the two largest units."""
    seconds = abs(at_ms - then_ms) // 1000
    for size, unit, below, small in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "m"),
        (60, "m", 1, "s"),
    ):
        if seconds >= size:
            rest = seconds % size // below
            said = f"{seconds // size}{unit}" + (f" {rest}{small}" if rest else "")
            break
    else:
        said = f"{seconds}s"
    return f"{said} ago" if then_ms <= at_ms else f"in {said}"


def heard(at_ms: int, job: JobStanding) -> str:
    """When a job was last heard, and since when it runs if it does."""
    if job.running_ms:
        return f"runs since {ago(at_ms, job.running_ms[0]).removesuffix(' ago')}"
    if job.heard_ms is None:
        return "never heard"
    return f"heard {ago(at_ms, job.heard_ms)}: {job.word}"


def latency(seconds: float) -> str:
    """``84 ms``, ``1.25 s``."""
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.2f} s"


def why(sample: Sample) -> str:
    """What a sample that is not good says, with the step if it does not name it itself."""
    result = sample.result
    step = result.failed_step
    named = not step or result.detail.startswith(step)
    return result.detail if named else f"{step}: {result.detail}"


def health_words(health: Health) -> list[tuple[str, str]]:
    """The service's own figures, by name."""
    store = health.store
    begun = sum(health.schedule.lateness.counts)
    mean_ms = 1000 * health.schedule.lateness.total / begun if begun else 0.0
    return [
        ("runs in flight", f"{words.count(health.in_flight)} of {words.count(health.capacity)}"),
        ("starts late by", f"{mean_ms:.0f} ms on average"),
        ("missed", words.many(health.schedule.missed_beats, "due time")),
        ("stored since start", words.many(store.stored, "sample")),
        ("waiting to be stored", words.many(health.waiting + store.queued, "sample")),
        ("database", f"{store.file_bytes / 1_000_000:,.1f} MB"),
    ]


def iso(ms: int) -> str:
    """For ``<time datetime>``."""
    return words.iso(ms)


def short(ms: int) -> str:
    """``22 Nov 14:03:09 UTC``."""
    return instant(ms).strftime("%-d %b %H:%M:%S UTC")


def _overspent(remaining: Rate | None) -> bool:
    return remaining is not None and remaining < 0


_PAGES.globals.update(
    ago=ago,
    bar=bar,
    budget_words=budget_words,
    downtime_words=downtime_words,
    heard=heard,
    iso=iso,
    latency=latency,
    over=over,
    next_ms=next_ms,
    pace_words=pace_words,
    promise=promise,
    reach_words=reach_words,
    why=why,
    short=short,
    state=state,
    words=words,
)
