"""Rules for Prometheus: accepted by promtool, and deciding as the service does by its windows."""

from __future__ import annotations

import json
import random
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import yaml

from slo.budget_alerts import BudgetAlert, BudgetWatch, Kind
from slo.history import Pool
from slo.policy import QUIET, NoData, Reset, Tier, decide
from slo.timeline import Mark, Timeline
from slo.window import Calendar, Rolling
from synthetics import words
from synthetics.config.model import Accounting, Config
from synthetics.web.alert_rules import alert_rules
from synthetics.web.metrics import VALID
from tests.tools import program
from tests.web.support import Rig, a_config, a_sample, an_slo

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
FAST = Tier(
    name="fast",
    severity="page",
    long_ms=HOUR_MS,
    short_ms=5 * MINUTE_MS,
    factor=Fraction(144, 10),
)
DRIFT = Tier(
    name="drift",
    severity="ticket",
    long_ms=3 * HOUR_MS,
    short_ms=HOUR_MS,
    factor=Fraction(3),
    min_bad=3,
)
SLO = replace(
    an_slo(),
    tiers=(FAST, DRIFT),
    reset=Reset.WINDOW,
    no_data=NoData.RESOLVE,
    budget_watch=None,
)
FIRING = 'ALERTS{alertname="SyntheticsSloBurnRate", alertstate="firing"}'


@dataclass(frozen=True, slots=True)
class Promtool:
    """Runs promtool over the rules of a configuration, in a folder of its own."""

    program: str
    folder: Path

    def check(self, config: Config) -> str:
        """What ``promtool check rules`` says, which must be content."""
        self._write(config)
        return self._run("check", "rules", "rules.yml")

    def test(
        self, config: Config, series: Mapping[str, str], expected: Mapping[str, Sequence[object]]
    ) -> None:
        """
        Hold the rules against *series*, a value a minute.

        *expected* is by kind of promtool's test what it must find.
        """
        self._write(config)
        inputs = [{"series": name, "values": values} for name, values in series.items()]
        test = {"interval": "1m", "input_series": inputs, **expected}
        whole = {"rule_files": ["rules.yml"], "evaluation_interval": "1m", "tests": [test]}
        (self.folder / "tests.yml").write_text(json.dumps(whole), "utf-8")
        self._run("test", "rules", "tests.yml")

    def _write(self, config: Config) -> None:
        (self.folder / "rules.yml").write_text(alert_rules(config), "utf-8")

    def _run(self, *arguments: str) -> str:
        done = subprocess.run(
            [self.program, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


@pytest.fixture
def promtool(tmp_path: Path) -> Promtool:
    return Promtool(program("promtool", "prometheus"), tmp_path)


def events(window: str, mark: str, instance: str = "a") -> str:
    return (
        f'synthetics_slo_window_events{{instance="{instance}", service="shop", slo="home-ok", '
        f'window="{window}", mark="{mark}"}}'
    )


def test_a_budget_alerts_by_the_share_that_is_surely_left(promtool: Promtool) -> None:
    alerts = (
        BudgetAlert(kind=Kind.LOW, severity="ticket", below=Fraction(1, 4)),
        BudgetAlert(kind=Kind.EXHAUSTED, severity="page"),
        BudgetAlert(kind=Kind.FORECAST, severity="log", over_ms=HOUR_MS),
    )
    watch = BudgetWatch(
        objective=Fraction(9, 10),
        window=Rolling(30 * 24 * HOUR_MS),
        intervals_ms=(MINUTE_MS,),
        alerts=alerts,
    )
    config = a_config(slos=[replace(SLO, tiers=(), budget_watch=watch)])
    left = 'synthetics_slo_error_budget_left_ratio{instance="a", service="shop", slo="home-ok"}'
    labels = 'alertname="SyntheticsSloBudget", alertstate="firing", service="shop", slo="home-ok"'
    fired = [
        {"labels": f'ALERTS{{{labels}, severity="{severity}", tier="{name}"}}', "value": 1}
        for severity, name in (("ticket", "budget-low"), ("page", "budget-exhausted"))
    ]
    asked = 'ALERTS{alertname="SyntheticsSloBudget", alertstate="firing"}'

    assert "# - `budget-forecast` cannot be said." in alert_rules(config)
    promtool.test(
        config,
        {left: "0.25 0.24 0"},
        {
            "promql_expr_test": [
                {"expr": asked, "eval_time": f"{minute}m", "exp_samples": fired[:minute]}
                for minute in (0, 1, 2)
            ]
        },
    )


def steadily(long: Sequence[int], short: Sequence[int], instance: str = "a") -> dict[str, str]:
    """Good, bad and blip of the windows of `FAST`, the same at each of ten minutes."""
    return {
        events(window, mark, instance): f"{count}x10"
        for window, counts in (("1h", long), ("5m", short))
        for mark, count in zip(VALID, counts, strict=True)
    }


def fires(*tiers: Tier, after: int = 5) -> dict[str, Sequence[object]]:
    """That *tiers* and no others fire *after* so many minutes."""
    samples = [
        {
            "labels": 'ALERTS{alertname="SyntheticsSloBurnRate", alertstate="firing", '
            f'severity="{tier.severity}", service="shop", slo="home-ok", tier="{tier.name}"}}',
            "value": 1,
        }
        for tier in tiers
    ]
    return {
        "promql_expr_test": [{"expr": FIRING, "eval_time": f"{after}m", "exp_samples": samples}]
    }


def test_promtool_accepts_every_shape_of_policy(promtool: Promtool) -> None:
    config = a_config(
        slos=[
            an_slo(),
            replace(an_slo("strict", objective="1"), window=Calendar("month", ZoneInfo("UTC"))),
            replace(an_slo("odd.name_1-2", objective="0.99995"), tiers=(FAST,)),
            replace(an_slo("rounds"), accounting=Accounting(bad_if=2)),
            replace(an_slo("silent"), tiers=()),
        ],
        name="{{ 本店 }} \"quoted\" 'twice' \\ {{ $labels",
    )

    # Five policies: seven windows and four tiers thrice, two windows and one tier; five budgets,
    # and one alert.
    assert "SUCCESS: 42 rules found" in promtool.check(config)


def test_an_order_and_names_that_stay() -> None:
    one, two = an_slo("one"), an_slo("two")

    said = alert_rules(a_config(slos=[two, one]))

    assert said == alert_rules(a_config(slos=[one, two]))
    groups = yaml.safe_load(said)["groups"]
    assert [group["name"] for group in groups] == [
        "synthetics",
        "synthetics-slo-one",
        "synthetics-slo-two",
    ]
    assert [rule["record"].rpartition(":")[2] for rule in groups[1]["rules"][:7]] == [
        f"error_ratio_{window}" for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
    ]
    assert [rule["labels"]["tier"] for rule in groups[1]["rules"][7:]] == [
        "fast",
        "slow",
        "drift",
        "drip",
        "budget-exhausted",
    ]


def test_what_cannot_be_said_is_named() -> None:
    wants = replace(an_slo(), accounting=Accounting(bad_if=2))

    assert "`" not in alert_rules(a_config(slos=[SLO])).partition("groups:")[2]
    said = alert_rules(a_config(slos=[wants]))
    assert "# - `reset: evidence` cannot be said" in said
    assert "# - `no_data: hold` cannot be said" in said
    assert "# - Rounds over instances cannot be said" in said
    assert "No rule can say what alerts there, if anything does." in alert_rules(
        a_config(slos=[replace(SLO, tiers=())])
    )


def test_an_alert_says_what_on_call_needs(promtool: Promtool) -> None:
    expected = {
        "eval_time": "5m",
        "alertname": "SyntheticsSloBurnRate",
        "exp_alerts": [
            {
                "exp_labels": {
                    "severity": "page",
                    "service": "shop",
                    "slo": "home-ok",
                    "tier": "fast",
                },
                "exp_annotations": {
                    "summary": "{{ 本店 }}: home-ok burns its error budget over 14.4× as fast as "
                    "allowed",
                    "description": "5% failed in the last 1h, and it went on in the last 5m; "
                    "0.1% may, over 30d.",
                    "runbook_url": "https://wiki.example/shop",
                },
            }
        ],
    }
    config = a_config(slos=[SLO], name="{{ 本店 }}")

    promtool.test(config, steadily((57, 3, 0), (2, 3, 0)), {"alert_rule_test": [expected]})


@pytest.mark.parametrize(
    ("long", "short", "expected"),
    [
        pytest.param((57, 3, 0), (2, 3, 0), (FAST,), id="both windows burn"),
        pytest.param((57, 3, 0), (5, 0, 0), (), id="the short window is over it"),
        pytest.param((5997, 3, 0), (2, 3, 0), (), id="the long window does not notice"),
        pytest.param((59, 1, 0), (4, 1, 0), (), id="one bad sample is below min_bad"),
        pytest.param((57, 1, 2), (2, 1, 2), (), id="blips are not confirmed"),
        pytest.param((56, 2, 2), (3, 0, 2), (FAST,), id="blips burn all the same"),
        pytest.param((2464, 36, 0), (2, 3, 0), (), id="exactly at the threshold"),
        pytest.param((2463, 37, 0), (2, 3, 0), (FAST,), id="one more"),
        pytest.param((0, 0, 0), (0, 0, 0), (), id="nothing to count"),
    ],
)
def test_a_tier_fires_as_by_r7(
    promtool: Promtool,
    long: Sequence[int],
    short: Sequence[int],
    expected: Sequence[Tier],
) -> None:
    promtool.test(a_config(slos=[SLO]), steadily(long, short), fires(*expected))


def test_an_objective_of_all_fires_at_the_first_confirmed_failure(promtool: Promtool) -> None:
    strict = replace(SLO, objective=Fraction(1), tiers=(replace(FAST, min_bad=1),))
    config = a_config(slos=[strict])

    promtool.test(config, steadily((60, 0, 0), (5, 0, 0)), fires())
    promtool.test(config, steadily((59, 1, 0), (4, 1, 0)), fires(FAST))


def test_instances_are_counted_together(promtool: Promtool) -> None:
    """One bad sample in each of two places is two of 120, which one place alone is not."""
    series = steadily((59, 1, 0), (4, 1, 0), "a") | steadily((59, 1, 0), (4, 1, 0), "b")

    promtool.test(a_config(slos=[SLO]), series, fires(FAST))


def test_it_is_told_when_nothing_watches(promtool: Promtool) -> None:
    def gone(after: int, *alerts: object) -> dict[str, object]:
        return {
            "eval_time": f"{after}m",
            "alertname": "SyntheticsGone",
            "exp_alerts": list(alerts),
        }

    alert = {
        "exp_labels": {"severity": "page"},
        "exp_annotations": {"summary": "Synthetics is gone: no objective is watched"},
    }
    series = {"synthetics_ready": "1x10 stale _x20"}

    promtool.test(
        a_config(slos=[SLO]),
        series,
        {"alert_rule_test": [gone(10), gone(15), gone(17, alert)]},
    )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_rules_fire_when_the_service_does_by_its_windows(promtool: Promtool, seed: int) -> None:
    """Six hours of noise and an outage: every minute, `decide` and Prometheus say the same."""
    chance = random.Random(seed)
    timeline = Timeline()
    series: dict[str, list[int]] = {}
    tests: list[object] = []
    fired: set[Tier] = set()
    for minute in range(360):
        at_ms = minute * MINUTE_MS
        usual = chance.choices([Mark.GOOD, Mark.BAD, Mark.BLIP, Mark.VOID], [960, 15, 15, 10])[0]
        timeline.add(at_ms, Mark.BAD if 100 <= minute < 107 else usual)
        firing = []
        for tier in SLO.tiers:
            decided = decide(
                tier,
                SLO.objective,
                Pool([timeline]),
                at_ms,
                state=QUIET,
                no_data=SLO.no_data,
                reset=SLO.reset,
            )
            firing += [tier] * decided.firing
            for length_ms, counts in (
                (tier.long_ms, decided.long),
                (tier.short_ms, decided.short),
            ):
                for mark in VALID:
                    name = events(words.exactly(length_ms), mark)
                    values = series.setdefault(name, [])
                    values[minute:] = [getattr(counts, mark)]
        fired |= {*firing}
        tests += fires(*firing, after=minute)["promql_expr_test"]
    written = {name: " ".join(map(str, values)) for name, values in series.items()}

    assert fired == {*SLO.tiers}
    promtool.test(a_config(slos=[SLO]), written, {"promql_expr_test": tests})


async def test_what_rules_ask_for_is_served(rig: Rig) -> None:
    await rig.take(a_sample(outcome="bad"))
    text = await rig.text("/metrics")

    windows = ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
    for window in windows:
        for mark in VALID:
            labels = f'mark="{mark}",service="shop",slo="home-ok",window="{window}"'
            count = 1.0 if mark == "bad" else 0.0
            assert f"synthetics_slo_window_events{{{labels}}} {count}\n" in text
    assert "\nsynthetics_ready 1.0\n" in text
    assert text.count("\nsynthetics_slo_window_events{") == len(windows) * len(VALID)
