"""A page in Japanese, as a person would write it, with no English word of ours."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from synthetics.config.model import Config, Latency
from synthetics.config.model_remedy import Remedy
from synthetics.language import Language
from synthetics.language.every import PHRASES
from synthetics.language.speech import speech
from synthetics.paging.mending import Answer
from synthetics.paging.tried import line
from synthetics.paging.words import resolved, summary
from synthetics.receivers.base import Changed, Event, Message
from synthetics.receivers.facts import facts
from tests.paging.support import MINUTE_MS, NOON_MS, Desk, config, slo
from tests.receivers.support import trigger

THEIRS = (
    # What users named, and what the target said: evidence stays in the words it was recorded in.
    *("checkout", "order", "fast", "tokyo", "req-7", "0123456789abcdef0123456789abcdef"),
    *("answered 500 Internal Server Error, 201 expected", "deploy v1.2", "aiko", "team-shop"),
)


def in_japanese() -> Config:
    known = config()
    shop = replace(
        known.services["shop"], language=Language.JA, zone="Asia/Tokyo", owner="team-shop"
    )
    return replace(known, services={"shop": shop})


async def paged(path: Path) -> tuple[Message, Message]:
    """What an outage of ten minutes tells: its beginning and its end."""
    async with Desk.open(path, in_japanese()) as desk:
        await desk.minutes(2, bad=True)
        [alert] = await desk.firing()
        began = Message.from_json(alert.message)
        ended = resolved(began, NOON_MS + 11 * MINUTE_MS, "short-within")
        return began, replace(began, event=Event.RESOLVE, summary=ended)


async def test_a_page_and_its_end_hold_no_english_word_of_ours(tmp_path: Path) -> None:
    began, ended = await paged(tmp_path)
    changes = (Changed(at_ms=NOON_MS - 4 * MINUTE_MS, summary="deploy v1.2", author="aiko"),)

    said = [began.summary, ended.summary, *(link.text for link in began.links)]
    for message in (replace(began, changes=changes, more_changes=2), ended):
        for fact in facts(message):
            said += [fact.label, fact.text]

    for text in said:
        rest = text
        for theirs in THEIRS:
            rest = rest.replace(theirs, "")
        words = set(re.findall(r"[A-Za-z]+", rest)) - {"SLO", "ID", "JST"}
        assert not words, text


async def test_it_reads_as_a_person_would_write_it(tmp_path: Path) -> None:
    began, ended = await paged(tmp_path)

    assert began.summary == ("本店: checkout がステップ「order」で失敗(ステータス 500) 21:01 JST〜")
    assert ended.summary == f"復旧(10分継続): {began.summary}"
    assert [link.text for link in began.links] == ["ランブック"]
    said = {fact.label: fact.text for fact in facts(began)}
    assert said["発生時刻"] == "21:01 JST(検知まで1分)"
    assert said["失敗の程度"] == "直近5分で5件中2件が失敗"


def test_a_change_is_said_with_how_long_before_or_after_it_was() -> None:
    message = trigger(language=Language.JA, zone="Asia/Tokyo")
    assert message.since_ms is not None
    before = Changed(at_ms=message.since_ms - 4 * MINUTE_MS, summary="v1.2", author="aiko")
    after = Changed(at_ms=message.since_ms + MINUTE_MS, summary="v1.3")

    lines = [
        fact.text
        for fact in facts(replace(message, changes=(after, before)))
        if fact.label == "直近の変更"
    ]

    assert lines == [
        "23:04 JST(発生の1分後): v1.3",
        "22:59 JST(発生の4分前): v1.2(aiko)",
    ]


@pytest.mark.parametrize("outcome", list(PHRASES[Language.JA].tried))
def test_what_was_tried_is_said_in_japanese(outcome: str) -> None:
    said = line(
        trigger(language=Language.JA, zone="Asia/Tokyo"),
        "command",
        outcome,
        remedy=Remedy(command=("true",)),
        began_ms=NOON_MS,
        answer=Answer(outcome="", said="exit 4", output="再起動できません"),
    )

    assert not set(re.findall(r"[A-Za-z]+", said)) - {"JST"}, said


def test_slowness_is_said_in_japanese() -> None:
    slow = slo(sli=Latency(bound_us=500_000), objective="0.99")
    assert slow.objective == Fraction(99, 100)

    said = summary(
        speech(Language.JA),
        service="本店",
        slo=slow,
        probe="checkout",
        step="",
        reason="",
        status=200,
        since_ms=NOON_MS,
        at_ms=NOON_MS,
    )

    assert said == "本店: checkout の応答が500ミリ秒を超過 12:00 UTC〜"
