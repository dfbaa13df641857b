"""A budget that is low, spent or about to be is told once, and by itself."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from slo.budget_alerts import BudgetAlert, BudgetWatch, Kind
from slo.window import Rolling
from synthetics.config.model import Config
from synthetics.language import Language
from synthetics.receivers.base import Message
from tests.paging.support import MINUTE_MS, Desk, config, slo

EXHAUSTED = BudgetAlert(kind=Kind.EXHAUSTED, severity="ticket")
FORECAST = BudgetAlert(kind=Kind.FORECAST, severity="ticket", over_ms=30 * MINUTE_MS)


def budgeted(*alerts: BudgetAlert, minutes: int = 100, language: Language = Language.EN) -> Config:
    """One in ten may fail, over so many minutes."""
    window = Rolling(minutes * MINUTE_MS)
    watch = BudgetWatch(
        objective=Fraction(9, 10), window=window, intervals_ms=(MINUTE_MS,), alerts=alerts
    )
    watched = replace(slo(objective="0.9", tiers=()), window=window, budget_watch=watch)
    made = config(watched)
    services = {id_: replace(one, language=language) for id_, one in made.services.items()}
    return replace(made, services=services)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path, budgeted(EXHAUSTED)) as open_desk:
        yield open_desk


async def test_a_spent_budget_is_told_once_and_taken_back_when_a_tenth_is_left(desk: Desk) -> None:
    await desk.minutes(90, bad=False)
    await desk.minutes(9, bad=True)
    assert await desk.told("team") == []
    await desk.minutes(20, bad=True)

    [delivery] = await desk.told("team")
    message = Message.from_json(delivery.message)
    assert (delivery.receiver, delivery.event) == ("team", "trigger")
    assert message.summary == "本店: the error budget of checkout is spent (0% left)"
    assert (message.tier, message.slo) == ("budget-exhausted", "checkout")
    assert (message.budget_left, message.burn_long, message.probe) == (0, None, "")
    await desk.minutes(89, bad=False)
    assert [alert.tier for alert in await desk.firing()] == ["budget-exhausted"]
    await desk.minutes(2, bad=False)
    assert await desk.firing() == []


async def test_the_words_are_in_the_language_of_the_service(tmp_path: Path) -> None:
    japanese = budgeted(EXHAUSTED, language=Language.JA)
    async with Desk.open(tmp_path, japanese) as desk:
        await desk.minutes(12, bad=True)
        [delivery] = await desk.told("team")

    message = Message.from_json(delivery.message)
    assert message.summary == "本店: checkoutのエラーバジェットを使い切った(残り0%)"


async def test_a_forecast_says_when_it_is_gone(tmp_path: Path) -> None:
    async with Desk.open(tmp_path, budgeted(FORECAST)) as desk:
        for _ in range(6):
            await desk.minutes(4, bad=False)
            await desk.minutes(1, bad=True)
        [delivery] = await desk.told("team")

    message = Message.from_json(delivery.message)
    assert message.summary.startswith("本店: the error budget of checkout will not last (")
    assert message.burn_long == pytest.approx(2)
    assert "gone in" in message.said.budget


async def test_it_is_no_part_of_the_outage_of_its_service(tmp_path: Path) -> None:
    """As part of it, it would keep that open for weeks, and the next outage would page nobody."""
    both = budgeted(EXHAUSTED)
    paging = slo(name="search")
    made = config(*both.slos.values(), paging)
    async with Desk.open(tmp_path, made) as desk:
        await desk.minutes(12, bad=True)
        outage, spent = await desk.incidents()
        assert (outage.severity, spent.severity) == ("page", "ticket")
        await desk.minutes(60, bad=False)
        outage, spent = await desk.incidents()
        assert (outage.closed_ms is None, spent.closed_ms is None) == (False, True)
        await desk.minutes(3, bad=True)
        assert len(await desk.incidents()) == 3


async def test_one_that_is_not_configured_any_more_is_closed(desk: Desk) -> None:
    await desk.minutes(12, bad=True)
    assert len(await desk.firing()) == 1

    await desk.reload(budgeted())

    assert await desk.firing() == []
    [incident] = await desk.incidents()
    assert incident.closed_ms is not None


async def test_it_survives_a_restart_without_being_told_again(tmp_path: Path) -> None:
    async with Desk.open(tmp_path, budgeted(EXHAUSTED)) as desk:
        await desk.minutes(12, bad=True)
        await desk.restart()
        await desk.minutes(5, bad=True)
        assert len(await desk.told("team")) == 1
        assert desk.judge.firing("checkout") == {"budget-exhausted"}
