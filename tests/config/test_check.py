"""`synthetics check` and `synthetics schema`, as a user calls them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from synthetics.cli import main
from synthetics.config.schema import json_schema
from tests.config.support import ENVIRON, SAMPLES

SLO = """\
services: {shop: {}}
probes:
  home: {service: shop, every: 1m, http: {get: https://shop.example/}}
slos:
  up: {service: shop, probes: [home], objective: 99.9%, window: 30d}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name, value in ENVIRON.items():
        monkeypatch.setenv(name, value)
    return tmp_path


def check(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(main, ["check", *arguments])
    return result.exit_code, result.stdout, result.stderr


def test_it_says_what_each_alert_policy_will_do(folder: Path) -> None:
    (folder / "synthetics.yaml").write_text(SLO)

    code, said, _ = check()

    assert code == 0
    assert said == (SAMPLES / "check.txt").read_text()
    assert max(map(len, said.splitlines())) <= 80


def test_confirmations_keep_chance_from_paging(folder: Path) -> None:
    confirmed = SLO.replace("every: 1m,", "every: 1m, confirm: {attempts: 2, after: 5s},")
    for name, text in (("plain", SLO), ("confirmed", confirmed)):
        (folder / f"{name}.yaml").write_text(text)

    chance = {
        name: json.loads(check(f"{name}.yaml", "--format", "json")[1])["slos"][0]["tiers"][0]
        for name in ("plain", "confirmed")
    }

    assert chance["plain"]["smallest_outage_samples"] == 2
    assert 0.05 < chance["plain"]["false_alarms_per_month"] < 0.1
    assert chance["confirmed"]["false_alarms_per_month"] < 0.001


def test_no_line_is_wider_than_a_terminal(folder: Path) -> None:
    for sample in (SAMPLES / "good").glob("*.yaml"):
        code, said, _ = check(str(sample))

        assert code == 0
        assert all(len(line) <= 80 or str(sample) in line for line in said.splitlines()), sample


def test_mistakes_go_to_standard_error_with_2(folder: Path) -> None:
    (folder / "synthetics.yaml").write_text("servces: {}\n")

    code, said, told = check()

    assert (code, said) == (2, "")
    assert told == (
        "synthetics.yaml:1:1: servces: there is no key `servces` here\n"
        "        1 | servces: {}\n"
        "          | ^^^^^^^\n"
        "          to mend: did you mean `services`?\n\n"
        "1 problem found; nothing was started.\n"
    )


def test_programs_read_the_same_as_json(folder: Path) -> None:
    (folder / "other.yaml").write_text("servces: {}\n")

    code, said, _ = check("other.yaml", "--format", "json")

    assert code == 2
    assert json.loads(said) == {
        "environment": None,
        "problems": [
            {
                "file": "other.yaml",
                "line": 1,
                "column": 1,
                "path": "servces",
                "what": "there is no key `servces` here",
                "mend": "did you mean `services`?",
            }
        ],
    }


def test_every_environment_is_checked_unless_one_is_named(folder: Path) -> None:
    (folder / "synthetics.yaml").write_text(
        "services: {shop: {}}\n"
        "probes: {home: {service: shop, http: {get: https://shop.example/}}}\n"
        "envs: {fine: {limits: {per_host: 1}}, staging: {limits: {per_host: none}}}\n"
    )

    code, _, complained = check()
    assert code == 2
    assert complained.startswith("In the environment staging, laid over the rest:\n\nsynthetics")

    code, said, _ = check("--env", "fine")
    assert code == 0
    assert said.startswith("synthetics.yaml is fine in the environment fine:")


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (SLO, "pages reach nobody: there is no route for severity page"),
        ("services: {shop: {}}\n", "service shop has no probe"),
        (
            SLO.partition("slos:")[0],
            "service shop has no SLO, so nobody is told when it fails",
        ),
        (
            SLO + "receivers: {a: {webhook: {url: https://hooks.example/}}}\n",
            "receiver a is in no route",
        ),
        (SLO.replace("99.9%", "100%"), "at 100% there is no budget, any bad sample spends it all"),
        (SLO.replace("99.9%", "99.999%"), "the budget is less than one sample in its window"),
        (
            SLO.replace(
                "30d}",
                "30d, alerting: {tiers: "
                "[{name: a, severity: log, factor: 2, long: 1h, short: 90s}]}}",
            ),
            "the short window of tier a is shorter than two intervals",
        ),
        (
            SLO.replace(
                "30d}",
                "30d, alerting: {reset: window, min_bad: 1, tiers: "
                "[{name: a, severity: page, budget: 2%, long: 1h, short: 5m}]}}",
            ),
            "tier a is noisy, it would page up to 43 times in 30 days",
        ),
        (
            SLO
            + "receivers: {a: {webhook: {url: https://hooks.example/}}}\n"
            + "routes: [{severity: page, to: [a]}, {severity: ticket, to: [a], services: [x]}]\n",
            "tickets reach nobody for: shop",
        ),
    ],
)
def test_what_is_probably_not_meant_is_a_warning(folder: Path, text: str, warning: str) -> None:
    if "services: [x]" in text:
        text = text.replace("{shop: {}}", "{shop: {}, x: {}}").replace(
            "slos:",
            "  x: {service: x, http: {get: https://x.example/}}\nslos:\n"
            "  x: {service: x, probes: [x], objective: 99%, window: 30d}",
        )
    (folder / "synthetics.yaml").write_text(text)

    code, said, _ = check("--format", "json")

    assert code == 0
    assert any(warning in one for one in json.loads(said)["warnings"])


def test_the_schema_is_printed_as_it_is() -> None:
    result = CliRunner().invoke(main, ["schema"])

    assert result.exit_code == 0
    assert json.loads(result.stdout) == json_schema()
