"""``slo rules`` as its users meet it."""

from __future__ import annotations

from pathlib import Path

import yaml

from tests.results.support import CONFIG, call_without_db, folder_with


def test_the_rules_of_every_slo_are_printed(tmp_path: Path) -> None:
    done = call_without_db(folder_with(tmp_path), "slo", "rules")

    assert (done.exit_code, done.stderr) == (0, "")
    groups = yaml.safe_load(done.stdout)["groups"]
    assert [group["name"] for group in groups] == [
        "synthetics",
        "synthetics-slo-checkout-availability",
    ]


def test_a_mistake_in_the_configuration_prints_no_rules(tmp_path: Path) -> None:
    wrong = CONFIG.replace("objective: 99.9%", "objective: 99.9")

    done = call_without_db(folder_with(tmp_path, wrong), "slo", "rules")

    assert (done.exit_code, done.stdout) == (2, "")
    assert "objective" in done.stderr
