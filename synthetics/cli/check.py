"""``synthetics check``."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthetics.cli.common import config_option, environment, format_option, refuse

if TYPE_CHECKING:
    from synthetics.config.explain import SloMeaning, TierMeaning
    from synthetics.config.model import Config
    from synthetics.config.problems import Problem
    from synthetics.config.told import ToldOf

WIDTH = 80


@click.command
@click.argument("path", required=False, type=click.Path(path_type=Path))
@config_option()
@format_option()
def command(*, path: Path | None, config: Path, shape: str) -> None:
    """
    Read the configuration, say what is wrong, and what its alerts will do.

    PATH is a file or a directory of files; without it, that of --config.  Nothing is
    probed and nobody is told.  Exits with 2 if anything is wrong.
    """
    from synthetics.clock import SystemClock
    from synthetics.config.explain import advice, meaning
    from synthetics.config.load import load
    from synthetics.config.problems import ConfigError, render
    from synthetics.kinds import KindError

    now_ms, in_env = SystemClock().now_ms(), ""
    source, env = path or config, environment()
    try:
        read = load(source, environ=os.environ, env=env, reach_ms=now_ms)
        for other in () if env else read.environments:
            in_env = other
            load(source, environ=os.environ, env=other, reach_ms=now_ms)
    except ConfigError as error:
        if shape == "json":
            click.echo(_json({"environment": (env or in_env) or None, **_problems(error.problems)}))
        else:
            if in_env:
                click.echo(f"In the environment {in_env}, laid over the rest:\n", err=True)
            click.echo(render(error.problems), nl=False, err=True)
        raise SystemExit(2) from None
    except KindError as error:
        refuse(str(error))
    meanings = tuple(meaning(read, slo) for slo in read.slos.values())
    warnings = [*advice(read, meanings), *_gaps(read, now_ms)]
    if shape == "json":
        click.echo(_json(_meanings(read, meanings, warnings)))
    else:
        for line in _text(read, path or config, meanings, warnings):
            click.echo(line)


def _text(
    config: Config, path: Path, meanings: Sequence[SloMeaning], warnings: Sequence[str]
) -> Iterator[str]:
    from synthetics.words import many

    counted = [
        many(len(config.services), "service"),
        many(len(config.probes), "probe"),
        many(len(config.slos), "SLO"),
        many(len(config.receivers), "receiver"),
        many(len(config.routes), "route"),
    ]
    if config.maintenance:
        counted.append(many(len(config.maintenance), "maintenance window"))
    where = f" in the environment {config.environment}" if config.environment else ""
    yield f"{click.style(str(path), bold=True)} is fine{where}:"
    yield from _wrapped(f"{', '.join(counted)}.", "  ")
    if config.environments and not config.environment:
        yield from _wrapped(f"So are its environments: {', '.join(config.environments)}.", "  ")
    for what in meanings:
        yield ""
        yield from _slo(config, what)
    if any(what.tiers for what in meanings):
        yield ""
        yield from _legend()
    if warnings:
        yield ""
    for warning in warnings:
        yield from _wrapped(warning, "warning: ", click.style("warning: ", fg="yellow", bold=True))


def _slo(config: Config, what: SloMeaning) -> Iterator[str]:
    from synthetics import words

    slo = what.slo
    name = f"  {slo.name}" if slo.name != slo.id else ""
    yield f"{click.style(slo.id, bold=True)}{name}"
    window = _window(what)
    counted = slo.event
    yield from _wrapped(
        f"{words.objective(slo.objective)} of {counted}s {_good(what)}, over {window}",
        "  promise  ",
    )
    yield from _wrapped(_probes(config, what), "  probes   ")
    yield from _wrapped(
        f"{words.count(what.budget_samples)} of {words.many(what.samples, counted)} may be bad, "
        f"or {words.allowed(what.budget_ms)} be down, in {words.exactly(what.window_ms)}",
        "  budget   ",
    )
    if not what.tiers:
        yield "  alerts   none: its policy has no tiers"
        return
    rows = [
        ["", "tells", "windows", "burns above", "smallest outage", "within", "over", "by chance"]
    ]
    rows += [_tier(tier) for tier in what.tiers]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    for i, row in enumerate(rows):
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        line = "  " + "  ".join(cells).rstrip()
        yield click.style(line, dim=True) if i == 0 else line
    yield from _told(config, what)


def _told(config: Config, what: SloMeaning) -> Iterator[str]:
    """Who would be told: a line for each severity and route."""
    from synthetics.config.told import in_words, told_of

    found = list(told_of(config, what.slo.id))
    head = "  told     "
    for one in found:
        alone = sum(1 for other in found if other.severity is one.severity) == 1
        who = f"{one.severity}" + ("" if alone else f" ({', '.join(one.tiers)})")
        routes = [in_words(route) for route in one.routes] or ["nobody"]
        for said in routes:
            yield from _wrapped(said, f"{head}{who:<7} ")
            head, who = " " * len(head), " " * len(who)


def _gaps(config: Config, now_ms: int) -> Iterator[str]:
    """Rotations that leave times to nobody."""
    from synthetics.config.reach import gaps, idle
    from synthetics.config.told import during

    for name, gap in gaps(config, now_ms):
        zone = config.rotations[name].zone
        yield f"rotation {name}: nobody is on call {during(gap, zone)}"
    for place in idle(config):
        yield f"routes[{place}] takes no alert of any SLO there is"


def _good(what: SloMeaning) -> str:
    from synthetics import words
    from synthetics.config.model import Availability, Latency
    from synthetics.reports import rules

    match what.slo.sli:
        case Availability():
            said = "good"
        case Latency() as latency:
            within = "within" if latency.inclusive else "in under"
            said = f"good {within} {words.bound(latency.bound_us)}"
        case other:
            said = rules.sli(other)
    return said + (f" at step {what.slo.step}" if what.slo.step else "")


def _window(what: SloMeaning) -> str:
    from slo.window import Calendar
    from synthetics import words

    said = words.window(what.slo.window)
    return said if isinstance(what.slo.window, Calendar) else f"the last {said}"


def _probes(config: Config, what: SloMeaning) -> str:
    from synthetics.config.describe import duration_text

    shown = []
    for name in what.slo.probes[:5]:
        probe = config.probes[name]
        again = ""
        if probe.confirm:
            times = "once" if probe.confirm.attempts == 1 else f"{probe.confirm.attempts} times"
            again = f", a failure asked again {times} after {duration_text(probe.confirm.after)}"
        only = f", only {probe.only}" if probe.only else ""
        shown.append(f"{name} every {duration_text(probe.every)}{only}{again}")
    more = len(what.slo.probes) - len(shown)
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


def _tier(what: TierMeaning) -> list[str]:
    from synthetics import words

    tier, outage = what.tier, what.outage
    return [
        tier.name,
        tier.severity,
        f"{words.exactly(tier.long_ms)}/{words.exactly(tier.short_ms)}",
        words.factor(tier.factor),
        f"{words.exactly(outage.lasting_ms)}, {outage.samples} bad" if outage else "none fires it",
        words.exactly(outage.found_within_ms) if outage else "",
        words.exactly(what.resolves_within_ms) if what.resolves_within_ms else "",
        _chance(what.false_alarms),
    ]


def _chance(times: float) -> str:
    if times < 0.001:
        return "<0.001"
    return f"{times:.3f}" if times < 1 else f"{times:,.1f}"


def _legend() -> Iterator[str]:
    yield from _wrapped(
        "A tier fires when its long and its short window both burn faster than that; unless "
        "`reset: window` is set, a page also takes failures that are more than chance. "
        "Smallest outage: a shorter one never fires it. Within: one that lasts so long always "
        "does, by then. Over: it resolves so long after such an outage, or sooner. By chance: how "
        "often in 30 days, at most, it would fire if 0.1% of attempts were lost and nothing else "
        "was wrong.",
        "",
    )


def _wrapped(text: str, head: str, styled: str = "") -> Iterator[str]:
    import textwrap

    lines = textwrap.wrap(
        text, WIDTH - len(head), break_long_words=False, break_on_hyphens=False
    ) or [""]
    yield (styled or head) + lines[0]
    yield from (" " * len(head) + line for line in lines[1:])


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=2)


def _problems(problems: Sequence[Problem]) -> dict[str, Any]:
    return {
        "problems": [
            {
                "file": problem.file,
                "line": problem.line or None,
                "column": problem.column or None,
                "path": problem.path,
                "what": problem.what,
                "mend": problem.mend,
            }
            for problem in problems
        ]
    }


def _meanings(
    config: Config, meanings: Sequence[SloMeaning], warnings: Sequence[str]
) -> dict[str, Any]:
    from synthetics.config.told import told_of
    from synthetics.words import decimal, seconds

    return {
        "problems": [],
        "warnings": list(warnings),
        "files": [str(file) for file in config.sources],
        "environment": config.environment or None,
        "environments": list(config.environments),
        "services": len(config.services),
        "probes": len(config.probes),
        "receivers": len(config.receivers),
        "routes": len(config.routes),
        "maintenance": len(config.maintenance),
        "slos": [
            {
                "id": what.slo.id,
                "service": what.slo.service,
                "objective": decimal(what.slo.objective),
                "window_s": seconds(what.window_ms),
                "samples": what.samples,
                "budget_samples": what.budget_samples,
                "budget_s": seconds(what.budget_ms),
                "tiers": [_tier_data(tier) for tier in what.tiers],
                "told": [_told_data(one) for one in told_of(config, what.slo.id)],
            }
            for what in meanings
        ],
    }


def _told_data(one: ToldOf) -> dict[str, Any]:
    from synthetics.words import seconds

    return {
        "severity": one.severity.value,
        "tiers": list(one.tiers),
        "routes": [
            {
                "to": list(route.to),
                "when": route.when_said or None,
                "default": route.default,
                "escalation": [
                    {"after_s": seconds(step.after // timedelta(milliseconds=1)), "to": [*step.to]}
                    for step in (route.escalation.steps if route.escalation else ())
                ],
            }
            for route in one.routes
        ],
    }


def _tier_data(what: TierMeaning) -> dict[str, Any]:
    from synthetics.words import seconds

    tier, outage = what.tier, what.outage
    return {
        "name": tier.name,
        "severity": tier.severity,
        "long_s": seconds(tier.long_ms),
        "short_s": seconds(tier.short_ms),
        "factor": float(tier.factor),
        "min_bad": tier.min_bad,
        "smallest_outage_s": seconds(outage.lasting_ms) if outage else None,
        "smallest_outage_samples": outage.samples if outage else None,
        "fires_within_s": seconds(outage.found_within_ms) if outage else None,
        "resolves_within_s": seconds(what.resolves_within_ms) if what.resolves_within_ms else None,
        "false_alarms_per_month": round(what.false_alarms, 6),
    }
