"""``synthetics status``: from the database alone."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from synthetics.cli import main
from synthetics.clock import SystemClock
from synthetics.store import Store, incidents
from tests.web.support import a_sample

CONFIG = """
location: tokyo
services: {shop: {name: 本店}}
probes:
  home: {service: shop, every: 1m, http: {get: "http://127.0.0.1:1/"}}
slos:
  home-ok: {service: shop, probes: [home], objective: 99%, window: 1d}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A configuration, and a database with nine good samples and one bad."""

    async def fill() -> None:
        store = await Store.open(tmp_path / "s.db", linger_s=0)
        now_ms = SystemClock().now_ms()
        await store.add(
            [
                a_sample(due_ms=now_ms - 60_000 * n, outcome="good" if n else "bad")
                for n in range(10)
            ]
        )
        await store.close()

    (tmp_path / "s.yaml").write_text(CONFIG, encoding="utf-8")
    asyncio.run(fill())
    return tmp_path


def status(folder: Path, *more: str, db: str = "s.db") -> Result:
    words = ["status", "--config", str(folder / "s.yaml"), "--db", str(folder / db), *more]
    return CliRunner().invoke(main, words)


def test_it_prints_where_each_objective_stands(folder: Path) -> None:
    said = status(folder)

    heads, row = said.stdout.splitlines()
    assert said.exit_code == 0, "nothing fires: no service was there to decide"
    assert heads.split() == [
        *("SERVICE", "SLO", "STATE", "SLI", "PROMISED", "BUDGET", "DOWN", "LATELY", "KNOWN")
    ]
    assert "home-ok  overspent  90.00%" in row
    assert "99% good over 1d" in row


@pytest.mark.parametrize("cells", [80, 100])
def test_a_narrow_terminal_keeps_the_essentials(
    folder: Path, monkeypatch: pytest.MonkeyPatch, cells: int
) -> None:
    monkeypatch.setattr("synthetics.cli.status._cells", lambda: cells)

    heads, row = status(folder).stdout.splitlines()

    assert {"SLO", "STATE", "SLI", "BUDGET", "LATELY"} <= set(heads.split())
    assert "PROMISED" not in heads
    assert max(len(heads), len(row)) <= cells
    assert "home-ok  overspent  90.00%  overspent: 100" in row


def test_it_says_the_same_to_programs(folder: Path) -> None:
    (slo,) = json.loads(status(folder, "--format", "json").stdout)

    assert (slo["id"], slo["sli"], slo["events"]["bad"]) == ("home-ok", 0.9, 1)


def test_it_names_what_is_slow_and_still_good(folder: Path) -> None:
    (folder / "s.yaml").write_text(
        CONFIG.replace("every: 1m", "every: 1m, within: 1ms"), encoding="utf-8"
    )
    was_bad = status(folder).stdout

    async def recover() -> None:
        store = await Store.open(folder / "s.db", linger_s=0)
        await store.add([a_sample(due_ms=SystemClock().now_ms() + 1000)])
        await store.close()

    asyncio.run(recover())
    (slo,) = json.loads(status(folder, "--format", "json").stdout)

    assert "degraded" not in was_bad
    assert "degraded  home: took 84 ms, over 1ms" in status(folder).stdout
    assert slo["degraded"] == ["home"]


def test_a_database_that_is_not_there_is_said_on_stderr(folder: Path) -> None:
    said = status(folder, db="other.db")

    assert (said.exit_code, said.stdout) == (2, "")
    assert "other.db does not exist" in said.stderr
    assert "to mend: " in said.stderr
    assert not (folder / "other.db").exists()


def test_a_database_that_is_damaged_is_said_on_stderr(folder: Path) -> None:
    whole = (folder / "s.db").read_bytes()
    (folder / "s.db").write_bytes(whole[:4096] + b"\xa5" * (len(whole) - 4096))

    said = status(folder)

    assert (said.exit_code, said.stdout) == (2, "")
    assert "s.db is damaged" in said.stderr
    assert "to mend: restore" in said.stderr


def test_a_bad_configuration_is_said_on_stderr(folder: Path) -> None:
    (folder / "s.yaml").write_text("probez: {}\n")

    said = status(folder)

    assert (said.exit_code, said.stdout) == (2, "")
    assert "there is no key `probez` here" in said.stderr


def test_what_is_wrong_with_the_monitoring_is_said_too(folder: Path) -> None:
    def blind(db: sqlite3.Connection) -> None:
        incidents.fire(
            db,
            incident_id=None,
            service="synthetics",
            slo="tokyo",
            tier="blind",
            severity="page",
            fired_ms=SystemClock().now_ms(),
            message='{"summary": "Location tokyo has been blind since 14:00 UTC"}',
        )

    async def fire() -> None:
        store = await Store.open(folder / "s.db", linger_s=0)
        await store.write(blind)
        await store.close()

    asyncio.run(fire())
    said = status(folder)

    assert said.exit_code == 1
    assert said.stdout.splitlines()[-2:] == [
        "Wrong with the monitoring itself:",
        "  page  Location tokyo has been blind since 14:00 UTC",
    ]
