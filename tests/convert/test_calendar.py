"""Calendar expressions of systemd, as systemd.time(7) writes them."""

from __future__ import annotations

import pytest

from synthetics.convert.healthchecks.calendar import Unsaid, as_cron


@pytest.mark.parametrize(
    ("written", "cron", "zone"),
    [
        ("daily", "0 0 * * *", ""),
        ("quarterly", "0 0 1 1,4,7,10 *", ""),
        ("Mon *-*-* 03:00", "0 3 * * 1", ""),
        ("Mon..Fri 22:30", "30 22 * * 1-5", ""),
        ("Mon,Thu,Sat..Sun 12:00:00", "0 12 * * 1,4,6-7", ""),
        ("*:0/15", "0-59/15 * * * *", ""),
        ("*-*-01 08..18/2:00", "0 8-18/2 1 * *", ""),
        ("*-*~01 12:00", "0 12 L * *", ""),
        ("*-12-24 18:00 Europe/Berlin", "0 18 24 12 *", "Europe/Berlin"),
        ("12-24 18:00", "0 18 24 12 *", ""),
        ("*-*-* 03:00\n*-*-* 15:00", "0 3,15 * * *", ""),
    ],
)
def test_a_calendar_expression_is_one_of_cron(written: str, cron: str, zone: str) -> None:
    assert as_cron(written) == (cron, zone)


@pytest.mark.parametrize(
    ("written", "why"),
    [
        ("Fri *-*-13 00:00", "a day of the week too"),
        ("2027-*-* 00:00", "no years"),
        ("*:*:30", "no seconds"),
        ("*-*~03 00:00", "the last only"),
        ("03:00\nMon 04:30", "more than one field"),
        ("03:00 UTC\n04:00 Asia/Tokyo", "several time zones"),
        ("whenever", "not understood"),
        ("\n", "empty"),
        ("Mon..Noday 03:00", "no day"),
        ("25x:00", "not understood"),
    ],
)
def test_what_cron_cannot_say_is_refused_with_the_reason(written: str, why: str) -> None:
    with pytest.raises(Unsaid, match=why):
        as_cron(written)
