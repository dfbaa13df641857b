"""``synthetics probe``: ask once, now, and print what was seen."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from textwrap import wrap
from typing import TYPE_CHECKING, Any

import click

from synthetics.cli import heard
from synthetics.cli.common import config_option, db_option, format_option, loaded, refuse

if TYPE_CHECKING:
    from probes.result import Phases, Result, StepResult
    from synthetics.config.model import Config, Probe

WIDTH = 80
NAME_WIDTH = 21
_BODY_SHOWN = 4 * 65
TOGETHER = 20
"""Most probes asked at the same time."""

_COLOURS = {"good": "green", "bad": "red", "void": "yellow", "skipped": "bright_black"}
_SIGNS = {"good": "✓", "bad": "✗", "void": "?", "skipped": "·"}


@click.command
@click.argument("names", nargs=-1, metavar="[NAME]...")
@config_option()
@db_option("Database to read what jobs have reported.")
@format_option()
def command(names: tuple[str, ...], config: Path, db: Path, shape: str) -> None:
    """
    Ask probes once, now, and print what they saw.

    Without a NAME, all of them.  Nothing is stored and nobody is told.  A heartbeat cannot
    be asked: of it is printed when it was last heard, and when it is due.  Exits with 1
    if any was not good, with 2 if the configuration is wrong.
    """
    read = loaded(config)
    chosen = _chosen(read, names)
    probes = [probe for probe in chosen if not probe.listens]
    jobs = _heard(read, [probe for probe in chosen if probe.listens], db)
    results = asyncio.run(_ask_all(read, probes))
    colour = False if os.environ.get("NO_COLOR") else None
    if shape == "json":
        shown = [_as_json(probe, result) for probe, result in zip(probes, results, strict=True)]
        shown += [heard.as_json(job) for job in jobs]
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2, default=_plain))
    else:
        for line in _text(probes, results, jobs):
            click.echo(line, color=colour)
    outcomes = [*(str(result.outcome) for result in results), *(job.outcome for job in jobs)]
    raise SystemExit(0 if {"good", heard.NOT_YET}.issuperset(outcomes) else 1)


def _heard(config: Config, probes: Sequence[Probe], database: Path) -> Sequence[heard.Heard]:
    """What is known of *probes*, which are not asked."""
    from synthetics.store import StoreError

    try:
        return heard.read(config, probes, database) if probes else ()
    except StoreError as error:
        refuse(str(error))


def _chosen(config: Config, names: Sequence[str]) -> list[Probe]:
    for name in names:
        if name not in config.probes:
            near = get_close_matches(name, config.probes, n=1)
            hint = f"; did you mean {near[0]}?" if near else ""
            refuse(f"there is no probe {name}{hint}")
    return [config.probes[name] for name in dict.fromkeys(names or config.probes)]


async def _ask_all(config: Config, probes: Sequence[Probe]) -> list[Result]:
    from probes.watch import Shared

    shared = Shared()
    places = asyncio.Semaphore(TOGETHER)
    shows = len(probes) > 1 and sys.stderr.isatty()
    asked = 0

    async def ask(probe: Probe) -> Result:
        nonlocal asked
        async with places:
            result = await _ask(config, probe, shared)
        asked += 1
        if shows:
            click.echo(f"\rasked {asked} of {len(probes)}", nl=False, err=True)
        return result

    try:
        return await asyncio.gather(*map(ask, probes))
    finally:
        if shows:
            click.echo("\r\x1b[K", nl=False, err=True)
        await shared.close()


async def _ask(config: Config, probe: Probe, shared: Any) -> Result:
    """One attempt; a kind that does not keep its own time is stopped a little later."""
    from probes.watch import Watch
    from synthetics.clock import SystemClock
    from synthetics.kinds import probe_kinds

    timeout_s = probe.timeout.total_seconds()
    watch = Watch(
        clock=SystemClock(),
        timeout_s=timeout_s,
        shared=shared,
        mask=config.mask,
        denied=config.denied,
        allowed=config.allowed,
    )
    try:
        async with asyncio.timeout(timeout_s + 0.25):
            result: Result = await probe_kinds()[probe.kind].act(probe.options, watch)
    except TimeoutError:
        return watch.bad("timeout", f"not done after {timeout_s:g} s")
    return result


def _as_json(probe: Probe, result: Result) -> dict[str, Any]:
    return {
        "probe": probe.id,
        "service": probe.service,
        "kind": probe.kind,
        **asdict(result),
    }


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _text(
    probes: Sequence[Probe], results: Sequence[Result], jobs: Sequence[heard.Heard]
) -> Iterator[str]:
    from synthetics.clock import SystemClock

    for number, (probe, result) in enumerate(zip(probes, results, strict=True)):
        if number:
            yield ""
        yield from _one(probe, result)
    at_ms = SystemClock().now_ms()
    for number, job in enumerate(jobs):
        if number or results:
            yield ""
        yield from heard.text(job, at_ms)
    if len(results) > 1:
        good = sum(result.outcome == "good" for result in results)
        yield ""
        yield click.style(f"{good} of {len(results)} good", bold=True)


def _one(probe: Probe, result: Result) -> Iterator[str]:
    colour = _COLOURS[result.outcome]
    verdict = f"{result.outcome}: {result.reason}" if result.reason else str(result.outcome)
    yield (
        f"{click.style(_SIGNS[result.outcome], fg=colour, bold=True)} "
        f"{click.style(probe.id, bold=True)}  {click.style(verdict, fg=colour)}"
        f"  {_time(result.duration_s)}"
    )
    for line in wrap(result.detail, WIDTH - 4):
        yield f"    {line}"
    rows = [_step(step) for step in result.steps]
    if not rows and result.phases.connect_s is not None:
        rows = [f"      {'':{NAME_WIDTH}}{_times(result.duration_s, result.phases)}"]
    if rows:
        yield ""
        head = "".join(
            title.rjust(8) for title in ("total", "resolve", "connect", "tls", "first", "rest")
        )
        yield click.style(f"      {'':{NAME_WIDTH}}{head}", dim=True)
        yield from rows
    facts = list(_facts(result))
    if facts:
        yield ""
    for name, value in facts:
        first, *more = wrap(value, WIDTH - 15, break_on_hyphens=False) or [""]
        yield f"    {click.style(f'{name:9}', dim=True)}  {first}"
        for line in more:
            yield f"    {'':9}  {line}"


def _step(step: StepResult) -> str:
    sign = click.style(_SIGNS[step.outcome], fg=_COLOURS[step.outcome], bold=True)
    name = step.name if len(step.name) <= NAME_WIDTH else step.name[: NAME_WIDTH - 1] + "…"
    if step.outcome == "skipped":
        return f"    {sign} {name:{NAME_WIDTH}} skipped"
    row = f"    {sign} {name:{NAME_WIDTH}}{_times(step.duration_s, step.phases)}"
    if not (step.always and step.detail):
        return row
    return "\n".join([row, *(f"      {line}" for line in wrap(step.detail, WIDTH - 6))])


def _times(total_s: float, phases: Phases) -> str:
    each = (
        total_s,
        phases.resolve_s,
        phases.connect_s,
        phases.tls_s,
        phases.first_byte_s,
        phases.transfer_s,
    )
    return "".join((_time(value) if value is not None else "–").rjust(8) for value in each)


def _time(seconds: float) -> str:
    if seconds >= 9.9995:
        return f"{seconds:.1f} s"
    if seconds >= 0.00995:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds * 1000:.1f} ms"


def _facts(result: Result) -> Iterator[tuple[str, str]]:
    evidence, facts = result.evidence, result.facts
    if evidence is not None and result.detail.endswith("…"):
        yield "expected", evidence.expected
        yield "got", evidence.actual
    if evidence is not None and evidence.request:
        yield "request", evidence.request
    if facts.status is not None:
        came = [str(facts.status), facts.protocol or "", f"from {facts.address}"]
        if facts.redirects:
            came.append(f"after {facts.redirects} redirects, at {facts.url}")
        yield "answer", " ".join(part for part in came if part)
    if facts.certificate_expires_at is not None:
        left = facts.certificate_expires_at - result.started_at
        yield "valid for", f"{left.days} days, until {facts.certificate_expires_at:%Y-%m-%d}"
    if evidence is not None and evidence.body.strip():
        yield "body", " ".join(evidence.body.split())[:_BODY_SHOWN]
    if result.trace_id:
        yield "trace", result.trace_id
