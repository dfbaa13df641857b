"""``slo show`` and ``slo backtest`` as their users and other programs meet them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.results.support import (
    CONFIG,
    DAY_MS,
    MINUTE_MS,
    OCTOBER_MS,
    call,
    call_without_db,
    filled,
    folder_with,
    minutes,
)

POLICY = """\
    alerting:
      min_bad: 1
      no_data: hold
      reset: window
      tiers:
        - {name: fast,  severity: page,   budget: 2%, long: 1h, short: 5m}
        - {name: three, severity: ticket, factor: 3,  long: 1d, short: 2h}
"""
SLO = "checkout-availability"
OUTAGE = 20 * 1440 + 600
"""The minute of October at which twenty bad samples begin."""


@pytest.fixture(scope="module")
def october(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Thirty days of a sample a minute from 1 October on, of which twenty in a row failed."""
    letters = "." * OUTAGE + "x" * 20 + "." * (30 * 1440 - OUTAGE - 20)
    lines = minutes(letters, from_ms=OCTOBER_MS + MINUTE_MS)
    return filled(tmp_path_factory.mktemp("october"), lines, CONFIG + POLICY)


def show(folder: Path, *words: str) -> dict[str, Any]:
    done = call(folder, "slo", "show", SLO, "--format", "json", *words)
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_all_numbers_of_an_slo_are_shown(october: Path) -> None:
    """The same as docs/slo.md promises to other programs, to the last digit of a float."""
    found = show(october, "--at", "2026-10-31T00:00:00Z")
    accounting = found.pop("accounting")

    assert accounting["text"].startswith("R1: It is judged over 30d. ")
    assert [each["rule"] for each in accounting["rules"]] == [f"R{i}" for i in range(1, 13)]
    assert accounting["valid_for_s"] == [120]
    assert (accounting["retries"], accounting["bad_if"]) == ("first", "pool")
    assert found == {
        "format": 1,
        "slo": SLO,
        "at": "2026-10-31T00:00:00Z",
        "objective": "0.999",
        "window": {
            "kind": "rolling",
            "from": "2026-10-01T00:00:00Z",
            "to": "2026-10-31T00:00:00Z",
            "length_s": 2_592_000,
        },
        "events": {"valid": 43_200, "bad": 20, "excluded": 0, "void": 0},
        "sli": 43_180 / 43_200,
        "error_ratio": 20 / 43_200,
        "burn_rate": 20_000 / 43_200,
        "budget": {
            "consumed": 20_000 / 43_200,
            "remaining": 23_200 / 43_200,
            "period_consumed": 20_000 / 43_200,
            "period_remaining": 23_200 / 43_200,
            "time_s": 2592,
            "time_consumed": 1200 / 2592,
            "exhausted_at": None,
        },
        "time": {
            "up_s": 2_590_740,
            "down_s": 1200,
            "excluded_s": 0,
            "unknown_s": 60,
            "availability": 2_590_740 / 2_591_940,
            "coverage": 2_591_940 / 2_592_000,
        },
        "tiers": [
            {
                "tier": "fast",
                "severity": "page",
                "long_s": 3600,
                "short_s": 300,
                "factor": 14.4,
                "burn_long": 0.0,
                "burn_short": 0.0,
                "firing": False,
            },
            {
                "tier": "three",
                "severity": "ticket",
                "long_s": 86_400,
                "short_s": 7200,
                "factor": 3.0,
                "burn_long": 0.0,
                "burn_short": 0.0,
                "firing": False,
            },
        ],
        "budget_alerts": [
            {
                "alert": "budget-exhausted",
                "severity": "ticket",
                "below": 0.0,
                "over_s": None,
                "left": 23_200 / 43_200,
                "ahead": None,
                "firing": False,
            }
        ],
        "locations": None,
    }


def test_another_window_is_looked_at(october: Path) -> None:
    found = show(october, "--at", "2026-10-28T00:00:00+00:00", "--window", "7d")

    assert found["window"]["from"] == "2026-10-21T00:00:00Z"
    assert found["events"] == {"valid": 10_080, "bad": 20, "excluded": 0, "void": 0}
    assert found["budget"]["consumed"] == 20_000 / 10_080
    assert found["tiers"][0]["factor"] == 14.4, "the policy stays that of the SLO"


def test_an_instant_of_the_past_knows_nothing_later(october: Path) -> None:
    found = show(october, "--at", "2026-10-02T00:00:00Z")

    assert found["events"]["valid"] == 1440
    assert found["time"]["unknown_s"] == 29 * 86_400 + 60


def test_a_tier_fires_in_the_midst_of_an_outage(october: Path) -> None:
    found = show(october, "--at", "2026-10-21T10:10:30Z")
    last_minute = show(october, "--at", "2026-10-21T10:00:30Z")

    assert [tier["firing"] for tier in found["tiers"]] == [True, True]
    assert found["budget"]["exhausted_at"] > found["at"]
    assert [tier["firing"] for tier in last_minute["tiers"]] == [False, False]


def test_between_two_minutes_the_last_one_decides(tmp_path: Path) -> None:
    """R8: what failed at 1:00:30 is in the burn rates of 1:00:45, and decided at 1:01."""
    lines = minutes("." * 60 + "x", from_ms=OCTOBER_MS + MINUTE_MS // 2)
    folder = filled(tmp_path, lines, CONFIG + POLICY)

    between = show(folder, "--at", "2026-10-01T01:00:45Z")["tiers"][0]
    decided = show(folder, "--at", "2026-10-01T01:01:00Z")["tiers"][0]

    assert between["burn_short"] == decided["burn_short"] == 200
    assert not between["firing"]
    assert decided["firing"]


def test_what_is_not_known_is_null(october: Path) -> None:
    found = show(october, "--at", "2026-09-01T00:00:00Z")

    assert found["events"] == {"valid": 0, "bad": 0, "excluded": 0, "void": 0}
    assert [found[key] for key in ("sli", "error_ratio", "burn_rate")] == [None] * 3
    assert (found["budget"]["consumed"], found["budget"]["remaining"]) == (None, None)
    assert found["tiers"][0]["burn_long"] is None


def test_what_has_no_bound_is_inf(tmp_path: Path) -> None:
    config = CONFIG.replace("99.9%", "100%") + "    alerting: {tiers: []}\n"
    found = show(filled(tmp_path, minutes("..x"), config), "--at", "2026-10-01T00:03Z")

    assert found["burn_rate"] == "inf"
    assert (found["budget"]["consumed"], found["budget"]["remaining"]) == ("inf", "-inf")
    assert found["tiers"] == []


def test_a_tier_held_through_silence_still_fires(tmp_path: Path) -> None:
    """Only a replay knows: at the instant itself both windows are empty."""
    folder = filled(tmp_path, minutes("." * 60 + "xxxxx"), CONFIG + POLICY)

    (fast, _) = show(folder, "--at", "2026-10-01T09:00:00Z")["tiers"]
    assert (fast["burn_long"], fast["firing"]) == (None, True)


def test_an_slo_is_shown_on_a_terminal(october: Path) -> None:
    done = call(october, "slo", "show", SLO, "--at", "2026-10-21T10:10:00Z")

    assert done.exit_code == 0
    assert "99.96%  10 of 29,410 samples failed" in done.stdout
    assert "firing for 9m" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


def backtest(folder: Path, *words: str) -> dict[str, Any]:
    period = ("--from", "2026-10-01T00:00:00Z", "--to", "2026-10-31T00:00:00Z")
    done = call(folder, "slo", "backtest", SLO, *period, "--format", "json", *words)
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_backtest_says_what_would_have_fired(october: Path) -> None:
    """
    By hand, from R7: the first bad sample is that of 10:01.  It burns at 16.7 over the hour;
    over the day it takes the fifth.  The last one, of 10:20, leaves the short windows
    at 10:25 and 12:20.
    """
    found = backtest(october)
    page = {"fired_at": "2026-10-21T10:01:00Z", "resolved_at": "2026-10-21T10:25:00Z"}
    ticket = {"fired_at": "2026-10-21T10:05:00Z", "resolved_at": "2026-10-21T12:20:00Z"}

    assert found["format"] == 1
    assert (found["slo"], found["from"], found["to"]) == (
        SLO,
        "2026-10-01T00:00:00Z",
        "2026-10-31T00:00:00Z",
    )
    assert found["alerts"] == [
        {"tier": "fast", "severity": "page", **page},
        {"tier": "three", "severity": "ticket", **ticket},
    ]
    assert found["by_severity"] == {"page": [page], "ticket": [ticket]}


def test_a_backtest_measures_against_the_outages_in_the_samples(october: Path) -> None:
    found = backtest(october)
    (policy,) = found["policies"]

    assert found["outages"] == [
        {"from": "2026-10-21T10:01:00Z", "to": "2026-10-21T10:21:00Z", "down_s": 1200}
    ]
    assert policy["policy"] == "configured"
    assert policy["per_week"] == {"page": 7 / 30, "ticket": 7 / 30}
    assert [
        (told["severity"], told["outage"], told["detection_s"], told["reset_s"])
        for told in policy["told"]
    ] == [("page", 0, 0, 240), ("ticket", 0, 240, 7140)]
    assert policy["told"][0]["budget_remaining"] == 1 - 1000 / (OUTAGE + 1)


def test_an_alert_from_before_the_period_is_part_of_it(october: Path) -> None:
    """It is the same alert whenever one asks; a replay begins with the history."""
    period = ("--from", "2026-10-21T10:10:00Z", "--to", "2026-10-21T10:15:00Z")
    done = call(october, "slo", "backtest", SLO, *period, "--format", "json")

    assert json.loads(done.stdout)["by_severity"]["page"] == [
        {"fired_at": "2026-10-21T10:01:00Z", "resolved_at": None}
    ]


@pytest.fixture
def other(tmp_path: Path) -> Path:
    file = tmp_path / "other.yaml"
    file.write_text(
        "alerting:\n"
        "  reset: window\n"
        "  tiers: [{name: slow, severity: page, factor: 6, long: 6h, short: 30m}]\n"
    )
    return file


def test_another_policy_is_tried(october: Path, other: Path) -> None:
    found = backtest(october, "--policy", str(other))

    assert [alert["tier"] for alert in found["alerts"]] == ["slow"]
    assert found["by_severity"]["ticket"] == []
    assert found["by_severity"]["page"][0]["fired_at"] == "2026-10-21T10:03:00Z"


def test_two_policies_stand_side_by_side(october: Path, other: Path) -> None:
    words = ("--policy", "configured", "--policy", str(other))
    found = backtest(october, *words)
    period = ("--from", "2026-10-01T00:00:00Z", "--to", "2026-10-31T00:00:00Z")
    text = call(october, "slo", "backtest", SLO, *period, *words).stdout

    assert [policy["policy"] for policy in found["policies"]] == ["configured", str(other)]
    assert found["policies"][0]["alerts"] == found["alerts"]
    assert [len(policy["alerts"]) for policy in found["policies"]] == [2, 1]
    assert "1 outage in the samples, down 20m in all" in text
    assert max(map(len, text.splitlines())) <= 80


def test_a_policy_file_is_checked_with_its_places(october: Path, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text(
        "alertin: {}\nalerting:\n  tiers:\n"
        "    - {name: fast, severity: page, factor: 2000, long: 1h, short: 5m}\n"
    )
    done = call(october, "slo", "backtest", SLO, "--from", "2026-10-01T00Z", "--policy", str(file))

    assert done.exit_code == 2
    assert f"{file}:1:1: alertin: there is no key `alertin` here" in done.stderr
    assert f"{file}:4:7: alerting.tiers[0]: the tier `fast` can never fire" in done.stderr
    assert "2 problems found; nothing was replayed." in done.stderr


def test_a_quiet_history_is_a_short_story(tmp_path: Path) -> None:
    folder = filled(tmp_path, minutes("." * 90))
    period = ("--from", "2026-10-01T00:00Z", "--to", "2026-10-01T01:00Z")
    done = call(folder, "slo", "backtest", SLO, *period)

    assert done.exit_code == 0
    assert "nothing fired" in done.stdout


def explain(folder: Path, *words: str) -> dict[str, Any]:
    done = call_without_db(folder, "slo", "explain", SLO, "--format", "json", *words)
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_a_policy_is_explained_in_numbers(tmp_path: Path) -> None:
    """The fast tier by hand: 2 of 60 burn at 33, 1 of 5 at 200, and 1.44 % at 14.4."""
    found = explain(folder_with(tmp_path, CONFIG + POLICY.replace("min_bad: 1", "min_bad: 2")))
    (fast, three) = found["tiers"]

    assert found["budget"] == {"samples": 43_200, "events": 43, "time_s": 2592}
    assert (found["reset"], found["no_data"], found["loss"]) == ("window", "hold", "0.001")
    assert fast["fires_above_error_ratio"] == 0.0144
    assert (fast["failures_long"], fast["failures_short"], fast["binding_window"]) == (2, 1, "long")
    assert (fast["bad_samples_until_it_fires"], fast["smallest_outage_s"]) == (2, 60)
    assert (fast["fires_within_s"], fast["resolves_within_s"]) == (120, 300)
    assert 2.4 < fast["false_alarms_per_month"] < 2.6
    assert three["bad_samples_until_it_fires"] == 5


def test_other_losses_make_other_false_alarms(tmp_path: Path) -> None:
    folder = folder_with(tmp_path)
    few, many = (explain(folder, "--loss", loss)["tiers"] for loss in ("0.01%", "1%"))

    for one, other in zip(few, many, strict=True):
        assert one["false_alarms_per_month"] < other["false_alarms_per_month"]


def test_an_explanation_fits_a_terminal(tmp_path: Path) -> None:
    done = call_without_db(folder_with(tmp_path), "slo", "explain", SLO)

    assert "Steady errors  fires above 1.44% of samples" in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize("loss", ["0%", "100%", "0.1", "lots"])
def test_a_loss_is_a_share(tmp_path: Path, loss: str) -> None:
    assert (
        call_without_db(folder_with(tmp_path), "slo", "explain", SLO, "--loss", loss).exit_code == 2
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "checkout"), "there is no SLO `checkout` in"),
        (("show", "checkout-availabilty"), "did you mean `checkout-availability`?"),
        (("show", SLO, "--at", "yesterday"), "'yesterday' is no time with an offset"),
        (("show", SLO, "--window", "7"), "not a duration"),
        (("backtest", SLO), "Missing option '--from'"),
        (("backtest", SLO, "--from", "2026-10-02T00Z", "--to", "2026-10-01T00Z"), "not after"),
        (
            ("backtest", SLO, "--from", "2026-10-02T00Z", *("--policy", "configured") * 3),
            "two policies stand side by side",
        ),
        (("backtest", SLO, "--from", "2026-10-02T00Z", "--policy", "none.yaml"), "no such file"),
    ],
)
def test_what_cannot_be_done_is_said(october: Path, words: tuple[str, ...], said: str) -> None:
    done = call(october, "slo", *words)

    assert done.exit_code == 2
    assert said in " ".join(done.stderr.split())
    assert done.stdout == ""


def test_without_a_database_there_is_nothing_to_show(tmp_path: Path) -> None:
    done = call(folder_with(tmp_path), "slo", "show", SLO)

    assert done.exit_code == 2
    assert "does not exist" in done.stderr


def test_years_do_not_change_what_a_month_says(tmp_path: Path) -> None:
    """Later samples and other periods are left out, archived or not."""
    later = minutes("x" * 30, from_ms=OCTOBER_MS + 40 * DAY_MS)
    earlier = minutes("x" * 30, from_ms=OCTOBER_MS - 400 * DAY_MS)
    folder = filled(tmp_path, earlier + minutes("." * 100) + later)

    assert show(folder, "--at", "2026-10-02T00:00:00Z")["events"]["bad"] == 0
