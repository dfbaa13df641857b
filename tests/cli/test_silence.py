"""``synthetics silence``: declared, listed and ended, with and without a running service."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from synthetics.cli import main

CONFIG = """
services: {shop: {}}
probes:
  cart: {service: shop, labels: {path: cart}, http: {get: "http://127.0.0.1:9/"}}
slos: {cart: {service: shop, probes: [cart], objective: 99%, window: 30d}}
receivers: {oncall: {webhook: {url: "${env:MISSING_HERE}"}}}
routes: [{severity: page, to: [oncall]}]
"""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("synthetics.yaml").write_text(CONFIG)


def silence(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["silence", *arguments])


ADD = ("add", "--for", "2h", "--reason", "known", "--author", "ops")


def test_a_silence_is_declared_listed_and_ended() -> None:
    added = silence(*ADD, "--service", "shop", "--severity", "ticket")
    assert added.exit_code == 0, added.output
    assert added.output.endswith("service shop, severity ticket\n")

    listed = silence("list")
    assert "service shop, severity ticket" in listed.output
    assert "known" in listed.output

    ended = silence("end", "1", "--author", "boss")
    assert ended.exit_code == 0, ended.output
    assert silence("list").output == "nothing is silenced\n"
    [one] = json.loads(silence("list", "--all", "--format", "json").output)
    assert one["ended"]["author"] == "boss"
    assert one["matchers"]["severities"] == ["ticket"]


def test_one_that_has_not_begun_is_taken_back() -> None:
    added = silence(*ADD, "--from", "2999-01-01T00:00Z", "--slo", "cart")
    assert added.exit_code == 0, added.output

    assert silence("end", "1").output.startswith("silence 1 taken back: ")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        pytest.param(ADD, "this would silence everything", id="all of it"),
        pytest.param((*ADD, "--service", "shpo"), "did you mean `shop`?", id="a name is misspelt"),
        pytest.param((*ADD, "--probe", "card"), "there is no probe `card`", id="no such probe"),
        pytest.param((*ADD, "--label", "path=menu"), "no probe has these labels", id="no label"),
        pytest.param((*ADD, "--label", "path"), "is not NAME=VALUE", id="a label without a value"),
        pytest.param(
            (*ADD, "--slo", "cart", "--from", "2020-01-01T00:00Z"), "over before", id="of the past"
        ),
        pytest.param((*ADD, "--to", "2999-01-01T00:00Z", "--slo", "cart"), "once", id="two ends"),
        pytest.param(("end", "7"), "there is no silence 7", id="none to end"),
    ],
)
def test_what_makes_no_sense_is_said_with_how_to_mend_it(
    arguments: tuple[str, ...], said: str
) -> None:
    refused = silence(*arguments)

    assert refused.exit_code == 2
    assert said in refused.output


def test_a_silence_is_ended_once() -> None:
    silence(*ADD, "--slo", "cart")
    assert silence("end", "1").exit_code == 0

    again = silence("end", "1")
    assert again.exit_code == 2
    assert "over by then already" in again.output
