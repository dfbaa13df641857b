"""What is told of outages that come back, wait for others or are silenced."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from synthetics.config.model import Config, Probe
from synthetics.config.model_quiet import DependsOn, Flapping, Incidents
from synthetics.receivers.base import Event, Message
from synthetics.store import acknowledgements, events, silences
from synthetics.store.acknowledgements import How
from synthetics.store.deliveries import Delivery
from synthetics.store.silences import Matchers
from tests.paging.support import (
    DRIFT,
    FAST,
    MINUTE_MS,
    NOON_MS,
    Desk,
    config,
    maintenance,
    renamed,
    sample,
    slo,
)

NEVER_AGAIN = Incidents(
    reopen_within=timedelta(), flapping=Flapping(keep_open_for=timedelta()), pages_per_hour=2
)


async def play(desk: Desk, minutes: int, *, bad: bool = False, probes: Sequence[str] = ()) -> None:
    """So many minutes pass, and all that is owed arrives within each."""
    for _ in range(minutes):
        now_bad = {probe: bad and (not probes or probe in probes) for probe in desk.config.probes}
        desk.clock.advance(60)
        now = desk.clock.now_ms()
        await desk.see(*(sample(now, bad=each, probe=probe) for probe, each in now_bad.items()))
        await desk.judge.on_minute(now)
        await desk.store.write(_arrives)


def _arrives(db: sqlite3.Connection) -> None:
    db.execute("UPDATE deliveries SET state = 'delivered', unsure = 1 WHERE state = 'owed'")


def with_incidents(found: Config, rules: Incidents) -> Config:
    return replace(
        found,
        services={id_: replace(one, incidents=rules) for id_, one in found.services.items()},
    )


def shop_and_db(**depends_on: tuple[str, ...]) -> Config:
    """A shop that depends on a database, by service."""
    found = config(
        slo("cart", probes=("cart",)), slo("db", service="db", probes=("db",)), routes=ROUTES
    )
    waits = DependsOn(**(depends_on or {"services": ("db",)}))
    services = {**found.services, "shop": replace(found.services["shop"], depends_on=waits)}
    return replace(found, services=services)


ROUTES = config().routes


def said(told: Sequence[Delivery]) -> list[tuple[int, str, str]]:
    """Each message: the minute, the event and the first words."""
    return [
        (
            (one.owed_ms - NOON_MS) // MINUTE_MS,
            one.event,
            Message.from_json(one.message).summary.partition(": ")[0],
        )
        for one in told
    ]


async def test_flapping_at_ten_minutes_is_three_pages_and_one_end(tmp_path: Path) -> None:
    """Also while a ticket keeps the incident open: who hears only of pages counts for itself."""
    slow = renamed(DRIFT, long_ms=24 * 60 * MINUTE_MS, short_ms=2 * 60 * MINUTE_MS)
    async with Desk.open(tmp_path, config(slo(tiers=(FAST, slow)))) as desk:
        for _ in range(6):
            await play(desk, 10, bad=True)
            await play(desk, 10)
        await play(desk, 40)

        triggers = [one for one in said(await desk.told()) if one[1] == Event.TRIGGER]
        assert [words for _, _, words in triggers] == ["本店", "Again (2×)", "Flapping (3×)"]
        assert said(await desk.told())[-1][1:] == ("resolve", "Resolved after 1h46m")
        [incident] = await desk.incidents()
        assert incident.flapping_ms is not None


async def test_the_first_end_is_not_delayed(desk: Desk) -> None:
    await play(desk, 10, bad=True)
    await play(desk, 9)

    assert [event for _, event, _ in said(await desk.told())] == ["trigger", "resolve"]


async def test_what_fails_again_soon_is_the_same_incident(desk: Desk) -> None:
    await play(desk, 5, bad=True)
    await play(desk, 20)
    await play(desk, 5, bad=True)

    [incident] = await desk.incidents()
    assert incident.reopened == 1
    assert incident.closed_ms is None
    kinds = [one.kind for one in await desk.store.write(lambda db: events.of_incident(db, 1))]
    assert kinds == ["reopened"]
    first, _, again = [Message.from_json(one.message) for one in await desk.told()]
    assert first.dedup_key == again.dedup_key
    assert again.again == 1


async def test_what_fails_again_much_later_is_another_incident(desk: Desk) -> None:
    await play(desk, 5, bad=True)
    await play(desk, 45)
    await play(desk, 5, bad=True)

    assert [one.reopened for one in await desk.incidents()] == [0, 0]


async def test_slos_that_join_before_the_page_was_sent_are_on_it(tmp_path: Path) -> None:
    both = config(slo("cart", probes=("cart",)), slo("menu", probes=("menu",)))
    async with Desk.open(tmp_path, both) as desk:
        await desk.minutes(2, bad=True, probes=["cart"])
        await desk.minutes(2, bad=True, probes=["menu"])

        [page] = await desk.told()
        assert Message.from_json(page.message).also == ("menu",)


async def test_a_page_lists_what_fails_with_it_and_does_not_fire_yet(tmp_path: Path) -> None:
    """An outage of all of a service trips its SLOs within moments, and no page waits for that."""
    found = config(
        slo("cart", probes=("cart",)),
        slo("menu", probes=("menu",), tiers=(renamed(FAST, factor=FAST.factor * 60),)),
        slo("db", service="db", probes=("db",)),
        slo("home", probes=("home",)),
    )
    async with Desk.open(tmp_path, found) as desk:
        await play(desk, 2, bad=True, probes=["cart", "menu", "db"])

        page = Message.from_json((await desk.told())[0].message)
        assert [alert.slo for alert in await desk.firing() if alert.service == "shop"] == ["cart"]
        assert page.also == ("menu",)
        assert page.summary.endswith(" since 12:01 UTC, and 1 more")


async def test_what_is_silenced_is_on_no_page(tmp_path: Path) -> None:
    both = config(slo("cart", probes=("cart",)), slo("menu", probes=("menu",)))
    async with Desk.open(tmp_path, both) as desk:
        await silence(desk, Matchers(slos=("menu",)))
        await play(desk, 3, bad=True)

        assert Message.from_json((await desk.told())[0].message).also == ()


async def test_a_step_that_may_work_is_not_said_to_fail(tmp_path: Path) -> None:
    order = replace(slo("order", probes=("menu",)), step="login")
    async with Desk.open(tmp_path, config(slo("cart", probes=("cart",)), order)) as desk:
        await play(desk, 2, bad=True)

        assert Message.from_json((await desk.told())[0].message).also == ()


async def test_slos_that_join_later_are_told_only_where_nobody_is_woken_again(
    tmp_path: Path,
) -> None:
    both = config(slo("cart", probes=("cart",)), slo("menu", probes=("menu",)))
    chat = replace(both.receivers["team"], kind="slack")
    both = replace(both, receivers={**both.receivers, "team": chat})
    async with Desk.open(tmp_path, both) as desk:
        await play(desk, 2, bad=True, probes=["cart"])
        await play(desk, 2, bad=True)
        await play(desk, 18)

        assert [event for event, _ in await desk.events("oncall")] == ["trigger", "resolve"]
        assert [event for event, _ in await desk.events("team")] == ["trigger", "update", "resolve"]
        for receiver in ("oncall", "team"):
            *_, end = await desk.told(receiver)
            assert Message.from_json(end.message).also == ("menu",)


async def test_a_dependent_waits_for_what_it_depends_on(tmp_path: Path) -> None:
    async with Desk.open(tmp_path, shop_and_db()) as desk:
        await play(desk, 10, bad=True)
        await play(desk, 20)

        assert {Message.from_json(one.message).slo for one in await desk.told()} == {"db"}
        shop = next(one for one in await desk.incidents() if one.service == "shop")
        assert shop.closed_ms is not None
        [held] = await desk.store.write(lambda db: events.of_incident(db, shop.id))
        assert (held.kind, held.slo) == ("held", "cart")
        assert "depends on service db" in held.detail


async def test_what_still_fails_after_its_dependency_is_told_then(tmp_path: Path) -> None:
    async with Desk.open(tmp_path, shop_and_db()) as desk:
        await play(desk, 10, bad=True)
        await play(desk, 12, bad=True, probes=["cart"])

        told = [Message.from_json(one.message) for one in await desk.told()]
        assert [(one.slo, one.event) for one in told] == [
            ("db", Event.TRIGGER),
            ("db", Event.RESOLVE),
            ("cart", Event.TRIGGER),
        ]


async def test_a_page_does_not_wait_for_what_is_only_a_ticket(tmp_path: Path) -> None:
    found = shop_and_db()
    db = replace(found.slos["db"], tiers=(renamed(FAST, severity="ticket"),))
    async with Desk.open(tmp_path, replace(found, slos={**found.slos, "db": db})) as desk:
        await play(desk, 8, bad=True)

        assert "cart" in {Message.from_json(one.message).slo for one in await desk.told()}


async def test_a_ticket_of_yesterday_holds_nothing(tmp_path: Path) -> None:
    """It fires as long as its windows hold the outage, and what it tells of is over."""
    long = renamed(DRIFT, long_ms=24 * 60 * MINUTE_MS, short_ms=6 * 60 * MINUTE_MS)
    found = shop_and_db()
    slos = {id_: replace(one, tiers=(long,)) for id_, one in found.slos.items()}
    async with Desk.open(tmp_path, replace(found, slos=slos)) as desk:
        await play(desk, 10, bad=True, probes=["db"])
        await play(desk, 60)
        assert [one.slo for one in await desk.firing()] == ["db"]

        await play(desk, 10, bad=True, probes=["cart"])
        told = [Message.from_json(one.message).slo for one in await desk.told("team")]
        assert told == ["db", "cart"]


@pytest.mark.parametrize("why", ["silenced", "in maintenance", "routed to nobody", "refused"])
async def test_a_dependency_that_nobody_is_told_of_holds_nothing(tmp_path: Path, why: str) -> None:
    found = shop_and_db()
    if why == "in maintenance":
        found = replace(
            found,
            maintenance=(
                replace(maintenance(NOON_MS, NOON_MS + 60 * MINUTE_MS), services=("db",)),
            ),
        )
    if why == "routed to nobody":
        found = replace(
            found, routes=tuple(replace(route, services=("shop",)) for route in found.routes)
        )
    async with Desk.open(tmp_path, found) as desk:
        if why == "silenced":
            await silence(desk, Matchers(services=("db",)))
        await play(desk, 3 if why == "refused" else 8, bad=True)
        if why == "refused":
            await desk.store.write(_refused)
            await play(desk, 5, bad=True)

        *_, page = await desk.told()
        assert Message.from_json(page.message).slo == "cart"


def _refused(db: sqlite3.Connection) -> None:
    db.execute("UPDATE deliveries SET state = 'refused', unsure = 0")


async def test_a_silence_by_probe_holds_only_while_every_probe_that_fails_is_named(
    tmp_path: Path,
) -> None:
    found = config(slo("shop", probes=("cart", "menu")))
    async with Desk.open(tmp_path, found) as desk:
        await silence(desk, Matchers(probes=("cart",)))
        await play(desk, 6, bad=True, probes=["cart"])
        assert await desk.told() == []

        await play(desk, 2, bad=True)
        assert len(await desk.told()) == 1


async def test_a_probe_explains_only_its_own_failures(tmp_path: Path) -> None:
    """`cart` waits for the database, `menu` does not: while both fail, the page goes out."""
    found = config(
        slo("shop", probes=("cart", "menu")),
        slo("db", service="db", probes=("db",)),
    )
    cart: Probe = replace(found.probes["cart"], depends_on=DependsOn(probes=("db",)))
    found = replace(found, probes={**found.probes, "cart": cart})
    async with Desk.open(tmp_path, found) as desk:
        await play(desk, 5, bad=True, probes=["cart", "db"])
        assert {Message.from_json(one.message).slo for one in await desk.told()} == {"db"}

        await play(desk, 1, bad=True)
        assert {Message.from_json(one.message).slo for one in await desk.told()} == {"db", "shop"}


async def test_nobody_is_told_of_what_is_silenced_until_the_silence_ends(desk: Desk) -> None:
    await silence(desk, Matchers(slos=("checkout",)), minutes=10)
    await play(desk, 8, bad=True)
    assert await desk.told() == []
    [alert] = await desk.firing()
    assert alert.held == "silence:1"

    await play(desk, 4, bad=True)

    assert [event for event, _ in await desk.events()] == ["trigger"]


async def test_what_is_silenced_is_told_with_the_first_sample_after_its_end(desk: Desk) -> None:
    await silence(desk, Matchers(slos=("checkout",)), minutes=5)
    await play(desk, 4, bad=True)
    desk.clock.advance(61)
    await desk.see(sample(desk.clock.now_ms(), bad=True))

    [page] = await desk.told()
    assert page.owed_ms == NOON_MS + 5 * MINUTE_MS + 1000


async def test_a_page_that_was_told_before_its_silence_is_told_to_be_over(desk: Desk) -> None:
    await play(desk, 3, bad=True)
    await silence(desk, Matchers(services=("shop",)), minutes=60)
    await play(desk, 5, bad=True)
    await play(desk, 12)

    assert [event for event, _ in await desk.events()] == ["trigger", "resolve"]


async def test_a_silence_of_tickets_holds_no_page(desk: Desk) -> None:
    await silence(desk, Matchers(severities=("ticket",)))
    await play(desk, 4, bad=True)

    assert [event for event, _ in await desk.events()] == ["trigger"]


async def test_a_silence_in_time_stops_a_page_that_was_not_sent(desk: Desk) -> None:
    await desk.minutes(3, bad=True)
    await silence(desk, Matchers(services=("shop",)), minutes=60)
    await desk.judge.look_again()

    assert await desk.events() == [("trigger", "superseded")]


async def test_what_goes_on_is_told_again_until_somebody_takes_it_on(tmp_path: Path) -> None:
    rules = Incidents(repeat_interval={"page": timedelta(minutes=10)})
    async with Desk.open(tmp_path, with_incidents(config(), rules)) as desk:
        await play(desk, 25, bad=True)
        assert [words for _, _, words in said(await desk.told())] == [
            "本店",
            "Still failing after 11m",
            "Still failing after 21m",
        ]

        await desk.store.write(_taken_on(desk.clock.now_ms()))
        await play(desk, 25, bad=True)
        assert len(await desk.told()) == 3


async def test_what_flaps_is_told_again_as_flapping_and_not_as_something_new(
    tmp_path: Path,
) -> None:
    """A beginning that was not told is no beginning of a reminder either."""
    rules = Incidents(repeat_interval={"page": timedelta(minutes=25)})
    async with Desk.open(tmp_path, with_incidents(config(), rules)) as desk:
        for _ in range(4):
            await play(desk, 10, bad=True)
            await play(desk, 10)
        triggers = [one for one in said(await desk.told()) if one[1] == "trigger"]
        assert [words for _, _, words in triggers] == [
            "本店",
            "Again (2×)",
            "Flapping (3×)",
            "Flapping (3×)",
        ]


def _taken_on(at_ms: int) -> Callable[[sqlite3.Connection], object]:
    return lambda db: acknowledgements.add(
        db, 1, at_ms=at_ms, author="ops", how=How.COMMAND, note=""
    )


async def test_above_the_quota_what_is_short_is_counted_and_what_lasts_is_told(
    tmp_path: Path,
) -> None:
    async with Desk.open(tmp_path, with_incidents(config(), NEVER_AGAIN)) as desk:
        for _ in range(2):
            await play(desk, 3, bad=True)
            await play(desk, 12)
        before = len(await desk.told())
        await play(desk, 3, bad=True)
        await play(desk, 12)
        [over] = (await desk.told())[before:]
        message = Message.from_json(over.message)
        assert message.event is Event.RESOLVE
        assert message.held_back == 1
        assert message.summary.startswith("Resolved after ")
        assert message.summary.endswith("(pages held back: 1)")

        before = len(await desk.told())
        await play(desk, 4, bad=True)
        assert len(await desk.told()) == before
        await play(desk, 9, bad=True)
        [late] = (await desk.told())[before:]
        message = Message.from_json(late.message)
        assert message.event is Event.TRIGGER
        assert message.held_back == 1
        assert message.summary.endswith("(pages held back: 1)")


async def test_maintenance_pages_nobody_and_an_outage_that_outlives_it_does(
    tmp_path: Path,
) -> None:
    window = maintenance(NOON_MS, NOON_MS + 20 * MINUTE_MS)
    async with Desk.open(tmp_path, config(maintenance=(window,))) as desk:
        await play(desk, 19, bad=True)
        assert await desk.told() == []

        await play(desk, 4, bad=True)
        [page] = await desk.told()
        assert (page.event, page.severity) == (Event.TRIGGER, "page")
        assert 20 <= (page.owed_ms - NOON_MS) // MINUTE_MS <= 22


async def silence(desk: Desk, matchers: Matchers, *, minutes: int = 60) -> None:
    """From now on."""
    now_ms = desk.clock.now_ms()

    def declare(db: sqlite3.Connection) -> int:
        return silences.declare(
            db,
            from_ms=now_ms,
            to_ms=now_ms + minutes * MINUTE_MS,
            matchers=matchers,
            author="ops",
            reason="known",
            declared_ms=now_ms,
        )

    await desk.store.write(declare)
