"""OpenSLO v1 documents as a configuration; what it cannot say is named with its line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

import yaml
from yaml.nodes import Node

from slo.window import Calendar, Rolling
from synthetics.config.openslo.part import Part, Unsaid
from synthetics.config.openslo.windows import MONTHS, CannotSay, milliseconds, read
from synthetics.config.openslo.write import AT_ONCE, NOBODY, SHORT, SOURCE, VERSION

SEVERITIES: Final = {"page", "ticket", "log"}
OURS: Final = ("owner", "runbook", "dashboard")


@dataclass(slots=True)
class Reading:
    """
    What documents come to.

    Attributes:
        services: By identifier, as in a configuration.
        slos: The same.
        unsaid: What was left out, in the order of the lines.
    """

    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    slos: dict[str, dict[str, Any]] = field(default_factory=dict)
    unsaid: list[Unsaid] = field(default_factory=list)

    def yaml(self) -> str:
        """The configuration; probes are not in it, as OpenSLO has none."""
        whole = {"services": self.services, "slos": self.slos}
        text: str = yaml.safe_dump(whole, sort_keys=False, allow_unicode=True, width=100)
        return text


def read_openslo(text: str) -> Reading:
    """
    Read all documents of *text*.

    Raises:
        CannotSay: It is no YAML; the message says where.
    """
    try:
        roots: list[Node] = list(yaml.compose_all(text, yaml.SafeLoader))
    except yaml.YAMLError as error:
        raise CannotSay(f"what is no YAML: {error}") from None
    reading = Reading()
    objects: dict[tuple[str, str], Part] = {}
    for root in roots:
        part = Part(root, 1)
        if "kind" not in part:
            continue  # only comments
        version, kind = part.text("apiVersion"), part.text("kind")
        if version != VERSION:
            reading.unsaid.append(Unsaid(part.line, f"a document of version {version or 'none'}"))
            continue
        name = part.part("metadata").text("name")
        objects[kind, name] = part
    for (kind, name), part in objects.items():
        match kind:
            case "Service":
                reading.services[name] = _service(reading, name, part)
            case "SLO":
                _slo(reading, name, part, objects)
            case "SLI" | "AlertCondition" | "AlertPolicy":
                pass  # read where it is referred to
            case "DataSource" if part.part("spec").text("type") == SOURCE:
                pass
            case "AlertNotificationTarget" if name == NOBODY:
                pass
            case "AlertNotificationTarget":
                what = f"the target {name}; write a receiver and a route for it"
                reading.unsaid.append(Unsaid(part.line, what))
            case _:
                reading.unsaid.append(Unsaid(part.line, f"the {kind} {name}"))
    for slo in reading.slos.values():
        reading.services.setdefault(slo["service"], {})
    reading.unsaid.sort(key=lambda each: each.line)
    return reading


def _service(reading: Reading, name: str, part: Part) -> dict[str, Any]:
    metadata = part.part("metadata")
    metadata.skip("name")
    found: dict[str, Any] = {}
    if shown := metadata.text("displayName"):
        found["name"] = shown
    notes = metadata.part("annotations")
    for key in OURS:
        if value := notes.text(f"synthetics.{key}"):
            found[key] = value
    _left_over(reading, f"service {name}", metadata, notes, part.part("spec"))
    return found


def _left_over(reading: Reading, whose: str, *parts: Part) -> None:
    for part in parts:
        for each in part.rest():
            reading.unsaid.append(Unsaid(each.line, f"{each.what} of {whose}"))


def _slo(reading: Reading, name: str, part: Part, objects: Mapping[tuple[str, str], Part]) -> None:
    metadata, spec = part.part("metadata"), part.part("spec")
    metadata.skip("name")
    shown = metadata.text("displayName")
    try:
        found, parts = _promise(spec, objects)
    except CannotSay as error:
        reading.unsaid.append(Unsaid(spec.line, f"the SLO {name}: {error}"))
        return
    if shown:
        found["name"] = shown
    tiers = list(_tiers(reading, name, spec, objects))
    if tiers or spec.empty("alertPolicies"):
        found["alerting"] = {"tiers": tiers}
    _left_over(reading, f"SLO {name}", metadata, spec, *parts)
    reading.slos[name] = found


def _promise(
    spec: Part, objects: Mapping[tuple[str, str], Part]
) -> tuple[dict[str, Any], tuple[Part, ...]]:
    """What is promised of what, over which window; and the parts where it stood."""
    method = spec.text("budgetingMethod")
    if method != "Occurrences":
        raise CannotSay(f"the budgeting method {method or 'that is none'}")
    windows, objectives = spec.parts("timeWindow"), spec.parts("objectives")
    if len(windows) != 1 or len(objectives) != 1:
        raise CannotSay(f"{len(windows)} windows and {len(objectives)} objectives, not one each")
    (window,), (objective,) = windows, objectives
    objective.skip("displayName")
    found: dict[str, Any] = {
        "service": spec.text("service"),
        **_indicator(spec, objective, objects),
        "objective": _target(objective),
        "window": _window(window),
    }
    return found, (objective, window)


def _indicator(
    spec: Part, objective: Part, objects: Mapping[tuple[str, str], Part]
) -> dict[str, Any]:
    reference = spec.text("indicatorRef")
    inline = spec.part("indicator")
    if reference:
        if ("SLI", reference) not in objects:
            raise CannotSay(f"the indicator {reference} is not in the file")
        inline = objects["SLI", reference]
    sli = inline.part("spec")
    if "thresholdMetric" in sli:
        probes = _probes(sli.part("thresholdMetric"))
        operator, value = objective.text("op"), _number(objective.text("value"))
        keys = {"lt": "under", "lte": "at_most"}
        if operator not in keys:
            raise CannotSay(f"a threshold by `{operator}`; a latency is `lt` or `lte`")
        us = value * 1000
        if us.denominator != 1 or us <= 0:
            raise CannotSay(f"a latency of {objective.text('value')} ms")
        bound = f"{us // 1000}ms" if us % 1000 == 0 else f"{float(value)}ms"
        return {"probes": probes, "sli": {"latency": {keys[operator]: bound}}}
    ratio = sli.part("ratioMetric")
    if "good" not in ratio or "total" not in ratio:
        raise CannotSay("a ratio that is not good ÷ total")
    objective.skip("op")
    return {"probes": _probes(ratio.part("good"))}


def _probes(metric: Part) -> list[str]:
    source = metric.part("metricSource")
    kind = source.text("type") or source.text("metricSourceRef")
    if kind != SOURCE:
        raise CannotSay(f"a query to {kind or 'nobody knows whom'}; we ask by probes")
    probes = source.part("spec").words("probes")
    if not probes:
        raise CannotSay("no probes to count")
    return probes


def _target(objective: Part) -> str:
    if "target" in objective:
        share = _number(objective.text("target"))
    elif "targetPercent" in objective:
        share = _number(objective.text("targetPercent")) / 100
    else:
        raise CannotSay("an objective without a target")
    if not 0 < share <= 1:
        raise CannotSay(f"a target of {float(share)}")
    percent = Decimal((share * 100).numerator) / Decimal((share * 100).denominator)
    return f"{percent:f}%"


def _number(text: str) -> Fraction:
    try:
        return Fraction(Decimal(text))
    except (InvalidOperation, ValueError, OverflowError):
        raise CannotSay(f"{text!r}, which is no number") from None


def _window(part: Part) -> str | dict[str, str]:
    calendar = part.part("calendar")
    found = read(
        part.text("duration"),
        rolling=part.text("isRolling") == "true",
        start=calendar.text("startTime"),
        zone=calendar.text("timeZone"),
    )
    if isinstance(found, Rolling):
        return _written(found.length_ms)
    return _calendar(found)


def _calendar(window: Calendar) -> dict[str, str]:
    said = {"calendar": window.unit, "timezone": window.timezone.key}
    if window.unit == "fiscal-year" or window.starts != 1:
        said["starts"] = MONTHS[window.starts - 1]
    return said


def _written(ms: int) -> str:
    """A length of time in whole minutes, as a configuration has it."""
    for unit, size in (("d", 86_400_000), ("h", 3_600_000)):
        if ms % size == 0:
            return f"{ms // size}{unit}"
    return f"{ms // 60_000}m"


def _tiers(
    reading: Reading, slo: str, spec: Part, objects: Mapping[tuple[str, str], Part]
) -> Iterator[dict[str, Any]]:
    for item in spec.parts("alertPolicies"):
        try:
            yield _tier(slo, _policy(item, objects), objects)
        except CannotSay as error:
            reading.unsaid.append(Unsaid(item.line, f"an alert of the SLO {slo}: {error}"))


def _policy(item: Part, objects: Mapping[tuple[str, str], Part]) -> Part:
    name = item.text("alertPolicyRef")
    if not name:
        return item
    if ("AlertPolicy", name) not in objects:
        raise CannotSay(f"the alert policy {name} is not in the file")
    return objects["AlertPolicy", name]


def _tier(slo: str, policy: Part, objects: Mapping[tuple[str, str], Part]) -> dict[str, Any]:
    conditions = policy.part("spec").parts("conditions")
    if len(conditions) != 1:
        raise CannotSay(f"{len(conditions)} conditions, not one")
    reference = conditions[0].text("conditionRef")
    whole = objects.get(("AlertCondition", reference)) if reference else conditions[0]
    if whole is None:
        raise CannotSay(f"the condition {reference} is not in the file")
    metadata, spec = whole.part("metadata"), whole.part("spec")
    condition = spec.part("condition")
    if condition.text("kind") != "burnrate" or condition.text("op") not in {"gt", "gte"}:
        raise CannotSay("a condition that is no burn rate above something")
    severity = spec.text("severity")
    if severity not in SEVERITIES:
        raise CannotSay(f"the severity {severity}; there are page, ticket and log")
    short = metadata.part("annotations").text(SHORT)
    if not short:
        raise CannotSay("a condition without a short window; write the tier by hand")
    if condition.text("alertAfter") not in {"", AT_ONCE}:
        raise CannotSay("a condition that has to last for a while before it alerts")
    if condition.text("op") == "gte":
        raise CannotSay("a burn rate of at least something; ours must pass it")
    return {
        "name": metadata.text("name").removeprefix(f"{slo}-"),
        "severity": severity,
        "factor": float(_number(condition.text("threshold"))),
        "long": _written(milliseconds(condition.text("lookbackWindow"))),
        "short": _written(milliseconds(short)),
    }
