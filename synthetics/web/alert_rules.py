"""
Alert policies as rules for Prometheus, over the metrics that the service shows.

The rules compare the very counts that the service decides by, so maintenance, corrections,
retries, latency bounds and rounds are in them.  What a rule cannot say is named in a comment.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from fractions import Fraction
from typing import Final

from slo.budget_alerts import BudgetAlert, Kind
from slo.policy import NoData, Reset, Tier
from synthetics import words
from synthetics.config.model import Composite, Config, Service, Slo
from synthetics.web.metrics import WINDOW_EVENTS

FAILED: Final = 'mark=~"bad|blip"'
CONFIRMED: Final = 'mark="bad"'
BUDGET_LEFT: Final = "synthetics_slo_error_budget_left_ratio"
VALUE: Final = "{{ $value | humanizePercentage }}"

_HEAD: Final = """\
# Made by `synthetics slo rules`; make them anew when the configuration changes.
#
# Synthetics decides at every whole minute and as samples arrive; Prometheus sees what it scraped
# last, and decides when it evaluates. `routes` are not here: whom Alertmanager tells is for its
# own configuration to say. What else cannot be said is named at each SLO.
groups:
  - name: synthetics
    rules:
      # While no instance is scraped, nothing below can fire.
      - alert: SyntheticsGone
        expr: absent(synthetics_ready)
        for: 5m
        labels:
          severity: page
        annotations:
          summary: "Synthetics is gone: no objective is watched"
"""


def alert_rules(config: Config) -> str:
    """Recording and alerting rules for every SLO of *config*, by identifier, as YAML."""
    parts = [_HEAD]
    for slo in sorted(config.slos.values(), key=lambda slo: slo.id):
        parts += _group(slo, config.services[slo.service])
    return "\n".join(parts)


def _group(slo: Slo, service: Service) -> Iterator[str]:
    said = f"{slo.id}: {words.objective(slo.objective)} over {words.window(slo.window)}"
    alerts = [each for each in _of_budgets(slo) if each.kind is not Kind.FORECAST]
    if not slo.tiers and not alerts:
        yield f"  # {said}. No rule can say what alerts there, if anything does.\n"
        return
    if isinstance(slo.sli, Composite):
        yield f"  # {said}. What is made of other SLOs cannot be said; alert on its parts.\n"
        return
    lines = [f"  # {said}", *(f"  # - {limit}" for limit in _limits(slo))]
    lines += [f"  - name: {json.dumps('synthetics-slo-' + slo.id)}", "    rules:"]
    for length_ms in sorted({ms for tier in slo.tiers for ms in (tier.short_ms, tier.long_ms)}):
        lines += _record(slo, words.exactly(length_ms))
    for tier in slo.tiers:
        lines += _alert(slo, tier, service)
    for alert in alerts:
        lines += _of_budget(slo, alert, service)
    yield "".join(f"{line}\n" for line in lines)


def _limits(slo: Slo) -> Iterator[str]:
    """What *slo* wants and a rule cannot say."""
    if slo.reset is Reset.EVIDENCE:
        yield "`reset: evidence` cannot be said; the two windows alone decide, as with `window`."
    if slo.no_data is NoData.HOLD:
        yield "`no_data: hold` cannot be said; with nothing to count in a window, the alert ends."
    if slo.accounting.in_rounds:
        yield "Rounds over instances cannot be said; each counts its own, and they are added up."
    for alert in _of_budgets(slo):
        if alert.kind is Kind.FORECAST:
            yield f"`{alert.name}` cannot be said."
        else:
            yield f"That `{alert.name}` holds until a tenth more is left cannot be said."


def _of_budgets(slo: Slo) -> tuple[BudgetAlert, ...]:
    return slo.budget_watch.alerts if slo.budget_watch else ()


def _record(slo: Slo, window: str) -> Iterator[str]:
    yield f"      - record: {_ratio(window)}"
    yield "        expr: |"
    yield f"          {_events(slo, window, FAILED)}"
    yield f"            / ({_events(slo, window)} > 0)"
    yield from _labels(service=slo.service, slo=slo.id)


def _alert(slo: Slo, tier: Tier, service: Service) -> Iterator[str]:
    long, short = words.exactly(tier.long_ms), words.exactly(tier.short_ms)
    above = tier.factor * (1 - slo.objective)
    one = f'{{slo="{slo.id}"}}'
    yield "      - alert: SyntheticsSloBurnRate"
    yield "        expr: |"
    yield f"          {_ratio(long)}{one} > {_number(above)}"
    yield f"            and {_ratio(short)}{one} > {_number(above)}"
    yield f"            and {_events(slo, long, CONFIRMED)} >= {tier.min_bad}"
    yield from _labels(severity=tier.severity, service=slo.service, slo=slo.id, tier=tier.name)
    allowed = words.objective(1 - slo.objective)
    yield from _annotations(
        service,
        summary=f"{service.name}: {slo.name} burns its error budget over "
        f"{words.factor(tier.factor)} as fast as allowed",
        description=f"{VALUE} failed in the last {long}, and it went on in the last {short}; "
        f"{allowed} may, over {words.window(slo.window)}.",
    )


def _of_budget(slo: Slo, alert: BudgetAlert, service: Service) -> Iterator[str]:
    limit = f"< {_number(alert.below)}" if alert.kind is Kind.LOW else "<= 0"
    little = "nothing" if alert.kind is Kind.EXHAUSTED else "little"
    yield "      - alert: SyntheticsSloBudget"
    yield f'        expr: min by (service, slo) ({BUDGET_LEFT}{{slo="{slo.id}"}}) {limit}'
    yield from _labels(severity=alert.severity, service=slo.service, slo=slo.id, tier=alert.name)
    yield from _annotations(
        service,
        summary=f"{service.name}: {little} of the error budget of {slo.name} is left",
        description=f"{VALUE} is left of what may fail over {words.window(slo.window)}.",
    )


def _annotations(service: Service, *, summary: str, description: str) -> Iterator[str]:
    yield "        annotations:"
    annotations = {
        "summary": _plain(summary),
        "description": description,
        "runbook_url": _plain(service.runbook),
        "dashboard_url": _plain(service.dashboard),
        "owner": _plain(service.owner),
    }
    for name, value in annotations.items():
        if value:
            yield f"          {name}: {json.dumps(value, ensure_ascii=False)}"


def _labels(**labels: str) -> Iterator[str]:
    yield "        labels:"
    for name, value in labels.items():
        yield f"          {name}: {json.dumps(value)}"


def _ratio(window: str) -> str:
    return f"service_slo:{WINDOW_EVENTS}:error_ratio_{window}"


def _events(slo: Slo, window: str, further: str = "") -> str:
    chosen = ", ".join(filter(None, (f'slo="{slo.id}"', f'window="{window}"', further)))
    return f"sum by (service, slo) ({WINDOW_EVENTS}{{{chosen}}})"


def _number(ratio: Fraction) -> str:
    """
    *ratio* as the float next to it.

    Prometheus divides counts to the nearest float as well, so that a share which is exactly
    at the threshold is equal to it there too, and is not above it.
    """
    return repr(float(ratio))


def _plain(text: str) -> str:
    """*text* as it is read by the templates of Prometheus."""
    return text.replace("{{", '{{ "{{" }}')
