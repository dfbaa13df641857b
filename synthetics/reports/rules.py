"""The accounting policy in words, with the values in force: how every number was counted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from slo.budget_alerts import BudgetAlert, BudgetWatch, Kind
from slo.composite import Mix, Mixed
from slo.counts import Counts
from slo.policy import NoData, Reset, Tier
from slo.slices import Age, Gaps, Ratio
from slo.window import Rolling
from synthetics import words
from synthetics.config.model import (
    Availability,
    Combine,
    Composite,
    Latency,
    Probe,
    Retries,
    Sli,
    Slices,
    Slo,
)

if TYPE_CHECKING:
    from synthetics.reports.model import Report


@dataclass(frozen=True, slots=True)
class Rule:
    """One sentence of the policy; *slos* names whom it is for where not all share it."""

    number: str
    text: str
    slos: tuple[str, ...] = ()


Rules = tuple[tuple[str, str], ...]
"""Numbers and sentences."""


def rules(slo: Slo, probes: Mapping[str, Probe], noun: str, zone: str) -> Rules:
    """The rules of design §5, numbered, as applied to *slo* for a *noun* (``year``) in *zone*."""
    bounds = (
        f"The {noun} is the calendar {noun} in {zone}, at its true length. A sample "
        "belongs where its scheduled time falls: at or after the start, before the end. From "
        f"day to day it is judged over {words.window(slo.window)}."
    )
    return _rules(slo, probes, bounds=bounds, period=noun)


def rules_of_now(slo: Slo, probes: Mapping[str, Probe]) -> Rules:
    """The same rules as they are applied to *slo* at any instant."""
    rolling = isinstance(slo.window, Rolling)
    reaches = "after its beginning, up to now" if rolling else "at or after the start, up to now"
    window = (
        f"It is judged over {words.window(slo.window)}. A sample belongs where its scheduled time "
        f"falls: {reaches}."
    )
    return _rules(slo, probes, bounds=window, period="window" if rolling else "period")


def _rules(slo: Slo, probes: Mapping[str, Probe], *, bounds: str, period: str) -> Rules:
    said = {
        "R1": bounds,
        "R2": "Maintenance and corrections leave good and bad alike; their bounds are cut "
        "outward to whole minutes. Probing goes on inside them; no result is rewritten."
        f"{_only(slo, probes)}",
        "R3": "A sample that arrives twice is one sample, the last one wins, and the order of "
        "arrival changes nothing.",
        "R4": f"{_good(slo.sli)}{_step(slo)} Availability by events is good ÷ (good + bad). Where "
        "there was nothing to count it is unknown, which is neither 0% nor 100%.",
        "R5": "Burn rate is the share of bad events ÷ the share that the objective allows, "
        "1 − objective. Where it allows none, one bad event is infinitely fast.",
        "R6": f"Budget consumed is the burn rate over the {period}. What remains is 1 − consumed, "
        f"and can go below 0.{_in_progress(period)}",
        "R7": "An incident opens when both windows of a tier burn faster than its factor: "
        f"{_tiers(slo.tiers)}. {_reset(slo.reset)} With nothing to count in a window, the tier "
        f"{'keeps its state' if slo.no_data is NoData.HOLD else 'resolves'}."
        f"{_of_budget(slo)}",
        "R8": "Alerts are decided at every whole minute of UTC, and as soon as a sample arrives.",
        "R9": "By time, a sample speaks until the next one, for at most "
        f"{_valid_for(slo, probes)}. Other time is unknown. Downtime is the time of bad "
        "samples; availability by time is up ÷ (up + down).",
        "R10": _retries(slo.accounting.retries),
        "R11": "Void samples (we could not ask) and unknown time are neither up nor down. "
        "Coverage is the share of the time, maintenance left out, that we know about.",
        "R12": _together(slo, probes),
    }
    return tuple(said.items())


def _only(slo: Slo, probes: Mapping[str, Probe]) -> str:
    only = None if isinstance(slo.sli, Composite) else probes[slo.probes[0]].only
    return f" Nothing is asked but {only}; other time does not count either." if only else ""


def _reset(reset: Reset) -> str:
    if reset is Reset.WINDOW:
        return "It closes when they do not."
    return (
        "A page also takes failures that chance would hardly bring if the objective were just "
        "kept. It closes when the samples since could hardly have come from the incident."
    )


def of_budget(alert: BudgetAlert, watch: BudgetWatch) -> str:
    """What fires an alert about a budget: ``less than 25% of the budget is left``."""
    match alert.kind:
        case Kind.LOW:
            return f"less than {words.objective(alert.below)} of the budget is left"
        case Kind.EXHAUSTED:
            return "nothing of the budget is left"
        case Kind.FORECAST:
            far = f"{words.exactly(alert.over_ms)} from now"
            end = far if isinstance(watch.window, Rolling) else "the period's end"
            past = words.exactly(alert.over_ms)
            return f"nothing will be left by {end}, at the pace of the last {past}"


def _of_budget(slo: Slo) -> str:
    watch = slo.budget_watch
    if watch is None or not watch.alerts:
        return ""
    said = "; ".join(
        f"{alert.name} ({alert.severity}) when {of_budget(alert, watch)}" for alert in watch.alerts
    )
    return (
        f" The budget itself alerts: {said}. What is not known is taken to be good there, and an "
        "alert is over when a tenth of the budget more is left."
    )


def gathered(report: Report) -> list[Rule]:
    """Every rule of every SLO of *report* once, with the SLOs' names where they differ."""
    return once((slo.id, slo.rules) for service in report.services for slo in service.slos)


def once(of_slos: Iterable[tuple[str, Rules]]) -> list[Rule]:
    """Every rule once, with the names of the SLOs where they differ."""
    who: dict[str, dict[str, list[str]]] = {}
    for slo, numbered in of_slos:
        for number, text in numbered:
            who.setdefault(number, {}).setdefault(text, []).append(slo)
    return [
        Rule(number, text, tuple(slos) if len(texts) > 1 else ())
        for number, texts in who.items()
        for text, slos in texts.items()
    ]


def sli(what: Sli) -> str:
    """What the objective asks of a sample, in a few words."""
    match what:
        case Availability():
            return "good"
        case Latency(bound_us=us, inclusive=inclusive):
            least = "at most" if inclusive else "under"
            return f"answered in {least} {words.bound(us)}"
        case Slices(length_ms=length_ms):
            return f"of {words.exactly(length_ms)} {_of_slice(what)}"
        case Composite(parts=parts, mix=Mix(worst=True)):
            return f"of the worst of {', '.join(parts)}"
        case Composite(parts=parts, mix=mix):
            each = zip(parts, mix.weights, strict=True)
            return "of " + ", ".join(f"{part} (weight {weight})" for part, weight in each)


def parts(what: Sli, counts: Counts, objective: Fraction) -> list[str]:
    """What each part of a composite came to: ``99.95% home-fast, weight 3``; none of others."""
    if not isinstance(what, Composite) or not isinstance(counts, Mixed):
        return []
    return [
        f"{words.availability(part.sli, objective)} {name}"
        + ("" if what.mix.worst else f", weight {weight}")
        for name, weight, part in zip(what.parts, what.mix.weights, counts.parts, strict=True)
    ]


def _of_slice(what: Slices) -> str:
    """What makes a slice good, in a few words."""
    match what.rule:
        case Age(most_ms=most_ms):
            return f"that end no later than {words.exactly(most_ms)} after a good sample"
        case Ratio(share=share) if what.latency is None:
            return f"with at least {words.objective(share)} good samples"
        case Ratio(share=share):
            assert what.latency is not None
            least = "at most" if what.latency.inclusive else "under"
            bound = words.bound(what.latency.bound_us)
            return f"with a p{words.objective(share).removesuffix('%')} {least} {bound}"


def _in_progress(period: str) -> str:
    """A window that moves on is never in progress."""
    if period == "window":
        return ""
    return (
        f" While a {period} is in progress, reports for people show the share of the whole "
        f"{period}'s budget: consumed × the part that has passed."
    )


def _step(slo: Slo) -> str:
    """Of which step of a journey all of it is."""
    if not slo.step:
        return ""
    return (
        f" Only the step {slo.step} of its journeys is looked at; a run that did not reach it "
        "counts for nothing."
    )


def _good(what: Sli) -> str:
    match what:
        case Availability():
            return "A sample is good when everything that its probe expects was so."
        case Latency():
            return f"A sample is good when its probe's expectations held and it {sli(what)}."
        case Slices(gaps=gaps):
            gap = "no event" if gaps is Gaps.UNKNOWN else gaps.value
            return (
                f"Slices {sli(what)} are good. Each begins on a whole minute of UTC, and counts "
                f"when it is over; one without a sample is {gap}. What failed is slower than any "
                "bound."
            )
        case Composite(mix=mix):
            mean = "the greatest" if mix.worst else "the mean, by their weights,"
            unknown = (
                "unknown while any part is" if mix.needs_all else "of the parts that are known"
            )
            return f"The error ratio is {mean} of those {sli(what)}; it is {unknown}."


def _tiers(tiers: Iterable[Tier]) -> str:
    return "; ".join(
        f"{tier.name} ({tier.severity}) {words.factor(tier.factor)} over "
        f"{words.exactly(tier.long_ms)} and {words.exactly(tier.short_ms)}, "
        f"{words.many(tier.min_bad, 'bad sample')} at least"
        for tier in tiers
    )


def _valid_for(slo: Slo, probes: Mapping[str, Probe]) -> str:
    if slo.accounting.valid_for is not None:
        return words.exactly(slo.accounting.valid_for // words.MILLISECOND)
    if isinstance(slo.sli, Slices):
        return f"{words.exactly(2 * slo.sli.length_ms)}, twice the length of a slice"
    if isinstance(slo.sli, Composite):
        return "as long as its own SLO says"
    each = sorted({2 * probes[name].every // words.MILLISECOND for name in slo.probes})
    said = " or ".join(words.exactly(ms) for ms in each)
    return f"{said}, twice its probe's interval"


def _together(slo: Slo, probes: Mapping[str, Probe]) -> str:
    if isinstance(slo.sli, Composite):
        return (
            "Each part is counted by the rules of its own SLO. By time, the mean of the parts "
            "counts, or the one that was down most."
        )
    if not slo.accounting.in_rounds:
        return (
            "Samples of several probes and locations of one SLO are pooled, and their time is "
            "averaged."
        )
    least = slo.accounting.bad_if
    each = sorted({probes[name].every // words.MILLISECOND for name in slo.probes})
    said = " or ".join(words.exactly(ms) for ms in each)
    said = (
        f"Rounds of {said} are counted, and not samples: each when all of it was due at once, "
        "else at its end. "
    )
    if least is not None:
        said += (
            f"A round of a probe is bad if at least {words.many(least, 'location')} of those that "
            f"reported {'is' if least == 1 else 'are'} bad, and unknown if fewer reported. "
        )
    if slo.accounting.combine is Combine.ALL:
        said += "A round is bad if any of its probes is, and unknown if one did not report. "
    apart = "locations" if least is None else "probes"
    if least is None or slo.accounting.combine is Combine.POOL:
        said += f"Rounds of several {apart} are pooled, and their time is averaged."
    return said.rstrip()


def _retries(which: Retries) -> str:
    if which is Retries.FIRST:
        return "The first attempt counts; confirmations decide only whether to page."
    return "The last attempt counts: a failure that a confirmation took back is good."
