"""``synthetics oncall``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from icalendar import Calendar

from synthetics.cli import main

CONFIG = """
receivers:
  phone: {webhook: {url: https://hooks.example/phone}}
people:
  aiko: {name: 愛子, receivers: [phone]}
  ben: {receivers: [phone]}
hours:
  day: {timezone: Asia/Tokyo, weekly: {mon-fri: 09:00-18:00}}
rotations:
  shop:
    name: Shop
    timezone: Asia/Tokyo
    layers: [{people: [aiko, ben], starts: 2026-11-02T09:00, every: 1w}]
  office:
    timezone: Asia/Tokyo
    layers: [{people: [ben], starts: 2026-11-02T09:00, every: 1d, during: day}]
"""
AT = ("--at", "2026-11-04T20:00+09:00")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "synthetics.yaml").write_text(CONFIG)
    return tmp_path


def oncall(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["oncall", *arguments])


def test_it_says_who_and_the_next_hand_overs() -> None:
    done = oncall("shop", *AT, "--next", "2")

    assert done.exit_code == 0
    assert done.stdout == (
        "shop  Shop\n"
        "  now   愛子 (aiko)  until Mon 9 Nov 2026 09:00 JST  told by phone\n"
        "  then  ben          from Mon 9 Nov 2026 09:00 JST\n"
        "  then  愛子 (aiko)  from Mon 16 Nov 2026 09:00 JST\n"
    )


def test_nobody_on_call_is_bad_news() -> None:
    done = oncall(*AT, "--next", "1")

    assert done.exit_code == 1
    assert "  now   nobody  until Thu 5 Nov 2026 09:00 JST\n" in done.stdout


def test_programs_read_the_same() -> None:
    done = oncall("office", *AT, "--next", "1", "--format", "json")

    assert json.loads(done.stdout) == [
        {
            "rotation": "office",
            "name": "office",
            "timezone": "Asia/Tokyo",
            "at": "2026-11-04T20:00:00+09:00",
            "person": None,
            "person_name": None,
            "receivers": [],
            "until": "2026-11-05T09:00:00+09:00",
            "next": [{"person": "ben", "person_name": "ben", "from": "2026-11-05T09:00:00+09:00"}],
        }
    ]


def test_a_calendar_is_written_as_calendars_are() -> None:
    done = oncall(*AT, "--format", "ics", "--person", "aiko")

    assert done.exit_code == 0
    assert done.stdout_bytes.count(b"\r\n") == done.stdout_bytes.count(b"\n")
    events = Calendar.from_ical(done.stdout_bytes.decode()).walk("VEVENT")
    assert {str(event["SUMMARY"]) for event in events} == {"愛子 is on call: Shop"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("shp",), "there is no rotation `shp`\n  to mend: did you mean `shop`?"),
        (("--person", "x", "--format", "ics"), "there is no person `x`"),
        (("--person", "aiko"), "--person chooses the events of a calendar"),
        (("--at", "9999-01-01T00:00Z"), "9999 is too far away"),
        (("--at", "tomorrow"), "'tomorrow' is no time with an offset"),
    ],
)
def test_what_makes_no_sense_is_said(arguments: tuple[str, ...], said: str) -> None:
    done = oncall(*arguments)

    assert done.exit_code == 2
    assert said in done.stderr


def test_without_rotations_it_says_where_to_write_one(folder: Path) -> None:
    (folder / "synthetics.yaml").write_text("services: {}\n")

    assert oncall().exit_code == 2


def test_no_secret_is_needed_to_know_who_is_on_call(folder: Path) -> None:
    text = CONFIG.replace("https://hooks.example/phone", '"${env:NOT_HERE}"')
    (folder / "synthetics.yaml").write_text(text)

    assert oncall("shop", *AT).exit_code == 0
