from __future__ import annotations

from fractions import Fraction

import pytest

from slo.budget import INFINITE, Rate
from synthetics.language import Language
from synthetics.language.speech import speech

NOON_MS = 1_791_201_600_000
"""2026-10-05T12:00:00Z"""
HOUR_MS = 3_600_000

ja = speech(Language.JA, "Asia/Tokyo")


@pytest.mark.parametrize(
    ("ms", "english", "japanese"),
    [
        (0, "0s", "0秒"),
        (59_000, "59s", "59秒"),
        (125 * 60_000, "2h5m", "2時間5分"),
        (34 * HOUR_MS, "1d10h", "1日10時間"),
        (1_250, "1s250ms", "1秒250ミリ秒"),
    ],
)
def test_a_length_of_time_changes_only_its_units(ms: int, english: str, japanese: str) -> None:
    assert speech().exactly(ms) == english
    assert ja.exactly(ms) == japanese


@pytest.mark.parametrize(
    ("rate", "english", "japanese"),
    [
        (Fraction("57.2"), "57.2×", "57.2倍"),
        (INFINITE, "infinitely fast", "無限大"),
        (None, "unknown", "不明"),
    ],
)
def test_a_burn_rate_is_said(rate: Rate | None, english: str, japanese: str) -> None:
    assert speech().rate(rate) == english
    assert ja.rate(rate) == japanese


@pytest.mark.parametrize(
    ("left", "japanese"),
    [
        (Fraction(612, 1000), "残り61.2%"),
        (Fraction(-1, 4), "超過(125.0%を消費)"),
        (-INFINITE, "失敗は一切許容されないが、失敗あり"),
        (None, "不明"),
    ],
)
def test_what_is_left_is_said_in_japanese(left: Rate | None, japanese: str) -> None:
    assert ja.left(left) == japanese


@pytest.mark.parametrize(
    ("zone", "ms", "words"),
    [
        pytest.param("UTC", NOON_MS, "12:00 UTC", id="in UTC"),
        pytest.param("Asia/Tokyo", NOON_MS, "21:00 JST", id="on the clock of the zone"),
        pytest.param("Asia/Kathmandu", NOON_MS, "17:45 UTC+0545", id="a zone without a name"),
        pytest.param(
            "Asia/Tokyo", NOON_MS + 3 * HOUR_MS, "2026-10-06 00:00 JST", id="its own midnight"
        ),
    ],
)
def test_a_moment_is_said_on_the_clock_of_a_zone(zone: str, ms: int, words: str) -> None:
    assert speech(zone=zone).when(ms, NOON_MS) == words


def test_a_reason_of_a_third_party_stays_as_it_is() -> None:
    assert ja.reason("tls-expired") == "証明書の期限切れ"
    assert ja.reason("weird-thing") == "weird-thing"
