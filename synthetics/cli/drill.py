"""``synthetics drill``: a test down the real way to whoever is on call."""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from synthetics.cli.common import config_option, db_option, format_option, loaded, refuse
from synthetics.cli.declaring import length, named
from synthetics.cli.writing import ask

if TYPE_CHECKING:
    from synthetics.config.model import Config
    from synthetics.paging.ways import Way
    from synthetics.store.drills import Drill

HEADS = ("RECEIVER", "SENT", "ACCEPTED", "RESOLVED", "")
SPARE_S = 60.0
"""For an answer, besides the limits of all drills."""


@click.command
@click.argument("target", required=False)
@click.option("--all", "everything", is_flag=True, help="Every way that a page or ticket can go.")
@click.option(
    "--severity",
    type=click.Choice(["page", "ticket"]),
    default="page",
    show_default=True,
    help="Which routes of a service are followed.",
)
@click.option(
    "--within",
    "limit_s",
    type=click.FloatRange(0.1, 600),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long everybody has to take it, and again its end.",
)
@click.option(
    "--fail-probe", metavar="NAME", help="Take this probe to fail, from the sample to the phone."
)
@click.option(
    "--for",
    "lasts",
    callback=length,
    default="5m",
    show_default=True,
    metavar="DURATION",
    help="How long it is taken to fail.",
)
@click.option("--author", help="Who asks for it.  Default: the user of this system.")
@format_option()
@config_option()
@db_option("Database to write; where the service runs, the service sends.")
def command(
    *,
    target: str | None,
    everything: bool,
    severity: str,
    limit_s: float,
    fail_probe: str | None,
    lasts: timedelta,
    author: str | None,
    shape: str,
    config: Path,
    db: Path,
) -> None:
    """
    Send a test to whoever would be told, take it back, and say how long each hop took.

    TARGET is a service, whose routes are followed as they are now, or a receiver.  The test is
    plainly marked.  The exit code is 1 if anybody did not get it.

    With --fail-probe, the running service takes a probe to fail for a while, and what its policy
    would page is sent as a test.  Results and budgets are not touched, and a real failure of the
    probe pages as always.
    """
    if [target is not None, everything, fail_probe is not None].count(True) != 1:
        refuse("say whom to drill\n  to mend: name a service or a receiver, or write --all")
    asking = {"severity": severity, "author": named(author), "limit_s": limit_s}
    known = loaded(config)
    if fail_probe is not None:
        lasts_s = lasts.total_seconds()
        done = [_failed({**asking, "fail_probe": fail_probe, "lasts_s": lasts_s}, db)]
    else:
        done = _drilled(known, asking if target is None else {**asking, "target": target}, db)
    if shape == "json":
        click.echo(json.dumps(done, ensure_ascii=False, indent=2))
    else:
        click.echo("\n\n".join(map(_text, done)))
    sys.exit(0 if all(one["passed"] for one in done) else 1)


def _drilled(config: Config, body: dict[str, Any], db: Path) -> list[dict[str, Any]]:
    """By the service that has the database open, or else here."""
    from synthetics.clock import SystemClock
    from synthetics.paging.exercises import as_json, asked
    from synthetics.paging.ways import NoDrillError
    from synthetics.store.errors import InUseError, StoreError

    try:
        wanted = asked(body)
        ways = wanted.ways(config, SystemClock().now_ms())
        try:
            done = asyncio.run(_here(config, ways, wanted.author, wanted.limit_s, db))
            return [as_json(one) for one in done]
        except InUseError as error:
            if not error.url:
                raise
            patience_s = 2 * wanted.limit_s * len(ways) + SPARE_S
            answer = ask(error, "/api/v1/drills", body, patience_s=patience_s)
            told: list[dict[str, Any]] = answer["drills"]
            return told
    except (NoDrillError, StoreError) as error:
        refuse(str(error))


def _failed(body: dict[str, Any], db: Path) -> dict[str, Any]:
    """Have the running service take a probe to fail, and wait for how it comes out."""
    from synthetics.paging.exercises import as_json, asked
    from synthetics.paging.ways import NoDrillError
    from synthetics.store import Reader, Store, drills
    from synthetics.store.errors import InUseError, StoreError

    try:
        lasts_s = asked(body).lasts_s
        try:
            Store.check_free(db)
        except InUseError as error:
            if not error.url:
                raise
            number = ask(error, "/api/v1/drills", body)["drills"][0]["id"]
        else:
            refuse("no service runs that would ask the probe\n  to mend: start it, and try again")
        click.echo(f"drill {number} goes on for {lasts_s:g} s and ends by itself", err=True)
        with Reader.open(db) as reader:
            while True:
                found = reader.read(lambda conn: drills.by_id(conn, number))
                if found is not None and found.ended_ms is not None:
                    return as_json(found)
                if _free(db):
                    refuse(
                        f"the service ended before drill {number}, and takes it back when it starts"
                    )
                time.sleep(0.5)
    except (NoDrillError, StoreError) as error:
        refuse(str(error))


def _free(db: Path) -> bool:
    """Whether no service has the database open any more."""
    from synthetics.store import Store
    from synthetics.store.errors import InUseError

    try:
        Store.check_free(db)
    except InUseError:
        return False
    return True


async def _here(
    config: Config, ways: list[Way], author: str, limit_s: float, db: Path
) -> list[Drill]:
    from synthetics.clock import SystemClock
    from synthetics.paging.courier import Courier, lines
    from synthetics.paging.drill import drill
    from synthetics.store import Store

    # How it went is said by hop; the courier's own lines are for a service.
    logging.getLogger("synthetics").addHandler(logging.NullHandler())
    clock = SystemClock()
    store = await Store.open(db)
    try:
        async with Courier(store, lines(config), clock=clock) as courier:
            return [
                await drill(
                    store,
                    config,
                    way,
                    author=author,
                    clock=clock,
                    wake=courier.wake,
                    limit_s=limit_s,
                )
                for way in ways
            ]
    finally:
        await store.close()


def _text(done: dict[str, Any]) -> str:
    whose = ", ".join(done["services"])
    if done["probe"]:
        return _exercise(done)
    what = f"{done['severity']} of {whose}" if whose else f"receiver {done['receiver']}"
    came = sum(1 for hop in done["hops"] if hop["passed"])
    head = f"drill {done['id']}, {what}: {came} of {len(done['hops'])} got it, {done['began_at']}"
    return "\n".join([head, *_hops(done)])


def _exercise(done: dict[str, Any]) -> str:
    head = f"drill {done['id']}, probe {done['probe']} taken to fail at {done['began_at']}: "
    if not done["hops"]:
        return f"{head}nothing fired, so nobody was told"
    noticed = datetime.fromisoformat(done["hops"][0]["owed_at"])
    after_s = (noticed - datetime.fromisoformat(done["began_at"])).total_seconds()
    came = sum(1 for hop in done["hops"] if hop["passed"])
    head += f"noticed after {after_s:.1f} s, {came} of {len(done['hops'])} got it"
    return "\n".join([head, *_hops(done)])


def _hops(done: dict[str, Any]) -> list[str]:
    from synthetics.reports import columns

    rows = [
        HEADS,
        *(
            (
                hop["receiver"],
                *(_after(hop[f"{when}_after_s"]) for when in ("sent", "accepted", "resolved")),
                hop["trouble"] or "ok",
            )
            for hop in done["hops"]
        ),
    ]
    table = columns.table(rows, numbers=frozenset({1, 2, 3}), cells=200)
    return [f"  {line}" for line in table]


def _after(seconds: float | None) -> str:
    from synthetics import words

    return "—" if seconds is None else f"+{words.took(seconds)}"
