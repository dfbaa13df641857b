"""From samples to what is owed."""

from __future__ import annotations

from pathlib import Path

from synthetics.config.model import Latency, Route, Severity
from synthetics.receivers.base import Message, Said
from synthetics.store.deliveries import State
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


async def test_one_bad_sample_pages_nobody(desk: Desk) -> None:
    await desk.minutes(1, bad=True)

    assert await desk.told() == []
    assert await desk.incidents() == []


async def test_the_second_bad_sample_pages_at_once(desk: Desk) -> None:
    await desk.minutes(2, bad=True)

    [delivery] = await desk.told()
    assert (delivery.event, delivery.state, delivery.owed_ms) == (
        "trigger",
        State.OWED,
        NOON_MS + 2 * MINUTE_MS,
    )
    assert desk.woken[-1] == NOON_MS + 2 * MINUTE_MS


async def test_a_page_says_what_broke_since_when_and_how_bad(desk: Desk) -> None:
    await desk.minutes(2, bad=True)

    [delivery] = await desk.told()
    message = Message.from_json(delivery.message)
    assert message.summary == "本店: checkout fails at step order (status 500) since 12:01 UTC"
    assert (message.probe, message.step, message.reason) == ("checkout", "order", "status")
    assert message.since_ms == NOON_MS + MINUTE_MS
    assert message.detected_ms == NOON_MS + 2 * MINUTE_MS
    assert message.failing is not None
    assert message.failing.at_ms == NOON_MS + 2 * MINUTE_MS
    assert message.failing.request_id == "req-7"
    assert message.burn_long is not None
    assert message.burn_long > 14.4
    assert message.budget_left is not None
    assert message.said == Said(
        objective="99.9%",
        failed="2 of 5 samples failed in the last 5m",
        burn="33.4× over 1h and 400× over 5m, fires above 14.4×; more failures than chance would "
        "bring, and over once the samples since could hardly be part of it",
        budget="overspent: 3225.9% used",
    )
    assert [link.href for link in message.links] == ["https://wiki.example/shop"]
    assert message.incident == (await desk.incidents())[0].id


async def test_the_incident_remembers_the_cause_and_its_beginning(desk: Desk) -> None:
    await desk.minutes(2, bad=True)

    [incident] = await desk.incidents()
    assert (incident.probe, incident.step, incident.reason) == ("checkout", "order", "status")
    assert incident.since_ms == NOON_MS + MINUTE_MS
    assert incident.opened_ms == NOON_MS + 2 * MINUTE_MS
    assert incident.closed_ms is None


async def test_an_isolated_failure_half_an_hour_ago_is_not_the_beginning(desk: Desk) -> None:
    await desk.minutes(1, bad=True)
    await desk.minutes(30, bad=False)
    await desk.minutes(3, bad=True)

    [incident] = await desk.incidents()
    assert incident.since_ms == NOON_MS + 32 * MINUTE_MS


async def test_scattered_failures_began_with_the_first_that_it_took_to_fire(tmp_path: Path) -> None:
    """Of 60 samples at 98 % it takes 18 to fire; one in three fails, so 52 minutes."""
    async with Desk.open(tmp_path, config(slo(objective="0.98"))) as desk:
        for _ in range(17):
            await desk.minutes(1, bad=True)
            await desk.minutes(2, bad=False)
        assert await desk.incidents() == []
        await desk.minutes(1, bad=True)

        [incident] = await desk.incidents()
        assert incident.since_ms == NOON_MS + MINUTE_MS
        assert incident.opened_ms == NOON_MS + 52 * MINUTE_MS


async def test_failures_of_before_that_helped_a_slow_tier_to_fire_do_not_age_an_outage(
    tmp_path: Path,
) -> None:
    """Of 60 samples at 99 % it takes 9 to fire; the last two of them are an outage."""
    async with Desk.open(tmp_path, config(slo(objective="0.99"))) as desk:
        for _ in range(7):
            await desk.minutes(1, bad=True)
            await desk.minutes(6, bad=False)
        await desk.minutes(2, bad=True)

        [incident] = await desk.incidents()
        assert incident.since_ms == NOON_MS + 50 * MINUTE_MS


async def test_what_fires_at_a_whole_minute_is_looked_up_in_the_store(desk: Desk) -> None:
    """As after a restart, or when maintenance ends: no new sample brings the news."""
    for minute in range(1, 13):
        one = sample(NOON_MS + minute * MINUTE_MS, bad=minute in {8, 9, 10})
        await desk.store.add([one])
        desk.ledger.apply(one)

    await desk.judge.on_minute(NOON_MS + 12 * MINUTE_MS)

    [delivery] = await desk.told()
    message = Message.from_json(delivery.message)
    assert message.since_ms == NOON_MS + 8 * MINUTE_MS
    assert message.failing is not None
    assert message.failing.at_ms == NOON_MS + 10 * MINUTE_MS
    assert message.failing.detail == "answered 500 Internal Server Error, 201 expected"
    assert message.step == "order"


async def test_a_slow_sample_is_told_as_slow(tmp_path: Path) -> None:
    configured = config(slo(sli=Latency(bound_us=50_000)))
    async with Desk.open(tmp_path, configured) as desk:
        await desk.minutes(1, bad=False)

        [delivery] = await desk.told()
        message = Message.from_json(delivery.message)
        assert message.summary.startswith("本店: checkout is slower than 50ms since ")
        assert message.reason == "slow"


async def test_recovery_owes_a_resolve_with_the_same_key_and_closes_the_incident(
    desk: Desk,
) -> None:
    await desk.minutes(3, bad=True)
    [trigger] = await desk.told()
    await _delivered(desk)

    await desk.minutes(16, bad=False)

    _, resolve = await desk.told()
    assert (resolve.event, resolve.dedup_key) == ("resolve", trigger.dedup_key)
    message = Message.from_json(resolve.message)
    assert message.summary.startswith("Resolved after 10m: 本店: checkout fails")
    assert message.resolution == "over"
    [incident] = await desk.incidents()
    assert incident.closed_ms == resolve.owed_ms
    assert await desk.firing() == []


async def test_a_trigger_that_was_never_sent_is_superseded_and_its_resolve_not_owed(
    desk: Desk,
) -> None:
    await desk.minutes(3, bad=True)
    await desk.minutes(16, bad=False)

    assert await desk.events() == [("trigger", "superseded")]


async def test_a_trigger_that_may_have_arrived_is_not_repeated_but_its_end_is_told(
    desk: Desk,
) -> None:
    """The attempt timed out, or the process died in it: the receiver may well be ringing."""
    await desk.minutes(3, bad=True)
    [trigger] = await desk.told()
    await _claimed(desk)

    await desk.minutes(16, bad=False)

    assert await desk.events() == [("trigger", "superseded"), ("resolve", "owed")]
    assert (await desk.told())[1].dedup_key == trigger.dedup_key


async def test_slos_that_fail_together_are_one_page(tmp_path: Path) -> None:
    configured = config(
        slo("checkout"),
        slo("home", probes=("home",)),
        slo("checkout-again", tiers=(FAST, renamed(FAST, name="slow"))),
    )
    async with Desk.open(tmp_path, configured) as desk:
        await desk.minutes(2, bad=True)

        [delivery] = await desk.told()
        assert len(await desk.firing()) == 4
        assert len(await desk.incidents()) == 1
        assert set(Message.from_json(delivery.message).also) == {"home", "checkout-again"}


async def test_an_slo_that_fails_later_joins_without_a_second_page(tmp_path: Path) -> None:
    configured = config(slo("checkout"), slo("home", probes=("home",)))
    async with Desk.open(tmp_path, configured) as desk:
        await desk.minutes(3, bad=True, probes=["checkout"])
        await _delivered(desk)
        await desk.minutes(3, bad=True, probes=["checkout", "home"])
        assert len(await desk.firing()) == 2

        await desk.minutes(16, bad=False, probes=["checkout"])

        assert await desk.events() == [("trigger", "delivered")], "home has not recovered"

        await desk.minutes(16, bad=False)

        assert await desk.events() == [("trigger", "delivered"), ("resolve", "owed")]
        assert len(await desk.incidents()) == 1


async def test_services_are_paged_apart(tmp_path: Path) -> None:
    configured = config(slo("checkout"), slo("search", service="search", probes=("search",)))
    async with Desk.open(tmp_path, configured) as desk:
        await desk.minutes(2, bad=True)

        keys = {one.dedup_key for one in await desk.told()}
        assert len(keys) == len(await desk.incidents()) == 2


async def test_a_ticket_that_becomes_a_page_is_told_again_with_the_same_key(
    tmp_path: Path,
) -> None:
    ticket_first = renamed(DRIFT, min_bad=1)
    async with Desk.open(tmp_path, config(slo(tiers=(FAST, ticket_first)))) as desk:
        await desk.minutes(1, bad=True)
        assert await desk.events("team") == [("trigger", "owed")]
        assert await desk.events("oncall") == []
        await _delivered(desk)

        await desk.minutes(1, bad=True)

        ticket, page = await desk.told("team")
        assert (ticket.severity, page.severity) == ("ticket", "page")
        assert ticket.dedup_key == page.dedup_key
        assert await desk.events("oncall") == [("trigger", "owed")]
        assert [one.severity for one in await desk.incidents()] == ["page"]


async def test_who_was_told_only_of_the_page_hears_its_end_while_the_ticket_goes_on(
    tmp_path: Path,
) -> None:
    long_ticket = renamed(DRIFT, short_ms=30 * MINUTE_MS)
    async with Desk.open(tmp_path, config(slo(tiers=(FAST, long_ticket)))) as desk:
        await desk.minutes(3, bad=True)
        await _delivered(desk)

        await desk.minutes(16, bad=False)

        assert await desk.events("oncall") == [("trigger", "delivered"), ("resolve", "owed")]
        assert await desk.events("team") == [("trigger", "delivered")]
        assert [one.closed_ms for one in await desk.incidents()] == [None]


async def test_log_severity_is_recorded_and_nobody_is_told(tmp_path: Path) -> None:
    quiet = renamed(FAST, severity="log")
    async with Desk.open(tmp_path, config(slo(tiers=(quiet,)))) as desk:
        await desk.minutes(3, bad=True)

        [alert] = await desk.firing()
        assert (alert.severity, alert.incident_id) == ("log", None)
        assert await desk.incidents() == []
        assert await desk.told() == []


async def test_nothing_fires_inside_maintenance(tmp_path: Path) -> None:
    window = maintenance(NOON_MS, NOON_MS + 60 * MINUTE_MS)
    async with Desk.open(tmp_path, config(maintenance=(window,))) as desk:
        await desk.minutes(30, bad=True)

        assert await desk.firing() == []


async def test_an_outage_that_outlives_its_maintenance_pages(tmp_path: Path) -> None:
    window = maintenance(NOON_MS, NOON_MS + 10 * MINUTE_MS)
    async with Desk.open(tmp_path, config(maintenance=(window,))) as desk:
        await desk.minutes(14, bad=True)

        [incident] = await desk.incidents()
        assert incident.since_ms == NOON_MS + 10 * MINUTE_MS


async def test_an_alert_that_fires_when_maintenance_begins_goes_on_afterwards(
    tmp_path: Path,
) -> None:
    window = maintenance(NOON_MS + 3 * MINUTE_MS, NOON_MS + 20 * MINUTE_MS)
    async with Desk.open(tmp_path, config(maintenance=(window,))) as desk:
        await desk.minutes(30, bad=True)

        assert await desk.events() == [("trigger", "owed")]
        assert len(await desk.firing()) == 1


async def test_after_a_restart_and_a_long_gap_an_outage_is_the_same_page(desk: Desk) -> None:
    """The first bad sample after the gap is alone in both windows, which R7 takes for an end."""
    await desk.minutes(5, bad=True)
    before = desk.judge.states("checkout")["fast"]
    await desk.restart()

    assert desk.judge.states("checkout")["fast"] == before
    assert before.began_ms == NOON_MS + MINUTE_MS

    desk.clock.advance(8 * 3600)
    await desk.judge.on_minute(desk.clock.now_ms())
    await desk.minutes(3, bad=True)

    assert await desk.events() == [("trigger", "owed")]
    assert len(await desk.firing()) == 1


async def test_what_was_told_is_no_evidence_for_another_page(desk: Desk) -> None:
    """One lost sample soon after an outage burns as fast as the outage did, by the windows."""
    await desk.minutes(3, bad=True)
    await desk.minutes(16, bad=False)
    await desk.restart()
    await desk.minutes(1, bad=True)

    assert len(await desk.incidents()) == 1
    assert await desk.firing() == []


async def test_a_restart_goes_on_firing_without_a_second_page(desk: Desk) -> None:
    await desk.minutes(3, bad=True)
    await desk.restart()
    assert desk.judge.stats().firing == {"page": 1, "ticket": 0, "log": 0}

    await desk.minutes(3, bad=True)

    assert await desk.events() == [("trigger", "owed")]

    await _delivered(desk)
    await desk.minutes(16, bad=False)
    assert await desk.events() == [("trigger", "delivered"), ("resolve", "owed")]


async def test_a_minute_that_was_overtaken_by_samples_takes_nothing_back(desk: Desk) -> None:
    await desk.minutes(1, bad=True)
    desk.clock.advance(60.5)
    await desk.see(sample(desk.clock.now_ms(), bad=True))
    assert len(await desk.firing()) == 1

    await desk.judge.on_minute(NOON_MS + 2 * MINUTE_MS)

    assert len(await desk.firing()) == 1


async def test_removing_an_slo_resolves_its_alert_and_says_why(tmp_path: Path) -> None:
    both = config(slo("checkout"), slo("home", probes=("home",)))
    async with Desk.open(tmp_path, both) as desk:
        await desk.minutes(2, bad=True, probes=["checkout"])
        await _delivered(desk)

        await desk.reload(config(slo("home", probes=("home",))))

        _, resolve = await desk.told()
        message = Message.from_json(resolve.message)
        assert message.resolution == "slo-removed"
        assert message.summary.startswith("Closed, its SLO is no longer configured: ")
        assert [one.closed_ms for one in await desk.incidents()] == [desk.clock.now_ms()]


async def test_a_tier_that_changed_its_severity_fires_anew(desk: Desk) -> None:
    await desk.minutes(2, bad=True)
    await _delivered(desk)

    await desk.reload(config(slo(tiers=(renamed(FAST, severity="ticket"),))))
    await desk.minutes(1, bad=True)

    assert await desk.events("oncall") == [("trigger", "delivered"), ("resolve", "owed")]
    assert [one.severity for one in await desk.firing()] == ["ticket"]


async def test_a_receiver_that_a_reload_adds_is_told_of_what_goes_on(desk: Desk) -> None:
    await desk.minutes(2, bad=True)
    await _delivered(desk)

    await desk.reload(config(routes=(Route(severity=Severity.PAGE, to=("oncall", "boss")),)))

    assert await desk.events("boss") == [("trigger", "owed")]
    assert await desk.events("oncall") == [("trigger", "delivered")]
    assert await desk.events("team") == [("trigger", "delivered")], "not configured any more"


async def test_an_outage_after_the_end_of_another_is_a_new_incident(desk: Desk) -> None:
    await desk.minutes(3, bad=True)
    await _delivered(desk)
    await desk.minutes(60, bad=False)
    await desk.minutes(3, bad=True)

    first, second = await desk.incidents()
    assert first.dedup_key != second.dedup_key
    assert len(await desk.told()) == 3


async def _delivered(desk: Desk) -> None:
    """All that is owed arrives."""
    await _claimed(desk)
    await desk.store.write(
        lambda db: db.execute("UPDATE deliveries SET state = 'delivered' WHERE state = 'owed'")
    )


async def _claimed(desk: Desk) -> None:
    """Attempts begin for all that is owed."""
    await desk.store.write(
        lambda db: db.execute("UPDATE deliveries SET attempts = 1, unsure = 1 WHERE state = 'owed'")
    )
