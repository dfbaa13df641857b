"""Whole files: what is printed is accepted by our loader, and every line that differs is named."""

from __future__ import annotations

import re
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest
from click.testing import CliRunner, Result

from probes.http import Options
from synthetics.cli import main
from synthetics.config.load import load
from synthetics.config.model import Config

DATA = Path(__file__).parent / "data"
PEM = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"
VALUES = {
    "URL": "https://hooks.example/abc",
    "ROUTING_KEY": "0123456789abcdef0123456789abcdef",
}


def converted(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["convert", *arguments])


def loaded(text: str, folder: Path) -> Config:
    """*text* as our loader takes it, with secrets of a shape that fits."""
    names = re.findall(r"\$\{env:(\w+)\}", text)
    environ = {
        name: str(uuid5(NAMESPACE_URL, name))
        if name.endswith("UUID")
        else next((value for end, value in VALUES.items() if name.endswith(end)), "value-of-it")
        for name in names
    }
    (folder / "a-file").write_text(PEM)
    text = re.sub(r"\$\{file:[^}]+\}", f"${{file:{folder / 'a-file'}}}", text)
    (folder / "synthetics.yaml").write_text(text, encoding="utf-8")
    return load(folder / "synthetics.yaml", environ=environ)


@pytest.mark.parametrize(
    ("arguments", "probes", "secrets"),
    [
        pytest.param(
            ["gatus", "gatus.yaml"], 13, ["secretsecret", "potato", "hooks.slack.com", "01234567"],
            id="gatus",
        ),
        pytest.param(
            ["uptime-kuma", "uptime-kuma.json"], 10,
            ["abcdefgh", "p4ssw0rd", "hunter22", "secretpw", "hooks.slack.com"], id="uptime kuma",
        ),
        pytest.param(["healthchecks", "healthchecks.json"], 4, ["f618072a"], id="healthchecks"),
        pytest.param(
            ["blackbox", "blackbox.yml", "--prometheus", str(DATA / "prometheus.yml")], 2,
            ["mysecret", "secret_token"], id="blackbox_exporter",
        ),
    ],
)  # fmt: skip
def test_a_whole_file(
    arguments: list[str], probes: int, secrets: list[str], tmp_path: Path
) -> None:
    command, file, *more = arguments
    result = converted(command, str(DATA / file), *more)
    assert result.exit_code == 1, result.stderr

    config = loaded(result.stdout, tmp_path)
    assert len(config.probes) == probes
    for secret in secrets:
        assert secret not in result.output

    for line in result.stderr.splitlines():
        assert re.match(rf"{re.escape(str(DATA))}/[\w.-]+:\d+: \S", line), line


def test_every_module_of_blackbox_exporters_own_example_is_a_template_or_is_named() -> None:
    result = converted("blackbox", str(DATA / "blackbox.yml"))
    modules = re.findall(r"(?m)^  (\w+):$", (DATA / "blackbox.yml").read_text())
    assert len(modules) == 27
    for module in modules:
        named = f"module {module} is left out" in result.stderr
        assert named is not (f"\n  {module}:\n" in result.stdout), module


def test_a_dialogue_keeps_what_it_sends(tmp_path: Path) -> None:
    file = tmp_path / "blackbox.yml"
    file.write_text(
        "modules:\n  talk:\n    prober: tcp\n    tcp:\n      query_response:\n"
        '        - {expect: "a\\\\(b[(](c) (?:d) (e)", send: "${2} $$ {x}"}\n'
        "        - {send: !!binary AAE=}\n"
    )
    text = converted("blackbox", str(file)).stdout
    assert r"expect: a\(b[(](c) (?:d) (?P<turn1_2>e)" in text
    assert "hex: 00010a" in text


@pytest.mark.parametrize(
    ("command", "text", "said"),
    [
        ("gatus", "endpoints: [", "line 1: "),
        ("gatus", "", "there is nothing in it"),
        (
            "gatus",
            "endpoints: []\nweb: {port: 80}",
            "nothing in it that could be converted",
        ),
        ("uptime-kuma", "{}", "nothing in it that could be converted"),
        ("healthchecks", '["x"]', "nothing in it that could be converted"),
        ("blackbox", "modules: {x: {prober: unix}}", "1: module x is left out"),
    ],
)
def test_a_file_with_nothing_for_us(command: str, text: str, said: str, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text(text)
    result = converted(command, str(file))
    assert result.exit_code == 2
    assert said in result.stderr
    assert not result.stdout


def test_a_file_without_differences_ends_well(tmp_path: Path) -> None:
    file = tmp_path / "gatus.yaml"
    file.write_text(
        'endpoints: [{name: a, url: "http://a.test", conditions: ["[STATUS] == 200"]}]\n'
    )
    result = converted("gatus", str(file))
    assert (result.exit_code, result.stderr) == (0, "")
    probe = loaded(result.stdout, tmp_path).probes["a"]
    options = probe.options
    assert isinstance(options, Options)
    assert options.expect.status.codes == {200}
    assert options.redirect_limit == 10


def test_json_may_have_tabs_and_any_character(tmp_path: Path) -> None:
    file = tmp_path / "checks.json"
    file.write_text(
        '{\n\t"checks": [\n\t\t{"name": "\\ud83d\\ude00 \\u672c\\/", "timeout": 60, "grace": 60,'
        ' "uuid": "f618072a-7bde-4eee-af63-71a77c5723bc"}\n\t]\n}'
    )
    result = converted("healthchecks", str(file))
    assert "name: \U0001f600 本/" in result.stdout
    assert result.exit_code == 0
