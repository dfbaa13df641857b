"""Kinds are found by entry points, ours and third parties', and a broken one is named."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from synthetics import kinds, plugin
from synthetics.config.load import load
from synthetics.config.problems import ConfigError
from synthetics.config.schema import json_schema
from synthetics.kinds import KindError, kind_of, probe_kinds, receiver_kinds

PLUGIN = '''
"""Probe kind ``dice``: throws one."""

from dataclasses import dataclass

from pydantic import ConfigDict

from synthetics.plugin import Result, SecretText, Watch


@dataclass(frozen=True)
class Options:
    """
    Attributes:
        sides: How many it has.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")
    sides: int
    key: SecretText | None = None


async def run(options: Options, watch: Watch) -> Result:
    return watch.good()
'''


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An installed package of a third party, as pip would leave it."""
    info = tmp_path / "dicey-1.2.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dicey\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text("[synthetics.probes]\ndice = dicey\n")
    monkeypatch.syspath_prepend(tmp_path)
    kinds._installed.cache_clear()
    yield tmp_path
    kinds._installed.cache_clear()
    sys.modules.pop("dicey", None)


@pytest.mark.parametrize("part", ["follow", "combine"])
def test_a_kind_of_a_third_party_asks(package: Path, part: str) -> None:
    (package / "dicey.py").write_text(PLUGIN.replace("async def run", f"async def {part}"))

    with pytest.raises(KindError, match="has no run: it asks nothing"):
        probe_kinds()["dice"]


@pytest.mark.parametrize("part", ["follow", "combine"])
def test_what_a_kind_of_a_third_party_calls_its_functions_is_its_own(
    package: Path, part: str
) -> None:
    (package / "dicey.py").write_text(f"{PLUGIN}\n\ndef {part}() -> None:\n    pass\n")
    assert not probe_kinds()["dice"].listens
    assert not probe_kinds()["dice"].combines


def test_ours_are_there_with_a_line_each() -> None:
    assert {"http", "journey"} <= probe_kinds().keys()
    assert {"pagerduty", "webhook"} <= receiver_kinds().keys()
    assert all(kind.summary for kind in (*probe_kinds().values(), *receiver_kinds().values()))


def test_a_kind_of_a_third_party_is_read_described_and_refused_like_ours(package: Path) -> None:
    (package / "dicey.py").write_text(PLUGIN)
    file = package / "synthetics.yaml"

    def write(options: str) -> None:
        file.write_text(f"services: {{s: {{}}}}\nprobes: {{p: {{service: s, dice: {options}}}}}\n")

    write("{sides: 6}")
    assert load(file, environ={}).probes["p"].options.sides == 6
    assert json_schema()["$defs"]["Probe"]["properties"]["dice"]["description"] == (
        "Probe kind `dice`: throws one."
    )
    write("{sids: 6, key: hunter22}")
    with pytest.raises(ConfigError) as caught:
        load(file, environ={})
    found = {(problem.what, problem.mend) for problem in caught.value.problems}
    assert ("there is no key `sids` here", "did you mean `sides`?") in found
    assert all("hunter22" not in str(problem.source_line) for problem in caught.value.problems)


def test_a_package_that_cannot_be_imported_is_named(package: Path) -> None:
    (package / "dicey.py").write_text("import nothing_of_this_name\n")

    with pytest.raises(KindError, match=r"'dice' \(dicey, from dicey 1\.2\).*nothing_of_this_name"):
        probe_kinds()["dice"]


def test_a_kind_that_nobody_uses_is_not_imported(package: Path) -> None:
    (package / "dicey.py").write_text(PLUGIN)
    file = package / "synthetics.yaml"
    file.write_text("services: {s: {}}\nprobes: {p: {service: s, http: {get: 'http://a.test'}}}\n")

    load(file, environ={})

    assert "dice" in probe_kinds()
    assert "dicey" not in sys.modules


def test_two_packages_with_one_kind_are_named(package: Path) -> None:
    (package / "dicey.py").write_text(PLUGIN)
    (package / "dicey-1.2.dist-info" / "entry_points.txt").write_text(
        "[synthetics.probes]\nhttp = dicey\n"
    )

    with pytest.raises(KindError, match="two packages bring the kind 'http'"):
        probe_kinds()


def test_a_module_of_another_shape_is_named() -> None:
    module = ModuleType("shapeless")

    with pytest.raises(KindError, match=r"'x' \(shapeless\) has no Options and no run"):
        kind_of("x", module, "run")

    vars(module).update(Options=KindError, run=print)
    with pytest.raises(KindError, match="cannot be checked"):
        kind_of("x", module, "run")


def test_all_that_a_plugin_needs_is_in_one_place() -> None:
    assert all(hasattr(plugin, name) for name in plugin.__all__)
