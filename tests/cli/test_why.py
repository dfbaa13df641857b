"""``synthetics alerts why``: from what was decided, and from what is stored."""

from __future__ import annotations

import json
import sqlite3
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from synthetics import words
from synthetics.cli import main
from synthetics.store import deliveries, silences
from synthetics.store.silences import Matchers
from tests.paging.support import MINUTE_MS, NOON_MS, Desk, config, slo

CONFIG = """
location: tokyo
services: {shop: {name: 本店}}
probes:
  checkout: {service: shop, every: 1m, http: {get: "http://127.0.0.1:1/"}}
  home: {service: shop, every: 1m, http: {get: "http://127.0.0.1:1/"}}
slos:
  checkout:
    service: shop
    probes: [checkout]
    objective: 99.9%
    window: 30d
    alerting:
      tiers:
        - {name: fast, severity: page, factor: 14.4, long: 1h, short: 5m}
        - {name: slow, severity: page, factor: 900, long: 6h, short: 30m}
  home: {service: shop, probes: [home], objective: 99.9%, window: 30d}
maintenance:
  - {from: 2026-01-01T00:00Z, to: 2026-01-01T01:00Z, reason: DB upgrade, services: [shop]}
"""


WITHIN = "the long window does not burn faster than that"


def why(folder: Path, name: str, at_ms: int, *more: str) -> Result:
    (folder / "s.yaml").write_text(CONFIG, encoding="utf-8")
    words_ = ["alerts", "why", name, "--at", words.iso(at_ms), "--config", str(folder / "s.yaml")]
    return CliRunner().invoke(main, [*words_, "--db", str(folder / "synthetics.db"), *more])


def arrives(db: sqlite3.Connection, *, at_ms: int) -> None:
    """Whatever is owed."""
    for one in deliveries.owed(db):
        deliveries.delivered(db, one.id, at_ms=at_ms)


@pytest.fixture
async def outage(tmp_path: Path) -> Path:
    """Ten minutes of an outage of two SLOs, silenced for the first five of them."""
    found = config(slo("checkout"), slo("home", probes=("home",)))
    async with Desk.open(tmp_path, replace(found, public_url="")) as desk:
        await desk.store.write(
            lambda db: silences.declare(
                db,
                from_ms=NOON_MS,
                to_ms=NOON_MS + 5 * MINUTE_MS,
                matchers=Matchers(services=("shop",)),
                author="ops",
                reason="known",
                declared_ms=NOON_MS,
            )
        )
        for _ in range(10):
            await desk.minutes(1, bad=True)
            await desk.store.write(partial(arrives, at_ms=desk.clock.now_ms()))
    return tmp_path


def test_before_it_fired_each_tier_says_why_not(outage: Path) -> None:
    said = why(outage, "checkout", NOON_MS)

    assert said.exit_code == 0
    assert said.stdout.splitlines() == [
        f"checkout, service shop, at {words.iso(NOON_MS)}: nothing fired",
        "",
        "fast, page: does not fire",
        f"  counted   0× over 1h and 0× over 5m, fires above 14.4×; 0 of 60 failed: {WITHIN}",
        "",
        "slow, page: does not fire",
        f"  counted   0× over 6h and 0× over 30m, fires above 900×; 0 of 60 failed: {WITHIN}",
    ]


def test_what_was_silenced_says_by_what(outage: Path) -> None:
    said = why(outage, "checkout", NOON_MS + 3 * MINUTE_MS).stdout

    answer, _, fires, decided, *more = said.splitlines()
    assert answer.endswith(
        ": nobody had been told: silence 1 by ops until 2026-10-05 12:05 UTC: known"
    )
    assert fires == f"fast, page: fires since {words.iso(NOON_MS + 2 * MINUTE_MS)}"
    assert decided.startswith("  decided   ")
    assert "fires above 14.4×; more failures than chance would bring" in decided
    assert decided.endswith("; 2 of 5 samples failed in the last 5m")
    assert more[0].startswith("  failing   ")
    assert ", trace " in more[0]
    assert "  told      nobody" in more


@pytest.mark.parametrize("name", ["checkout", "home"])
def test_who_was_told_of_the_incident_was_told_of_each_of_its_alerts(
    outage: Path, name: str
) -> None:
    said = why(outage, name, NOON_MS + 8 * MINUTE_MS).stdout

    assert said.splitlines()[0].endswith(": oncall, team had been told")
    told = f"  told      oncall: trigger delivered {words.iso(NOON_MS + 5 * MINUTE_MS)}"
    assert told in said.splitlines()


def test_the_json_says_the_same(outage: Path) -> None:
    said = why(outage, "checkout", NOON_MS + 3 * MINUTE_MS, "--format", "json").stdout

    found = json.loads(said)
    fast, slow = found["tiers"]
    assert found["answer"].startswith("nobody had been told: silence 1")
    assert found["tiers"][0]["failing"]["trace_id"]
    assert (fast["fires"], fast["incident"], slow["fires"]) == (True, 1, False)
    assert [one["kind"] for one in fast["events"]] == ["held"]
    assert fast["counted"]["cause"] == "burning"
    assert slow["counted"]["cause"] == "long-within"


def test_maintenance_is_named(outage: Path) -> None:
    at_ms = 1_767_227_400_000  # 2026-01-01T00:30Z
    said = why(outage, "checkout", at_ms).stdout

    answer, not_counted, *_ = said.splitlines()
    assert answer.endswith(": nothing fired, for samples then do not count")
    assert not_counted == (
        "not counted  maintenance, 2026-01-01T00:00:00Z to 2026-01-01T01:00:00Z: DB upgrade"
    )


def test_an_slo_that_is_not_there_is_said_so(outage: Path) -> None:
    said = why(outage, "chekcout", NOON_MS)

    assert said.exit_code == 2
    assert "did you mean `checkout`?" in said.output
