"""``synthetics alerts``: what is going on, who was told, and who was not."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from functools import partial
from pathlib import Path

from click.testing import CliRunner, Result

from synthetics.cli import main
from synthetics.clock import SystemClock
from synthetics.store import Store, acknowledgements, deliveries, incidents
from synthetics.store.acknowledgements import How

MINUTE_MS = 60_000


def an_outage(db: sqlite3.Connection, *, at_ms: int, over: bool) -> None:
    """A page that one receiver has and another has not."""
    incident = incidents.open_incident(
        db,
        dedup_key="synthetics-shop-1",
        service="shop",
        severity="page",
        opened_ms=at_ms,
        since_ms=at_ms - MINUTE_MS,
        summary="本店: checkout fails at step order (status 500) since 14:03 UTC",
        probe="checkout",
        step="order",
        reason="status",
    )
    incidents.fire(
        db,
        incident_id=incident,
        service="shop",
        slo="checkout",
        tier="fast",
        severity="page",
        fired_ms=at_ms,
        message="{}",
    )
    for receiver in ("oncall", "team"):
        deliveries.owe(
            db,
            incident_id=incident,
            receiver=receiver,
            event="trigger",
            severity="page",
            dedup_key="synthetics-shop-1",
            message="{}",
            owed_ms=at_ms,
        )
    [first, second] = deliveries.owed(db)
    deliveries.claim(db, [first.id, second.id], at_ms=at_ms)
    deliveries.delivered(db, first.id, at_ms=at_ms + 40)
    deliveries.failed(
        db, second.id, maybe_arrived=False, reason="status-500", detail="answered 500"
    )
    if over:
        incidents.resolve(db, slo="checkout", tier="fast", at_ms=at_ms + 1, resolution="over")
        incidents.close(db, incident, at_ms=at_ms + 1)


def a_database(folder: Path, *, over: bool = False) -> Path:
    path = folder / "synthetics.db"

    async def fill() -> None:
        store = await Store.open(path)
        at_ms = SystemClock().now_ms() - 10 * MINUTE_MS
        await store.write(partial(an_outage, at_ms=at_ms, over=over))
        await store.close()

    asyncio.run(fill())
    return path


def alerts(database: Path, *more: str) -> Result:
    return CliRunner().invoke(main, ["alerts", "--db", str(database), *more])


def test_an_open_incident_is_shown_with_who_was_told_and_who_was_not(tmp_path: Path) -> None:
    result = alerts(a_database(tmp_path))

    assert result.exit_code == 1
    lines = result.output.splitlines()
    assert lines[0] == "1 incident open, none ended in the last 7 days, 1 message owed."
    assert (
        lines[2] == "open  page  1  本店: checkout fails at step order (status 500) since 14:03 UTC"
    )
    assert any("checkout/fast" in line and "fires" in line for line in lines)
    [oncall] = [line for line in lines if line.startswith("  oncall")]
    [team] = [line for line in lines if line.startswith("  team")]
    assert "delivered" in oncall
    assert "owed for 10m" in team
    assert team.endswith("status-500: answered 500")


def test_who_took_it_on_is_shown(tmp_path: Path) -> None:
    database = a_database(tmp_path)
    assert "  nobody has taken it on" in alerts(database).output.splitlines()

    async def take_on() -> None:
        store = await Store.open(database)
        await store.write(
            partial(
                acknowledgements.add,
                incident_id=1,
                at_ms=1_790_000_000_000,
                author="愛子",
                how=How.LINK,
                note="見ています",
            )
        )
        await store.close()

    asyncio.run(take_on())

    lines = alerts(database).output.splitlines()
    assert "  taken on by 愛子 at 2026-09-21T14:13:20Z: 見ています" in lines
    [answer] = json.loads(alerts(database, "--format", "json").output)["incidents"][0][
        "acknowledged"
    ]
    assert (answer["author"], answer["how"], answer["note"]) == ("愛子", "link", "見ています")


def test_what_is_over_is_no_bad_news(tmp_path: Path) -> None:
    result = alerts(a_database(tmp_path, over=True))

    assert result.exit_code == 0
    assert result.output.startswith("No incident is open, 1 ended in the last 7 days")


def test_without_days_only_open_ones_are_shown(tmp_path: Path) -> None:
    result = alerts(a_database(tmp_path, over=True), "--days", "0")

    assert (result.exit_code, result.output) == (0, "No incident is open.\n")


def test_the_json_says_the_same(tmp_path: Path) -> None:
    result = alerts(a_database(tmp_path), "--format", "json")

    told = json.loads(result.output)
    [incident] = told["incidents"]
    assert (told["format"], incident["open"], incident["service"]) == (1, True, "shop")
    assert [(each["slo"], each["tier"], each["firing"]) for each in incident["alerts"]] == [
        ("checkout", "fast", True)
    ]
    assert [
        (each["receiver"], each["state"], each["attempts"], each["reason"])
        for each in incident["deliveries"]
    ] == [("oncall", "delivered", 1, ""), ("team", "owed", 1, "status-500")]


def test_a_database_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    result = alerts(tmp_path / "none.db")

    assert result.exit_code == 2
