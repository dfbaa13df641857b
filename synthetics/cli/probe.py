"""``synthetics probe``: ask now, once or often, and print what was seen."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthetics.cli import heard
from synthetics.cli.common import config_option, db_option, format_option, loaded, refuse

if TYPE_CHECKING:
    from synthetics.cli.asking.ask import Seen
    from synthetics.config.model import Config, Probe

BETWEEN_S = 1.0
"""Seconds between two times under ``--watch``."""

MOST = 10_000
"""Times that are kept, for what is said of all together."""


@click.command
@click.argument("names", nargs=-1, metavar="[NAME]...")
@config_option()
@db_option("Database to read what jobs have reported.")
@format_option()
@click.option("--json", "shape", flag_value="json", help="The same as --format json.")
@click.option(
    "--repeat",
    type=click.IntRange(1, 10_000),
    default=1,
    show_default=True,
    metavar="N",
    help="Ask so often, one after the other, and print how the times are spread.",
)
@click.option(
    "--watch",
    is_flag=True,
    help="Ask again and again, once a second, one line each; Ctrl-C ends it with a summary.",
)
@click.option(
    "--har",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write all HTTP requests and answers to this file, as HAR 1.2.",
)
def command(
    *,
    names: tuple[str, ...],
    config: Path,
    db: Path,
    shape: str,
    repeat: int,
    watch: bool,
    har: Path | None,
) -> None:
    """
    Ask probes now, and print what they saw.

    Without a NAME, all of them.  Nothing is stored and nobody is told; confirmations are not
    made, and hours are not looked at.  A heartbeat cannot be asked: of it is printed when it was
    last heard, and when it is due.  Exits with 1 if any was not good, with 2 if the
    configuration is wrong.
    """
    read = loaded(config)
    chosen = _chosen(read, names)
    probes = [probe for probe in chosen if not probe.listens]
    if watch and (shape == "json" or repeat > 1):
        refuse("--watch goes on until it is ended: leave --repeat and --format json out")
    if watch and not probes:
        refuse("there is nothing to ask again and again: a heartbeat is not asked")
    jobs = _heard(read, [probe for probe in chosen if probe.listens], db)
    rounds: deque[list[Seen]] = deque(maxlen=MOST)
    try:
        asyncio.run(_ask(read, probes, rounds, repeat=repeat, watch=watch))
    except KeyboardInterrupt:  # what was seen so far is what there is
        if not rounds:
            raise
    seen = [one for each in rounds for one in each]
    if har is not None:
        _write_har(har, rounds[-1] if watch else seen)
    if watch:
        click.echo()
    _print(rounds, jobs, shape, often=watch or repeat > 1)
    outcomes = [*(str(one.result.outcome) for one in seen), *(job.outcome for job in jobs)]
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


async def _ask(
    config: Config,
    probes: Sequence[Probe],
    rounds: deque[list[Seen]],
    *,
    repeat: int,
    watch: bool,
) -> None:
    """
    Put every attempt of *probes* into *rounds*, time by time.

    With *watch* they are printed as they come; only of the last one it is kept what it saw.
    """
    from probes.look import Look
    from probes.watch import Shared
    from synthetics.cli.asking.ask import ask_all

    shared = Shared()
    try:
        while watch:
            seen = await ask_all(config, probes, shared)
            if rounds:
                rounds[-1] = [replace(one, look=Look()) for one in rounds[-1]]
            rounds.append(seen)
            _print_round(seen)
            await asyncio.sleep(BETWEEN_S)
        for number in range(1, repeat + 1):
            rounds.append(await ask_all(config, probes, shared))
            if repeat > 1 and sys.stderr.isatty():
                click.echo(f"\r{number} of {repeat}\x1b[K", nl=False, err=True)
    finally:
        if repeat > 1 and sys.stderr.isatty():
            click.echo("\r\x1b[K", nl=False, err=True)
        await shared.close()


def _print_round(seen: Sequence[Seen]) -> None:
    from synthetics.cli.asking.text import headline

    for one in seen:
        detail = f"  {one.result.detail}" if one.result.detail else ""
        _echo(f"{datetime.now().astimezone():%H:%M:%S}  {headline(one)}{detail}")


def _print(
    rounds: Iterable[Sequence[Seen]], jobs: Sequence[heard.Heard], shape: str, *, often: bool
) -> None:
    by_probe = list(zip(*rounds, strict=True))
    if shape == "json":
        shown = [_as_json(each, often=often) for each in by_probe]
        shown += [heard.as_json(job) for job in jobs]
        click.echo(json.dumps(shown, ensure_ascii=False, indent=2, default=_plain))
        return
    for line in _text(by_probe, jobs, often=often):
        _echo(line)


def _echo(line: str) -> None:
    click.echo(line, color=False if os.environ.get("NO_COLOR") else None)


def _as_json(seen: Sequence[Seen], *, often: bool) -> dict[str, Any]:
    from synthetics.cli.asking.often import as_json

    runs = [_run(one) for one in seen]
    if often:
        return as_json(seen, runs)
    probe = seen[0].probe
    return {"probe": probe.id, "service": probe.service, "kind": probe.kind, **runs[0]}


def _run(seen: Seen) -> dict[str, Any]:
    from synthetics.cli.asking.certificates import read

    return {
        **asdict(seen.result),
        "degraded": seen.degraded,
        "addresses": seen.look.addresses,
        "said": seen.look.said,
        "remarks": seen.look.remarks,
        "requests": [
            {
                "method": exchange.method,
                "url": exchange.url,
                "status": exchange.status,
                "address": exchange.address,
                "leads_to": exchange.leads_to or None,
                "total_s": exchange.total_s,
                "phases": asdict(exchange.phases),
            }
            for exchange in seen.look.exchanges
        ],
        "tls": [
            {
                "host": shake.host,
                "version": shake.version,
                "cipher": shake.cipher,
                "certificates": [asdict(one) for one in read(shake.chain)],
            }
            for shake in seen.look.handshakes
        ],
    }


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime) else str(value)


def _text(
    by_probe: Sequence[Sequence[Seen]], jobs: Sequence[heard.Heard], *, often: bool
) -> Iterator[str]:
    from synthetics.cli.asking.text import many, one
    from synthetics.clock import SystemClock

    for number, seen in enumerate(by_probe):
        if number:
            yield ""
        yield from many(seen) if often else one(seen[0])
    at_ms = SystemClock().now_ms()
    for number, job in enumerate(jobs):
        if number or by_probe:
            yield ""
        yield from heard.text(job, at_ms)
    if len(by_probe) > 1 and not often:
        good = sum(each[0].result.outcome == "good" for each in by_probe)
        yield ""
        yield click.style(f"{good} of {len(by_probe)} good", bold=True)


def _write_har(path: Path, seen: Sequence[Seen]) -> None:
    from synthetics.cli.asking.har import har

    text = json.dumps(har(seen), ensure_ascii=False, indent=2)
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        refuse(f"{path} cannot be written: {error.strerror}")
    if not any(one.look.exchanges for one in seen):
        click.echo(f"{path} holds no request: none was made over HTTP", err=True)
