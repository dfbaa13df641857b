"""Who would be told, of what, at which times; and pages that would reach nobody."""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from slo.spans import Spans
from synthetics.cli import main
from synthetics.config.load import load
from synthetics.config.model import Config, Severity
from synthetics.config.problems import ConfigError
from synthetics.config.reach import (
    AHEAD_MS,
    Subject,
    gaps,
    matching,
    receivers_of,
    subjects,
    taking,
    unheard,
)

BASE = """
services:
  shop: {owner: team-shop, labels: {region: eu}}
  stock: {}
probes:
  home: {service: shop, labels: {tier: critical, team: web}, http: {get: https://shop.example/}}
  cart: {service: shop, labels: {tier: critical}, http: {get: https://shop.example/cart}}
  stock: {service: stock, http: {get: https://stock.example/}}
slos:
  shop-up: {service: shop, probes: [home, cart], objective: 99.9%, window: 30d}
  stock-up: {service: stock, probes: [stock], objective: 99.9%, window: 30d, labels: {tier: low}}
receivers:
  oncall: {webhook: {url: https://hooks.example/oncall}}
  team: {webhook: {url: https://hooks.example/team}}
  aiko-phone: {webhook: {url: https://hooks.example/aiko}}
people:
  aiko: {receivers: [aiko-phone]}
hours:
  office: {timezone: Europe/Berlin, weekly: {mon-fri: 09:00-18:00}, holidays: [2026-12-25]}
  tokyo: {timezone: Asia/Tokyo, weekly: {mon-sun: 09:00-18:00}}
  utc-night: {timezone: UTC, weekly: {mon-sun: 09:00-00:00}}
rotations:
  week: {timezone: Europe/Berlin, layers: [{people: [aiko], starts: 2026-11-02T09:00, every: 1w}]}
  day:
    timezone: Europe/Berlin
    layers: [{people: [aiko], starts: 2026-11-02T09:00, every: 1w, during: office}]
"""
NOW = round(datetime.fromisoformat("2026-11-23T06:00:00+00:00").timestamp() * 1000)


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def read(folder: Path, routes: str, more: str = "") -> Config:
    (folder / "synthetics.yaml").write_text(f"{BASE}{more}\nroutes:\n{routes}\n")
    return load(folder / "synthetics.yaml", environ={})


def page(config: Config, slo: str = "shop-up", tier: str = "fast") -> Subject:
    return Subject(service=config.slos[slo].service, slo=slo, tier=tier, severity=Severity.PAGE)


@pytest.mark.parametrize(
    ("route", "taken"),
    [
        pytest.param("{severity: page, to: [oncall]}", {"shop-up", "stock-up"}, id="all"),
        pytest.param("{severity: page, to: [oncall], services: [stock]}", {"stock-up"}, id="of"),
        pytest.param("{severity: page, to: [oncall], owners: [team-shop]}", {"shop-up"}, id="own"),
        pytest.param("{severity: page, to: [oncall], slos: [stock-up]}", {"stock-up"}, id="slo"),
        pytest.param("{severity: page, to: [oncall], tiers: [slow]}", set(), id="tier"),
        pytest.param(
            "{severity: page, to: [oncall], labels: {tier: low}}", {"stock-up"}, id="its label"
        ),
        pytest.param(
            "{severity: page, to: [oncall], labels: {tier: critical}}",
            {"shop-up"},
            id="a label of all its probes",
        ),
        pytest.param(
            "{severity: page, to: [oncall], labels: {team: web}}",
            set(),
            id="a label of one of its probes is none of its own",
        ),
        pytest.param(
            "{severity: page, to: [oncall], labels: {region: eu, tier: critical}}",
            {"shop-up"},
            id="labels of its service and probes",
        ),
        pytest.param("{severity: ticket, to: [oncall]}", set(), id="another severity"),
    ],
)
def test_a_route_takes_what_it_names(tmp_path: Path, route: str, taken: set[str]) -> None:
    config = read(tmp_path, f"  - {route}")

    assert {slo for slo in config.slos if matching(config, page(config, slo))} == taken


@pytest.mark.parametrize(
    ("routes", "at", "to"),
    [
        pytest.param(
            "  - {severity: page, to: [team], during: office}\n  - {severity: page, to: [oncall]}",
            "2026-11-23T10:00+01:00",
            ["team", "oncall"],
            id="all that take it",
        ),
        pytest.param(
            "  - {severity: page, to: [team], during: office}\n"
            "  - {severity: page, to: [oncall], default: true}",
            "2026-11-23T10:00+01:00",
            ["team"],
            id="the default is not asked",
        ),
        pytest.param(
            "  - {severity: page, to: [oncall], default: true}\n"
            "  - {severity: page, to: [team], during: office}",
            "2026-11-23T20:00+01:00",
            ["oncall"],
            id="the default is",
        ),
        pytest.param(
            "  - {severity: page, to: [team], outside: office, continue: false}\n"
            "  - {severity: page, to: [oncall]}",
            "2026-11-23T20:00+01:00",
            ["team"],
            id="and no route after it",
        ),
        pytest.param(
            "  - {severity: page, to: [team], during: office}",
            "2026-12-25T10:00+01:00",
            [],
            id="a holiday",
        ),
    ],
)
def test_routes_add_up_but_for_what_they_say(
    tmp_path: Path, routes: str, at: str, to: list[str]
) -> None:
    config = read(tmp_path, routes)

    found = taking(matching(config, page(config)), ms(at))

    assert [target for route in found for target in route.to] == to


def test_a_rotation_means_who_is_on_call(tmp_path: Path) -> None:
    config = read(tmp_path, "  - {severity: page, to: [day]}")

    assert receivers_of(config, "day", ms("2026-11-23T10:00+01:00")) == ("aiko-phone",)
    assert receivers_of(config, "day", ms("2026-11-23T20:00+01:00")) == ()


def test_a_gap_that_is_there_only_while_clocks_are_set_apart_is_found(tmp_path: Path) -> None:
    """
    Berlin hands over to New York at 17:00 UTC, and back at 23:00; in summer both an hour earlier.
    New York sets its clock two weeks before Berlin in spring, and a week after it in autumn.
    """
    more = (
        "  berlin: {timezone: Europe/Berlin, weekly: {mon-sun: 00:00-18:00}}\n"
        "  york: {timezone: America/New_York, weekly: {mon-sun: 12:00-18:00}}\n"
    )
    text = BASE.replace("rotations:", more + "rotations:")
    routes = "".join(
        f"  - {{severity: page, to: [team], during: {name}}}\n" for name in ("berlin", "york")
    )
    (tmp_path / "synthetics.yaml").write_text(f"{text}\nroutes:\n{routes}")
    config = load(tmp_path / "synthetics.yaml", environ={})

    gap = unheard(config, page(config), ms("2027-03-10T00:00Z"))

    assert gap is not None
    days = [(start // 86_400_000, start % 86_400_000, end - start) for start, end in gap.spans]
    assert {(begins, lasts) for _, begins, lasts in days} == {(22 * 3_600_000, 3_600_000)}
    of_2027 = [day for day, _, _ in days if day < ms("2028-01-01T00:00Z") // 86_400_000]
    first = ms("2027-03-14T00:00Z") // 86_400_000
    autumn = ms("2027-10-31T00:00Z") // 86_400_000
    assert of_2027 == [*range(first, first + 14), *range(autumn, autumn + 7)]


def test_what_nobody_hears_is_exact_to_the_holiday(tmp_path: Path) -> None:
    config = read(
        tmp_path,
        "  - {severity: page, to: [team], during: office}\n"
        "  - {severity: page, to: [week], outside: office}",
    )
    assert unheard(config, page(config), NOW) is None

    config = read(tmp_path, "  - {severity: page, to: [team], during: office}")
    gap = unheard(config, page(config), ms("2026-12-24T18:00+01:00"))

    assert gap is not None
    assert gap.first == (ms("2026-12-24T18:00+01:00"), ms("2026-12-28T09:00+01:00"))
    open_ms = config.hours["office"].spans(NOW, NOW + AHEAD_MS)
    whole = unheard(config, page(config), NOW)
    assert whole is not None
    assert whole.spans.intersect(open_ms) == Spans.EMPTY
    assert whole.spans.union(open_ms) == Spans.of([(NOW, NOW + AHEAD_MS)])


def test_an_escalation_that_reaches_somebody_is_enough(tmp_path: Path) -> None:
    more = "escalations: {shop: {steps: [{after: 10m, to: [team]}]}}"
    config = read(tmp_path, "  - {severity: page, to: [day], escalation: shop}", more)

    assert unheard(config, page(config), NOW) is None
    assert [name for name, _ in gaps(config, NOW)] == ["day"]


def test_a_page_that_reaches_nobody_is_refused_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "synthetics.yaml").write_text(
        f"{BASE}\nroutes:\n  - {{severity: page, to: [day], services: [shop]}}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "synthetics.yaml", environ={}, reach_ms=NOW)

    first, second = caught.value.problems
    assert (first.path, first.line) == ("slos.shop-up", 10)
    assert first.what == (
        "its pages reach nobody from Mon 23 Nov 2026 07:00 CET until Mon 23 Nov 2026 09:00 CET, "
        "and 264 further times within a year"
    )
    assert (second.path, second.what) == (
        "slos.stock-up",
        "no route takes its pages, so they reach nobody",
    )


def test_a_service_starts_all_the_same(tmp_path: Path) -> None:
    """One that refuses to run because of a gap next month reaches nobody now."""
    assert read(tmp_path, "  - {severity: page, to: [day]}").routes


def test_check_says_who_would_be_told(tmp_path: Path) -> None:
    more = (
        "escalations: {shop: {steps: [{after: 10m, to: [team]}], repeat: {after: 30m, times: 2}}}"
    )
    read(
        tmp_path,
        "  - {severity: page, to: [week], escalation: shop}\n"
        "  - {severity: page, to: [oncall], tiers: [fast]}\n"
        "  - {severity: ticket, to: [team], during: office}\n"
        "  - {severity: ticket, to: [oncall], slos: [stock-up], tiers: [none]}",
        more,
    )
    file = str(tmp_path / "synthetics.yaml")

    said = CliRunner().invoke(main, ["check", file])
    data = json.loads(CliRunner().invoke(main, ["check", file, "--format", "json"]).stdout)

    assert said.exit_code == 0, said.output
    assert (
        "  told     page (fast) week; after 10m team; 30m later all again, 2 times\n"
        "                       oncall\n"
        "           page (slow) week; after 10m team; 30m later all again, 2 times\n"
        "           ticket  team during office, else when that begins\n"
    ) in said.output
    assert "warning: routes[3] takes no alert of any SLO there is" in said.output
    assert "warning: rotation day: nobody is on call from " in said.output
    fast = data["slos"][0]["told"][0]
    assert (fast["severity"], fast["tiers"]) == ("page", ["fast"])
    assert fast["routes"][0]["escalation"] == [{"after_s": 600, "to": ["team"]}]


def test_the_subjects_of_an_slo_are_its_tiers(tmp_path: Path) -> None:
    config = read(tmp_path, "  - {severity: page, to: [oncall]}")

    assert {one.tier for one in subjects(config, "shop-up", Severity.PAGE)} == {"fast", "slow"}
