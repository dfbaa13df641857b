"""What the service sees of itself stands at the top of the page, and in the answers to programs."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace

from synthetics.paging.heartbeat import HeartbeatStats
from synthetics.store import deliveries, incidents
from synthetics.web.status import Watched
from tests.web.support import NOW_MS, Rig
from tests.web.test_page import Text

HOUR_MS = 3_600_000


def owed_for_long(db: sqlite3.Connection) -> None:
    incident = incidents.open_incident(
        db,
        service="shop",
        severity="page",
        dedup_key="key",
        summary="home fails",
        since_ms=NOW_MS - HOUR_MS,
        opened_ms=NOW_MS - HOUR_MS,
        probe="home",
        step="",
        reason="status",
    )
    deliveries.owe(
        db,
        incident_id=incident,
        receiver="oncall",
        event="trigger",
        severity="page",
        dedup_key="key",
        message="{}",
        owed_ms=NOW_MS - HOUR_MS,
    )


async def test_a_blind_location_is_said_at_the_top(rig: Rig) -> None:
    assert "is blind" not in Text(await rig.text("/")).shown
    assert rig.site.sources is not None
    usual = rig.site.sources.health
    rig.site.sources.health = lambda: replace(usual(), watched=Watched(blind=True))

    assert "This location is blind" in Text(await rig.text("/")).shown


async def test_heartbeats_that_are_withheld_are_said_with_the_reason(rig: Rig) -> None:
    assert rig.site.sources is not None
    usual = rig.site.sources.health
    beat = HeartbeatStats(unwell="the disk is full")
    rig.site.sources.health = lambda: replace(usual(), watched=Watched(heartbeat=beat))

    assert "No heartbeat is sent: the disk is full." in Text(await rig.text("/")).shown


async def test_a_receiver_that_gets_nothing_for_too_long_is_said(rig: Rig) -> None:
    await rig.store.write(owed_for_long)

    shown = Text(await rig.text("/")).shown

    assert "oncall does not get its messages" in shown
    assert "The oldest is owed since 1h ago" in shown


async def test_programs_get_incidents_with_their_deliveries(rig: Rig) -> None:
    await rig.store.write(owed_for_long)

    told = json.loads(await rig.text("/api/v1/alerts"))

    [incident] = told["incidents"]
    assert (told["format"], incident["open"], incident["summary"]) == (1, True, "home fails")
    [delivery] = incident["deliveries"]
    assert (delivery["receiver"], delivery["state"]) == ("oncall", "owed")
