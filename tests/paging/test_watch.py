"""What is wrong with the monitoring itself becomes an alert, and ends like one."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from probes.result import Outcome
from synthetics.clock import HeldClock
from synthetics.config.model import Config, Route, Severity
from synthetics.config.model_watch import LowCoverage, NoSamples, Watch
from synthetics.language import Language
from synthetics.paging.watch import Condition, Watcher, Watchman
from synthetics.paging.watch_blind import BlindWatch
from synthetics.paging.watch_coverage import CoverageWatch
from synthetics.paging.watch_delivery import DeliveryWatch
from synthetics.paging.watch_samples import SilenceWatch
from synthetics.receivers.base import Message
from synthetics.schedule.guards import Sight
from synthetics.store import deliveries
from synthetics.store.deliveries import Delivery, State
from synthetics.store.reader import Reader
from tests.paging.support import NOON_MS, Desk, config, sample, slo


@dataclass
class Finds:
    """A watcher that finds what it is told to."""

    found: Mapping[str, Condition] | None = field(default_factory=dict)
    tier: str = "strange"

    async def look(self, config: Config, at_ms: int) -> Mapping[str, Condition] | None:
        return self.found


def strange(severity: str = "page", topic: str = "strange") -> Condition:
    return Condition(severity=severity, summary="Strange", reason="odd", topic=topic)


async def watchman(desk: Desk, *watchers: Watcher) -> Watchman:
    found = Watchman(desk.store, desk.config, watchers, clock=desk.clock, wake=desk.wake)
    await found.resume()
    return found


async def every(desk: Desk, receiver: str) -> list[tuple[str, Message]]:
    return [(one.event, Message.from_json(one.message)) for one in await desk.told(receiver)]


async def test_what_is_wrong_is_told_once_and_its_end_too(desk: Desk) -> None:
    finds = Finds({"thing": strange()})
    man = await watchman(desk, finds)

    await man.look()
    await man.look()
    await delivered(desk, "oncall")
    finds.found = {}
    await man.look()

    assert [event for event, _ in await every(desk, "oncall")] == ["trigger", "resolve"]
    [incident] = await desk.incidents()
    assert (incident.service, incident.severity) == ("synthetics", "page")
    assert incident.closed_ms is not None


async def test_while_nothing_is_known_nothing_changes_also_over_a_restart(desk: Desk) -> None:
    finds = Finds({"thing": strange()})
    await (await watchman(desk, finds)).look()

    finds.found = None
    man = await watchman(desk, finds)
    await man.look()

    assert man.firing() == {"strange": 1}
    assert [event for event, _ in await every(desk, "oncall")] == ["trigger"]


async def test_it_speaks_the_language_of_the_defaults(desk: Desk) -> None:
    desk.config = replace(desk.config, language=Language.JA, zone="Asia/Tokyo")
    sight = sees(desk.clock.now_ms(), one="timeout")
    man = await watchman(desk, BlindWatch(lambda: sight))
    desk.clock.advance(60)
    await man.look()

    [(_, message)] = await every(desk, "oncall")
    assert message.summary == (
        "監視拠点 tokyo の視界喪失(21:00 JST〜): ガードが失敗、one(タイムアウト)。"
        "この間、監視対象の障害は通知されない"
    )


async def test_after_it_stood_still_it_looks_only_when_what_waited_is_in(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was stopped for a minute would find every probe silent."""
    looks: list[float] = []
    sleeps = iter([5, 60, 5, 60, 60, 60])

    async def sleep(_: float) -> None:
        seconds = next(sleeps, None)
        if seconds is None:
            raise asyncio.CancelledError
        desk.clock.advance(seconds)

    man = await watchman(desk, Finds())
    monkeypatch.setattr("synthetics.paging.watch.asyncio.sleep", sleep)
    monkeypatch.setattr(man, "look", lambda: _noted(looks, desk))
    with pytest.raises(asyncio.CancelledError):
        await man.run()

    assert looks == [5, 70, 190]


async def _noted(looks: list[float], desk: Desk) -> None:
    looks.append((desk.clock.now_ms() - NOON_MS) / 1000)


async def test_a_reload_of_the_objectives_leaves_it_alone(desk: Desk) -> None:
    await (await watchman(desk, Finds({"thing": strange()}))).look()

    await desk.reload(config(slo("other")))

    assert [alert.slo for alert in await desk.firing()] == ["thing"]


async def test_topics_are_incidents_of_their_own(desk: Desk) -> None:
    finds = Finds({"one": strange(topic="a"), "two": strange(topic="b"), "three": strange()})
    man = await watchman(desk, finds)

    await man.look()

    assert len(await desk.incidents()) == 3
    assert len(await desk.told("oncall")) == 3


async def test_without_a_route_of_its_own_it_goes_to_everybody_of_that_severity(
    tmp_path: Path,
) -> None:
    routes = (
        Route(severity=Severity.PAGE, to=("oncall",), services=("shop",)),
        Route(severity=Severity.TICKET, to=("team",), services=("shop",)),
    )
    async with Desk.open(tmp_path, config(routes=routes)) as desk:
        await (await watchman(desk, Finds({"thing": strange()}))).look()

        assert len(await desk.told("oncall")) == 1
        assert await desk.told("team") == []


def sees(since_ms: int | None, *, known: bool = True, **failing: str) -> Sight:
    return Sight(known=known, since_ms=since_ms, failing=failing)


async def test_one_alert_says_that_the_location_is_blind(desk: Desk) -> None:
    began_ms = desk.clock.now_ms()
    sight = sees(began_ms, one="timeout", two="dns")
    man = await watchman(desk, BlindWatch(lambda: sight))

    desk.clock.advance(29)
    await man.look()
    assert await desk.told("oncall") == []
    desk.clock.advance(1)
    await man.look()
    desk.clock.advance(300)
    await man.look()

    [(event, message)] = await every(desk, "oncall")
    assert (event, message.slo, message.tier, message.since_ms) == (
        "trigger",
        "tokyo",
        "blind",
        began_ms,
    )
    assert message.summary == (
        "Location tokyo has been blind since 12:00 UTC: its guards fail, one (timed out), "
        "two (name not found); what it watches pages nobody"
    )
    await delivered(desk, "oncall")
    sight = sees(None)
    await man.look()
    assert [event for event, _ in await every(desk, "oncall")] == ["trigger", "resolve"]


async def test_a_restart_while_blind_neither_ends_the_alert_nor_repeats_it(desk: Desk) -> None:
    sight = sees(desk.clock.now_ms(), one="timeout")
    desk.clock.advance(60)
    await (await watchman(desk, BlindWatch(lambda: sight))).look()

    sight = sees(None, known=False)
    man = await watchman(desk, BlindWatch(lambda: sight))
    await man.look()
    sight = sees(desk.clock.now_ms(), one="timeout")
    await man.look()
    desk.clock.advance(60)
    await man.look()

    assert [event for event, _ in await every(desk, "oncall")] == ["trigger"]


async def test_the_same_page_stays_while_our_location_goes_blind(desk: Desk) -> None:
    await desk.minutes(10, bad=True)
    for _ in range(120):
        desk.clock.advance(60)
        now = desk.clock.now_ms()
        bad = sample(now, bad=True)
        unseen = replace(bad.result, outcome=Outcome.VOID, reason="blind", failed_step="")
        await desk.see(replace(bad, result=unseen, confirmed=Outcome.VOID))
        await desk.judge.on_minute(now)
    assert await desk.events() == [("trigger", "owed")]
    await desk.minutes(10, bad=True)

    assert await desk.events() == [("trigger", "owed")]
    assert len(await desk.incidents()) == 1


def silent_after(intervals: int = 5, severity: str = "page") -> Config:
    settings = Watch(no_samples=NoSamples(intervals=intervals, severity=severity))
    return replace(config(), watch=settings)


async def test_a_probe_that_brings_no_samples_any_more_is_told(tmp_path: Path) -> None:
    async with Desk.open(tmp_path, silent_after(5)) as desk:
        silence = SilenceWatch(desk.clock, desk.config)
        man = await watchman(desk, silence)
        desk.clock.advance(300)
        await man.look()
        assert await desk.told("oncall") == []
        desk.clock.advance(1)
        await man.look()

        [(_, message)] = await every(desk, "oncall")
        assert message.summary == (
            "No samples of checkout for 5 intervals: whether it works is not known"
        )
        assert (message.slo, message.tier, message.probe) == ("checkout", "no-samples", "checkout")
        await delivered(desk, "oncall")
        silence.heard([("checkout", "tokyo")])
        await man.look()
        assert [event for event, _ in await every(desk, "oncall")] == ["trigger", "resolve"]


async def test_a_machine_that_slept_is_no_silence() -> None:
    clock, configured = HeldClock(), silent_after()
    silence = SilenceWatch(clock, configured)

    clock.jump(36_000)

    assert silence.silent(configured) == {}


async def test_a_short_interval_still_needs_half_a_minute_of_silence() -> None:
    clock, configured = HeldClock(), silent_after(2)
    [probe] = configured.probes.values()
    configured = replace(configured, probes={probe.id: replace(probe, every=timedelta(seconds=1))})
    silence = SilenceWatch(clock, configured)

    clock.advance(30)
    assert not silence.all_silent(configured)
    clock.advance(1)
    assert silence.all_silent(configured)


async def test_of_a_job_nothing_is_known_before_its_grace_is_over() -> None:
    clock, configured = HeldClock(), silent_after(2)
    [probe] = configured.probes.values()
    job = replace(probe, listens=True, options=SimpleNamespace(grace=timedelta(hours=1)))
    configured = replace(configured, probes={probe.id: job})
    silence = SilenceWatch(clock, configured)

    clock.advance(3720)
    assert not silence.all_silent(configured)
    clock.advance(1)
    assert silence.all_silent(configured)


async def test_a_location_that_is_fed_in_is_told_and_forgotten_after_a_day(desk: Desk) -> None:
    silence = SilenceWatch(desk.clock, desk.config)
    silence.heard([("checkout", "osaka")])
    desk.clock.advance(301)
    silence.heard([("checkout", "tokyo")])

    found = await silence.look(desk.config, desk.clock.now_ms())
    assert list(found) == ["checkout@osaka"]
    assert "from osaka" in found["checkout@osaka"].summary
    desk.clock.advance(86_400)
    silence.heard([("checkout", "tokyo")])
    assert await silence.look(desk.config, desk.clock.now_ms()) == {}


async def test_low_coverage_is_a_ticket_and_ends_with_a_little_more_than_it_took(
    tmp_path: Path,
) -> None:
    settings = Watch(coverage=LowCoverage(over=timedelta(hours=1)))
    async with Desk.open(tmp_path, replace(config(), watch=settings)) as desk:
        man = await watchman(desk, CoverageWatch(desk.ledger, asyncio.Lock()))
        await desk.minutes(30, bad=False)
        await man.look()
        assert await desk.told("team") == []

        desk.clock.advance(10 * 60)
        await man.look()

        [(event, message)] = await every(desk, "team")
        assert (event, message.severity, message.tier) == ("trigger", "ticket", "low-coverage")
        assert message.summary == (
            "Only 86.6% of the last 1h of checkout is known, at least 90% should be"
        )
        assert await desk.told("oncall") == [], "a ticket wakes nobody"
        await delivered(desk, "team")
        await desk.minutes(58, bad=False)
        await man.look()
        assert [event for event, _ in await every(desk, "team")] == ["trigger", "resolve"]


async def test_a_new_objective_is_not_blind_in_its_first_hour(tmp_path: Path) -> None:
    async with Desk.open(tmp_path, config(slo("new", probes=("new",)))) as desk:
        man = await watchman(desk, CoverageWatch(desk.ledger, asyncio.Lock()))

        await man.look()

        assert await desk.told("team") == []


@pytest.fixture
async def deliveries_watched(desk: Desk) -> Watchman:
    reader = Reader.open(desk.store.path)
    return await watchman(desk, DeliveryWatch(desk.store, reader, desk.wake))


async def delivered(desk: Desk, receiver: str) -> None:
    for one in await desk.told(receiver):
        if one.state is State.OWED:
            await desk.store.write(
                partial(
                    deliveries.delivered,
                    delivery_id=one.id,
                    at_ms=desk.clock.now_ms(),
                    handle="",
                )
            )


async def about_oncall(desk: Desk) -> list[Delivery]:
    return [one for one in await desk.told("team") if "oncall#1" in one.message]


async def test_a_page_that_one_receiver_does_not_get_is_told_to_the_others_once(
    desk: Desk, deliveries_watched: Watchman
) -> None:
    await desk.minutes(2, bad=True)
    await delivered(desk, "team")
    desk.clock.advance(299)
    await deliveries_watched.look()
    assert await about_oncall(desk) == []

    desk.clock.advance(2)
    await deliveries_watched.look()
    desk.clock.advance(600)
    await deliveries_watched.look()

    [told] = await about_oncall(desk)
    message = Message.from_json(told.message)
    assert message.summary.startswith("oncall did not get a page for 5m")
    assert "本店: checkout fails" in message.summary, "it carries the page itself"
    assert (message.probe, message.step, message.failing is not None) == (
        "checkout",
        "order",
        True,
    )
    assert [one.event for one in await desk.told("oncall")] == ["trigger"], "it is not told itself"

    await delivered(desk, "team")
    await delivered(desk, "oncall")
    await deliveries_watched.look()
    assert (await desk.told("team"))[-1].event == "resolve"
    assert [alert.service for alert in await desk.firing()] == ["shop"]


async def test_what_a_receiver_was_told_before_is_not_told_to_the_others(
    tmp_path: Path,
) -> None:
    found = replace(config(slo(), slo("again")), public_url="https://synthetics.example/")
    async with Desk.open(tmp_path, found) as desk:
        man = await watchman(
            desk, DeliveryWatch(desk.store, Reader.open(desk.store.path), desk.wake)
        )
        for _ in range(2):
            await desk.minutes(2, bad=True)
            await delivered(desk, "team")
            desk.clock.advance(301)
            await man.look()
            told = Message.from_json((await about_oncall(desk))[-1].message)
            await delivered(desk, "oncall")
            await desk.minutes(18, bad=False)
            await delivered(desk, "oncall")
            await man.look()
            await delivered(desk, "team")

        page = Message.from_json((await desk.told("oncall"))[-2].message)
        assert page.summary.startswith("Again (2×): 本店: checkout fails")
        assert told.summary.startswith("oncall did not get a page for 5m1s: 本店: checkout fails")
        assert told.summary.endswith(", and 1 more")
        acknowledge = [link.href for link in told.links if "acknowledge" in link.href]
        assert acknowledge == [page.links[0].href], "it is the outage that is to be taken on"


async def test_where_nobody_else_gets_pages_it_goes_to_those_who_get_tickets(
    tmp_path: Path,
) -> None:
    routes = (
        Route(severity=Severity.PAGE, to=("oncall",)),
        Route(severity=Severity.TICKET, to=("team",)),
    )
    async with Desk.open(tmp_path, config(routes=routes)) as desk:
        man = await watchman(
            desk, DeliveryWatch(desk.store, Reader.open(desk.store.path), desk.wake)
        )
        await desk.minutes(2, bad=True)
        desk.clock.advance(301)
        await man.look()

        assert len(await about_oncall(desk)) == 1


async def test_a_page_that_is_refused_is_told_to_the_others_at_once(
    desk: Desk, deliveries_watched: Watchman
) -> None:
    await desk.minutes(2, bad=True)
    [owed] = await desk.told("oncall")
    await desk.store.write(
        partial(
            deliveries.refused,
            delivery_id=owed.id,
            at_ms=desk.clock.now_ms(),
            reason="status-401",
            detail="answered 401",
        )
    )

    await deliveries_watched.look()

    [told] = await about_oncall(desk)
    assert Message.from_json(told.message).summary.startswith(
        "oncall would not take a page (status-401): "
    )


async def test_at_its_deadline_a_message_is_given_up_and_says_so(
    desk: Desk, deliveries_watched: Watchman
) -> None:
    await desk.minutes(2, bad=True)
    desk.clock.advance(86_400)

    await deliveries_watched.look()

    owed = (await desk.told("oncall"))[0]
    assert (owed.state, owed.reason) == (State.REFUSED, "deadline")
    assert owed.detail == "not delivered within 1d"
    [told] = await about_oncall(desk)
    assert "oncall did not get a page within its deadline" in told.message


async def test_messages_about_the_monitoring_are_not_told_of_in_turn(
    desk: Desk, deliveries_watched: Watchman
) -> None:
    await (await watchman(desk, Finds({"thing": strange()}))).look()
    desk.clock.advance(3600)

    await deliveries_watched.look()

    assert len(await desk.firing()) == 1
