"""A configuration as OpenSLO v1 documents; what they cannot say is named in comments."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import yaml

from slo.policy import NoData, Reset, Tier
from synthetics.config.model import Availability, Config, Latency, Retries, Service, Slo
from synthetics.config.openslo.windows import CannotSay, said, short

VERSION: Final = "openslo/v1"
SOURCE: Final = "synthetics"
"""Type and name of the data source: whoever reads the documents asks us for samples."""
AT_ONCE: Final = "1m"
"""The least that can be said: a decision is taken each minute."""
NOBODY: Final = "nobody"
"""The target of an alert that no route brings to anybody; there has to be one."""
SHORT: Final = "synthetics.short-window"

_HEAD: Final = """\
# Made by `synthetics slo export`. Probes, receivers' addresses and routes are not here: OpenSLO
# has no words for them. What else cannot be said is named at each SLO.
"""


def write(config: Config) -> str:
    """Services, SLIs, SLOs, alert policies and whom they tell, as YAML documents."""
    parts = [_HEAD]
    details = {"url": config.public_url} if config.public_url else {}
    source = {"type": SOURCE, "connectionDetails": details}
    parts.append(_document("DataSource", SOURCE, "", source))
    parts += [_service(service) for service in config.services.values()]
    for receiver in config.receivers.values():
        spec = {"target": receiver.kind}
        parts.append(_document("AlertNotificationTarget", receiver.id, "", spec))
    parts.append(_document("AlertNotificationTarget", NOBODY, "", {"target": "none"}))
    for slo in config.slos.values():
        parts += _slo(config, slo)
    return "---\n".join(parts)


def _document(
    kind: str,
    name: str,
    shown: str,
    spec: dict[str, Any],
    *,
    notes: dict[str, str] | None = None,
    comments: tuple[str, ...] = (),
) -> str:
    metadata: dict[str, Any] = {"name": name}
    if shown and shown != name:
        metadata["displayName"] = shown
    if notes:
        metadata["annotations"] = notes
    whole = {"apiVersion": VERSION, "kind": kind, "metadata": metadata, "spec": spec}
    text = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=1000)
    return "".join(f"# {comment}\n" for comment in comments) + text


def _service(service: Service) -> str:
    notes = {
        f"synthetics.{key}": value
        for key in ("owner", "runbook", "dashboard")
        if (value := getattr(service, key))
    }
    return _document("Service", service.id, service.name, {}, notes=notes)


def _slo(config: Config, slo: Slo) -> Iterator[str]:
    try:
        indicator, objective = _indicator(slo)
        window = said(slo.window)
    except CannotSay as error:
        yield f"# SLO {slo.id} is left out: OpenSLO cannot say {error}.\n"
        return
    alerts, limits = [], list(_limits(slo))
    documents = []
    for tier in slo.tiers:
        try:
            documents += _alert(config, slo, tier)
        except CannotSay as error:
            limits.append(f"the tier {tier.name} is left out, as it has {error}")
        else:
            alerts.append({"alertPolicyRef": f"{slo.id}-{tier.name}"})
    spec = {
        "service": slo.service,
        "indicatorRef": slo.id,
        "timeWindow": [window],
        "budgetingMethod": "Occurrences",
        "objectives": [{**objective, "target": float(slo.objective)}],
        "alertPolicies": alerts,
    }
    yield _document("SLI", slo.id, "", indicator)
    comments = tuple(f"Cannot be said: {limit}." for limit in limits)
    yield _document("SLO", slo.id, slo.name, spec, comments=comments)
    yield from documents


def _indicator(slo: Slo) -> tuple[dict[str, Any], dict[str, Any]]:
    """The SLI, and what an objective says of it."""
    if slo.objective == 1:
        raise CannotSay("an objective of 100%")
    if slo.step:
        raise CannotSay(f"that only the step {slo.step} counts")
    if slo.accounting.in_rounds:
        raise CannotSay("that rounds are counted")
    match slo.sli:
        case Availability():
            good = _metric({"probes": list(slo.probes), "outcome": "good"})
            total = _metric({"probes": list(slo.probes), "outcome": "valid"})
            return {"ratioMetric": {"counter": True, "good": good, "total": total}}, {}
        case Latency(bound_us=bound_us, inclusive=inclusive):
            metric = _metric({"probes": list(slo.probes), "measure": "milliseconds"})
            value = bound_us // 1000 if bound_us % 1000 == 0 else bound_us / 1000
            return {"thresholdMetric": metric}, {"op": "lte" if inclusive else "lt", "value": value}
        case _:
            raise CannotSay("slices of time and composites as we count them")


def _metric(spec: dict[str, Any]) -> dict[str, Any]:
    return {"metricSource": {"metricSourceRef": SOURCE, "type": SOURCE, "spec": spec}}


def _limits(slo: Slo) -> Iterator[str]:
    """What *slo* wants and no document says."""
    if slo.accounting.retries is Retries.LAST:
        yield "`retries: last`, that the last attempt counts"
    if slo.accounting.valid_for is not None:
        yield "`valid_for`, how long a sample speaks"
    if slo.tiers:
        yield "the short window of a tier; it is an annotation, which only we read"
        yield f"`min_bad: {slo.tiers[0].min_bad}`"
        if slo.reset is Reset.EVIDENCE:
            yield "`reset: evidence`"
        if slo.no_data is NoData.RESOLVE:
            yield "`no_data: resolve`"
    for alert in slo.budget_watch.alerts if slo.budget_watch else ():
        yield f"`{alert.name}`, a {alert.severity}"


def _alert(config: Config, slo: Slo, tier: Tier) -> list[str]:
    name = f"{slo.id}-{tier.name}"
    condition = {
        "severity": tier.severity,
        "condition": {
            "kind": "burnrate",
            "op": "gt",
            "threshold": float(tier.factor),
            "lookbackWindow": short(tier.long_ms),
            "alertAfter": AT_ONCE,
        },
    }
    told = {
        receiver: None
        for route in config.routes
        if route.severity == tier.severity and (not route.services or slo.service in route.services)
        for receiver in route.to
        if receiver in config.receivers
    }
    policy = {
        "alertWhenBreaching": True,
        "alertWhenResolved": True,
        "alertWhenNoData": False,
        "conditions": [{"conditionRef": name}],
        "notificationTargets": [{"targetRef": name} for name in told or [NOBODY]],
    }
    notes = {SHORT: short(tier.short_ms)}
    return [
        _document("AlertCondition", name, "", condition, notes=notes),
        _document("AlertPolicy", name, "", policy),
    ]
