"""A probe kind or receiver is one file, one entry-point line, one test, one docs page."""

from __future__ import annotations

import importlib.metadata
import inspect
from pathlib import Path
from types import ModuleType

import pytest

REPOSITORY = Path(__file__).parents[2]

PROBES = sorted(importlib.metadata.entry_points(group="synthetics.probes"), key=lambda e: e.name)
RECEIVERS = sorted(
    importlib.metadata.entry_points(group="synthetics.receivers"), key=lambda e: e.name
)


def _loaded(entry: importlib.metadata.EntryPoint) -> ModuleType:
    module = entry.load()
    assert isinstance(module, ModuleType)
    return module


@pytest.mark.parametrize("entry", PROBES, ids=lambda e: e.name)
def test_a_probe_kind_has_options_and_asks_listens_or_combines(
    entry: importlib.metadata.EntryPoint,
) -> None:
    module = _loaded(entry)

    assert hasattr(module, "Options")
    if hasattr(module, "follow"):
        assert not hasattr(module, "run")
        assert list(inspect.signature(module.follow).parameters) == ["options", "state", "since_ms"]
        return
    if hasattr(module, "combine"):
        assert not hasattr(module, "run")
        assert list(inspect.signature(module.combine).parameters) == ["options", "results"]
        return
    assert inspect.iscoroutinefunction(module.run)
    assert list(inspect.signature(module.run).parameters) == ["options", "watch"]


@pytest.mark.parametrize("entry", RECEIVERS, ids=lambda e: e.name)
def test_a_receiver_has_options_and_send(entry: importlib.metadata.EntryPoint) -> None:
    module = _loaded(entry)

    assert hasattr(module, "Options")
    assert inspect.iscoroutinefunction(module.send)
    assert list(inspect.signature(module.send).parameters) == ["options", "message", "session"]


@pytest.mark.parametrize("entry", [*PROBES, *RECEIVERS], ids=lambda e: f"{e.group} {e.name}")
def test_each_has_a_docs_page_and_a_test(entry: importlib.metadata.EntryPoint) -> None:
    room = entry.group.removeprefix("synthetics.")

    assert (REPOSITORY / "docs" / room / f"{entry.name}.md").is_file(), "docs page is missing"
    assert list((REPOSITORY / "tests" / room).glob(f"test_{entry.name}*.py")), "test is missing"
