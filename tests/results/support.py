"""A folder with a configuration whose probes are never run, and commands called in it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

from click.testing import CliRunner, Result

from synthetics import words
from synthetics.cli import main

MINUTE_MS = 60_000
DAY_MS = 1440 * MINUTE_MS
OCTOBER_MS = 1_790_812_800_000
"""2026-10-01T00:00:00Z."""

CONFIG = """\
services: {shop: {}}
probes:
  checkout: {service: shop, every: 1m, http: {get: https://shop.example/}}
  home: {service: shop, every: 1m, http: {get: https://shop.example/}}
slos:
  checkout-availability:
    service: shop
    probes: [checkout]
    objective: 99.9%
    window: 30d
"""


def json_line(at_ms: int, letter: str = ".", *, probe: str = "checkout", **more: object) -> str:
    """``.`` good, ``x`` bad, ``b`` bad and then good, ``o`` void."""
    said: dict[str, object] = {"probe": probe, "scheduled_at": words.iso(at_ms)}
    said["outcome"] = {".": "good", "o": "void"}.get(letter, "bad")
    if letter == "b":
        said["confirmed"] = "good"
    return json.dumps(said | more) + "\n"


def minutes(letters: str, *, from_ms: int = OCTOBER_MS, probe: str = "checkout") -> str:
    """One line a minute; a space is none."""
    return "".join(
        json_line(from_ms + index * MINUTE_MS, letter, probe=probe)
        for index, letter in enumerate(letters)
        if letter != " "
    )


def folder_with(folder: Path, config: str = CONFIG) -> Path:
    (folder / "synthetics.yaml").write_text(config, "utf-8")
    return folder


def call(folder: Path, *words: str, stdin: str | bytes | None = None) -> Result:
    """`synthetics` with *words*, about the configuration and the database in *folder*."""
    where = ("--config", str(folder / "synthetics.yaml"), "--db", str(folder / "synthetics.db"))
    return CliRunner().invoke(main, [*words, *where], input=stdin)


def call_without_db(folder: Path, *words: str) -> Result:
    """`synthetics` with *words*, about the configuration in *folder* alone."""
    return CliRunner().invoke(main, [*words, "--config", str(folder / "synthetics.yaml")])


def filled(folder: Path, lines: str | Iterable[str], config: str = CONFIG) -> Path:
    """*folder* with a database that holds *lines*."""
    folder_with(folder, config)
    done = call(folder, "results", "import", "-", stdin="".join(lines))
    assert done.exit_code == 0, done.output
    return folder
