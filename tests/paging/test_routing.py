"""Who is told of an incident, when, and how it goes on: real alerts, a held clock, restarts."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from slo.policy import Tier
from synthetics.accounting.declaring import NotDeclaredError
from synthetics.clock import instant
from synthetics.config.model import Config, Receiver, Route, Severity
from synthetics.config.model_oncall import Escalation, Person, Step
from synthetics.config.model_quiet import Incidents
from synthetics.oncall.hours import Hours, When
from synthetics.oncall.rotation import Layer, Rotation
from synthetics.paging.acknowledging import answering
from synthetics.paging.routing import audience
from synthetics.receivers.base import Message
from synthetics.store import acknowledgements
from synthetics.store.acknowledgements import Acknowledgement
from tests.paging.support import DRIFT, FAST, NOON_MS, Desk, config, slo

UTC = ZoneInfo("UTC")
NOON = instant(NOON_MS).replace(tzinfo=None)
MINUTE = timedelta(minutes=1)


def people(*names: str) -> dict[str, Person]:
    return {name: Person(id=name, name=name, receivers=(f"{name}-phone",)) for name in names}


def rotation(every: timedelta, **more: object) -> Rotation:
    """Aiko until a quarter past noon, Ben after her."""
    layer = Layer(
        zone=UTC,
        people=("aiko", "ben"),
        starts=NOON + timedelta(minutes=15) - 3 * every,
        every=every,
        **more,  # type: ignore[arg-type]
    )
    return Rotation(id="week", name="week", zone=UTC, layers=(layer,))


def built(*routes: Route, tiers: tuple[Tier, ...] = (FAST,), **more: object) -> Config:
    made = config(slo(tiers=tiers), routes=routes)
    names = ("aiko-phone", "ben-phone", "team", "boss")
    receivers = {name: Receiver(id=name, kind="webhook", options=None) for name in names}
    return replace(
        made,
        receivers=receivers,
        people=people("aiko", "ben"),
        rotations={"week": rotation(timedelta(days=1))},
        public_url="https://synthetics.example/",
        **more,  # type: ignore[arg-type]
    )


ESCALATION = Escalation(
    id="e",
    steps=(Step(after=10 * MINUTE, to=("team",)), Step(after=20 * MINUTE, to=("week", "boss"))),
)
PAGE = Route(severity=Severity.PAGE, to=("week",), escalation=ESCALATION)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path, built(PAGE)) as opened:
        yield opened


async def owed_at(desk: Desk, receiver: str) -> list[int]:
    """Minutes after noon at which triggers were owed."""
    return [
        (one.owed_ms - NOON_MS) // 60_000
        for one in await desk.told(receiver)
        if one.event == "trigger"
    ]


async def deliver(desk: Desk) -> None:
    await desk.store.write(
        lambda db: db.execute(
            "UPDATE deliveries SET state = 'delivered', attempts = 1, unsure = 1 "
            "WHERE state = 'owed'"
        )
    )


async def take_on(desk: Desk, author: str = "aiko", how: str = "link") -> Acknowledgement:
    answer = answering(
        {"author": author, "how": how}, 1, desk.config.receivers, desk.clock.now_ms()
    )
    return await desk.store.write(answer)


async def test_who_is_on_call_is_told_and_stays_told_after_the_hand_over(desk: Desk) -> None:
    await desk.minutes(12, bad=True)
    await deliver(desk)
    await desk.minutes(6, bad=True)  # it is Ben's turn from 12:15 on

    assert await owed_at(desk, "aiko-phone") == [2]
    assert await owed_at(desk, "ben-phone") == []
    assert [one.event for one in await desk.told("aiko-phone")] == ["trigger"]


async def test_a_page_goes_on_to_the_next_while_nobody_answers(desk: Desk) -> None:
    for _ in range(30):
        await desk.minutes(1, bad=True)
        await deliver(desk)

    assert await owed_at(desk, "aiko-phone") == [2]
    assert await owed_at(desk, "team") == [12]
    assert await owed_at(desk, "boss") == [22]
    assert await owed_at(desk, "ben-phone") == [22], "who is on call by then"
    told = Message.from_json((await desk.told("team"))[0].message)
    assert told.summary.startswith("Not acknowledged for 10m: 本店: ")


async def test_an_escalation_waits_for_no_quota(tmp_path: Path) -> None:
    again = Escalation(id="e", steps=(Step(after=10 * MINUTE, to=("boss",)),))
    found = built(Route(severity=Severity.PAGE, to=("boss",), escalation=again))
    shop = replace(found.services["shop"], incidents=Incidents(pages_per_hour=1))
    async with Desk.open(tmp_path, replace(found, services={"shop": shop})) as desk:
        for _ in range(15):
            await desk.minutes(1, bad=True)
            await deliver(desk)

        assert await owed_at(desk, "boss") == [2, 12]


async def test_an_acknowledgement_ends_it_and_is_told_to_whoever_knows(desk: Desk) -> None:
    await desk.minutes(13, bad=True)
    await deliver(desk)
    done = await take_on(desk, "愛子")
    await desk.minutes(30, bad=True)

    assert await owed_at(desk, "team") == [12]
    assert await desk.events("boss") == []
    for receiver in ("aiko-phone", "team"):
        *_, last = await desk.told(receiver)
        message = Message.from_json(last.message)
        assert (last.event, last.severity) == ("acknowledge", "page")
        assert message.summary.startswith("Acknowledged by 愛子: 本店: ")
        assert message.detected_ms == done.at_ms
    [kept] = await desk.store.write(lambda db: acknowledgements.of_incident(db, 1))
    assert (kept.author, kept.how.value, kept.at_ms) == ("愛子", "link", done.at_ms)


async def test_after_it_was_acknowledged_everybody_hears_the_end(desk: Desk) -> None:
    await desk.minutes(13, bad=True)
    await deliver(desk)
    await take_on(desk)
    await deliver(desk)
    await desk.minutes(40, bad=False)

    for receiver in ("aiko-phone", "team"):
        assert [one.event for one in await desk.told(receiver)] == [
            "trigger",
            "acknowledge",
            "resolve",
        ]
    end = Message.from_json((await desk.told("team"))[-1].message)
    assert "Not acknowledged" not in end.summary
    with pytest.raises(NotDeclaredError, match="incident 1 is over since "):
        await take_on(desk)


async def test_an_end_ends_it(desk: Desk) -> None:
    await desk.minutes(4, bad=True)
    await deliver(desk)
    await desk.minutes(40, bad=False)

    assert await desk.events("team") == []


async def test_said_twice_it_is_recorded_once_and_by_another_again(desk: Desk) -> None:
    await desk.minutes(3, bad=True)
    await deliver(desk)
    first, second = await take_on(desk), await take_on(desk)
    third = await take_on(desk, "ben", "command")

    assert first == second != third
    assert [one.event for one in await desk.told("aiko-phone")].count("acknowledge") == 2


async def test_a_restart_at_every_minute_neither_loses_nor_doubles_a_step(desk: Desk) -> None:
    for _ in range(30):
        await desk.minutes(1, bad=True)
        await deliver(desk)
        await desk.restart()

    assert await owed_at(desk, "aiko-phone") == [2]
    assert await owed_at(desk, "team") == [12]
    assert await owed_at(desk, "boss") == [22]


async def test_steps_that_passed_while_nothing_ran_are_told_once_at_the_start(desk: Desk) -> None:
    await desk.minutes(3, bad=True)
    await deliver(desk)
    desk.clock.advance(3600)
    await desk.restart()

    assert await owed_at(desk, "team") == [63]
    assert await owed_at(desk, "boss") == [63]
    await deliver(desk)
    await desk.restart()
    assert await owed_at(desk, "team") == [63]


async def test_it_may_begin_anew_from_the_first(tmp_path: Path) -> None:
    again = replace(
        ESCALATION, steps=(Step(after=5 * MINUTE, to=("team",)),), again=5 * MINUTE, times=2
    )
    route = Route(severity=Severity.PAGE, to=("boss",), escalation=again)
    async with Desk.open(tmp_path, built(route)) as desk:
        for _ in range(60):
            await desk.minutes(1, bad=True)
            await deliver(desk)

        assert await owed_at(desk, "boss") == [2, 12, 22]
        assert await owed_at(desk, "team") == [7, 17, 27]


async def test_who_was_not_reached_yet_is_not_owed_the_same_twice(tmp_path: Path) -> None:
    """A receiver that is down has one message waiting, the newest, however often it is repeated."""
    again = replace(
        ESCALATION, steps=(Step(after=5 * MINUTE, to=("boss",)),), again=5 * MINUTE, times=3
    )
    route = Route(severity=Severity.PAGE, to=("boss",), escalation=again)
    async with Desk.open(tmp_path, built(route)) as desk:
        await desk.minutes(60, bad=True)

        assert [state for _, state in await desk.events("boss")].count("owed") == 1


async def test_a_step_that_reaches_nobody_is_passed_over_at_once(tmp_path: Path) -> None:
    closed = When(hours=Hours(zone=UTC, weekly=dict.fromkeys(range(7), ((0, 60),))), outside=False)
    gap = {"week": rotation(timedelta(days=1), when=closed)}
    async with Desk.open(tmp_path, replace(built(PAGE), rotations=gap)) as desk:
        await desk.minutes(3, bad=True)

        assert await owed_at(desk, "team") == [2]
        assert await owed_at(desk, "aiko-phone") == []


async def test_a_page_that_would_reach_nobody_reaches_everybody(tmp_path: Path) -> None:
    night = When(hours=Hours(zone=UTC, weekly=dict.fromkeys(range(7), ((0, 60),))))
    route = Route(severity=Severity.PAGE, to=("week",), when=night)
    async with Desk.open(tmp_path, built(route)) as desk:
        await desk.minutes(3, bad=True)

        assert await owed_at(desk, "aiko-phone") == await owed_at(desk, "ben-phone") == [2]


OFFICE = When(hours=Hours(zone=UTC, weekly=dict.fromkeys(range(7), ((12 * 60 + 30, 18 * 60),))))
TICKET = Route(severity=Severity.TICKET, to=("team",), when=OFFICE)


async def test_a_ticket_waits_for_its_hours_through_a_restart(tmp_path: Path) -> None:
    async with Desk.open(tmp_path, built(TICKET, tiers=(DRIFT,))) as desk:
        await desk.minutes(20, bad=True)
        assert await desk.firing()
        assert await desk.events("team") == []
        await desk.restart()
        await desk.minutes(15, bad=True)

        assert await owed_at(desk, "team") == [30]


async def test_a_ticket_that_does_not_last_until_then_is_never_told(tmp_path: Path) -> None:
    async with Desk.open(tmp_path, built(TICKET, tiers=(FAST_TICKET,))) as desk:
        await desk.minutes(4, bad=True)
        assert await desk.firing()
        await desk.minutes(40, bad=False)

        assert await desk.events("team") == []
        [incident] = await desk.incidents()
        assert incident.closed_ms is not None


FAST_TICKET = replace(FAST, severity="ticket")


async def test_a_page_needs_an_acknowledgement_of_its_own_after_that_of_a_ticket(
    tmp_path: Path,
) -> None:
    ticket = Route(severity=Severity.TICKET, to=("boss",))
    page = Route(
        severity=Severity.PAGE,
        to=("aiko",),
        escalation=Escalation(id="e", steps=(Step(after=5 * MINUTE, to=("team",)),)),
    )
    tiers = (replace(FAST, min_bad=6), replace(FAST_TICKET, name="early"))
    async with Desk.open(tmp_path, built(ticket, page, tiers=tiers)) as desk:
        await desk.minutes(3, bad=True)
        await deliver(desk)
        await take_on(desk)
        await desk.minutes(12, bad=True)

        [fired] = await owed_at(desk, "aiko-phone")
        assert await owed_at(desk, "team") == [fired + 5]


async def test_each_receiver_has_a_link_of_its_own(desk: Desk) -> None:
    await desk.minutes(13, bad=True)

    links = {}
    for receiver in ("aiko-phone", "team"):
        message = Message.from_json((await desk.told(receiver))[0].message)
        links[receiver] = message.links[0]
    assert {link.text for link in links.values()} == {"Acknowledge"}
    assert len({link.href for link in links.values()}) == 2
    for receiver, link in links.items():
        base, _, token = link.href.rpartition("/")
        assert base == "https://synthetics.example/acknowledge"
        assert len(token) >= 32
        known = await desk.store.write(partial(acknowledgements.link_of, token=token))
        assert known == acknowledgements.LinkOf(1, receiver)


async def test_a_reload_with_other_times_keeps_who_was_told(desk: Desk) -> None:
    """Aiko was told; that it would be Ben's turn by the new file takes nobody off."""
    await desk.minutes(3, bad=True)
    await deliver(desk)
    swapped = replace(
        rotation(timedelta(days=1)),
        layers=(replace(rotation(timedelta(days=1)).layers[0], people=("ben", "aiko")),),
    )
    await desk.reload(replace(desk.config, rotations={"week": swapped}))

    assert [one.event for one in await desk.told("aiko-phone")] == ["trigger"]
    assert len(await owed_at(desk, "ben-phone")) == 1


async def test_a_reload_that_leads_to_nobody_leaves_it_with_those_who_know(desk: Desk) -> None:
    """They would read "others are told now", and nobody would be."""
    await desk.minutes(4, bad=True)
    await deliver(desk)

    await desk.reload(replace(desk.config, routes=()))
    assert [event for event, _ in await desk.events("aiko-phone")] == ["trigger"]

    await desk.minutes(20, bad=False)
    _, end = await desk.told("aiko-phone")
    assert Message.from_json(end.message).resolution == "over"


async def test_what_is_over_is_not_to_be_taken_on(desk: Desk) -> None:
    await desk.minutes(4, bad=True)
    await deliver(desk)
    await desk.minutes(20, bad=False)

    begin, end = [Message.from_json(one.message) for one in await desk.told("aiko-phone")]
    assert [link.text for link in begin.links] == ["Acknowledge", "Runbook"]
    assert [link.text for link in end.links] == ["Runbook"]


async def test_who_answers_as_the_next_step_is_due_is_in_time(desk: Desk) -> None:
    await desk.minutes(12, bad=True)
    told = await desk.told("aiko-phone")
    assert [event for event, _ in await desk.events("team")] == ["trigger"]
    due_ms = (await desk.told("team"))[0].owed_ms
    alerts = await desk.firing()

    in_time = audience(desk.config, alerts, [due_ms], [], due_ms)

    assert [*in_time.told] == [told[0].receiver]
