"""Whole files: what is printed is accepted by our loader, and every line that differs is named."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import pytest
import yaml
from click.testing import CliRunner, Result

from probes.http import Options
from synthetics.cli import main
from synthetics.config.load import load
from synthetics.config.model import Config
from synthetics.convert.blackbox.modules import convert as blackbox
from synthetics.convert.draft import Draft
from synthetics.convert.gatus.file import convert as gatus
from synthetics.convert.healthchecks.checks import convert as healthchecks
from synthetics.convert.kuma.file import convert as kuma
from synthetics.convert.tree import Item, read

DATA = Path(__file__).parent / "data"
PEM = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"
VALUES = {
    "APPRISE": "json://value.example",
    "CERTIFICATE": PEM,
    "MTLS_KEY": PEM.replace("CERTIFICATE", "PRIVATE KEY"),
    "TOKEN": "123456789:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
    "PROXY_EXAMPLE": "http://value.example:3128",
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
            ["gatus", "gatus.yaml"], 18,
            ["secretsecret", "potato", "hooks.slack.com", "01234567", "oauthsecret", "coresecret"],
            id="gatus",
        ),
        pytest.param(
            ["uptime-kuma", "uptime-kuma.json"], 10,
            ["abcdefgh", "p4ssw0rd", "hunter22", "secretpw", "hooks.slack.com"], id="uptime kuma",
        ),
        pytest.param(
            ["uptime-kuma", "uptime-kuma-kinds.json"], 21,
            [
                "oauthsecret", "secretkey", "pgsecret", "mysecret", "redissecret", "mqttsecret",
                "kafkasecret", "rabbitsecret", "proxysecret", "123456789:",
            ],
            id="every kind of uptime kuma",
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
        ("gatus", "kind: ConfigMap\ndata: {config.yaml: 'endpoints: []'}", "take the file out"),
        ("gatus", "endpoints: !secret x", "could not determine a constructor"),
        ("blackbox", "- a", "`all of it` is left out"),
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


def with_a_key_in_every_group(value: Any, ways: list[str], way: str = "") -> Any:
    """A copy of *value*; the key has the number of the group in *ways*, which are added to."""
    if isinstance(value, list):
        return [
            with_a_key_in_every_group(inner, ways, f"{way}.{number}")
            for number, inner in enumerate(value)
        ]
    if not isinstance(value, dict):
        return value
    new = f"unheard-of-{len(ways)}-"
    ways.append(way[1:])
    inside = {
        key: with_a_key_in_every_group(inner, ways, f"{way}.{key}") for key, inner in value.items()
    }
    return inside | {new: "x"}


@pytest.mark.parametrize(
    ("convert", "file", "as_a_whole"),
    [
        pytest.param(
            gatus, "gatus.yaml",
            r"x-common.*|suites\.0\.context|(ui|storage|connectivity)\b.*|endpoints\.(1|5)|alerting\.jetbrainsspace|"
            r"endpoints\.0\.alerts\.2|endpoints\.10\.ssh",
            id="gatus",
        ),
        pytest.param(
            kuma, "uptime-kuma.json",
            r"notificationList\.1|monitorList\.(0|11)|monitorList\.\d+\.(tags|conditions)\.\d+|"
            r".*notificationIDList",
            id="uptime kuma",
        ),
        pytest.param(
            kuma, "uptime-kuma-kinds.json",
            r"notificationList.*|maintenanceList\.\d.*|monitorList\.(1|2|22|23|31|33|6\d)|"
            r".*notificationIDList|.*(SaslOptions|conditions\.0)",
            id="every kind of uptime kuma",
        ),
        pytest.param(healthchecks, "healthchecks.json", r"checks\.3", id="healthchecks"),
        pytest.param(
            blackbox, "blackbox.yml",
            r".*labels\.0|modules\.unix\w*.*|.*proxy_connect_header", id="blackbox_exporter",
        ),
    ],
)  # fmt: skip
def test_a_key_that_nobody_knows_is_named_wherever_it_stands(
    convert: Callable[[Item, Draft], object], file: str, as_a_whole: str
) -> None:
    """But where the whole around it is named, as what *as_a_whole* matches."""
    ways: list[str] = []
    whole = with_a_key_in_every_group(yaml.safe_load((DATA / file).read_text("utf-8")), ways)
    draft = Draft(file=file)
    convert(read(yaml.safe_dump(whole)), draft)
    told = f"{[note.what for note in draft.notes]} {draft.document()}"
    lost = [way for number, way in enumerate(ways) if f"unheard-of-{number}-" not in told]
    assert [way for way in lost if not re.fullmatch(as_a_whole, way)] == []


def test_rows_of_uptime_kumas_database_are_monitors_too(tmp_path: Path) -> None:
    file = tmp_path / "monitors.json"
    file.write_text(
        '[{"id":1,"name":"a","active":1,"interval":60,"url":"https://a.test/","type":"http",'
        '"maxretries":1,"ignore_tls":1,"upside_down":0,'
        '"accepted_statuscodes_json":"[\\"404\\"]",'
        '"retry_interval":5,"dns_resolve_type":"A","http_body_encoding":null,"resend_interval":0,'
        '"kafka_producer_brokers":"[]","user_id":1,"created_date":"2027-01-01 00:00:00"}]'
    )
    result = converted("uptime-kuma", str(file))
    options = loaded(result.stdout, tmp_path).probes["a"].options
    assert isinstance(options, Options)
    assert options.expect.status.codes == {404}
    assert not options.tls.verify
    assert "1 retries, 5s apart" in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_what_our_loader_refuses_at_an_objective_is_named(tmp_path: Path) -> None:
    """A service whose probes are asked at different hours has an objective for each."""
    file = tmp_path / "gatus.yaml"
    file.write_text(
        "alerting: {slack: {webhook-url: 'https://hooks.slack.com/services/T/B/x'}}\n"
        "endpoints:\n"
        "  - &a {name: a, group: g, url: 'http://a.test', alerts: [{type: slack}],\n"
        "     maintenance-windows: [{start: '01:00', duration: 1h}]}\n"
        "  - {<<: *a, name: b, maintenance-windows: []}\n"
    )
    result = converted("gatus", str(file))
    slos = loaded(result.stdout, tmp_path).slos
    assert {slo.probes for slo in slos.values()} == {("a",), ("b",)}
    assert "nobody is told" not in result.stderr


def test_json_may_have_tabs_and_any_character(tmp_path: Path) -> None:
    file = tmp_path / "checks.json"
    file.write_text(
        '{\n\t"checks": [\n\t\t{"name": "\\ud83d\\ude00 \\u672c\\/", "timeout": 60, "grace": 60,'
        ' "uuid": "f618072a-7bde-4eee-af63-71a77c5723bc"}\n\t]\n}'
    )
    result = converted("healthchecks", str(file))
    assert "name: \U0001f600 本/" in result.stdout
    assert result.exit_code == 0
