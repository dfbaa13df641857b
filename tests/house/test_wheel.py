"""What is tested is what is shipped: one wheel that holds the three packages and nothing else."""

from __future__ import annotations

import importlib.metadata
import os
from pathlib import Path

import pytest

import probes
import slo
import synthetics

REPOSITORY = Path(__file__).parents[2]


@pytest.mark.parametrize("package", [synthetics, probes, slo], ids=lambda module: module.__name__)
def test_the_three_packages_lie_side_by_side(package: object) -> None:
    """A user's ``probes.py`` or another wheel's ``probes/`` must not have taken our place."""
    home = Path(synthetics.__file__).parents[1]

    assert Path(package.__file__).parents[1] == home  # type: ignore[attr-defined]


def test_make_test_runs_against_the_built_wheel() -> None:
    """``make test`` says so by a variable of the environment; then the checkout is unused."""
    from_checkout = Path(synthetics.__file__).parents[1] == REPOSITORY

    assert from_checkout != (os.environ.get("SYNTHETICS_TEST_WHEEL") == "1")


def test_the_wheel_ships_only_its_three_packages() -> None:
    files = importlib.metadata.files("synthetics") or []
    roots = {file.parts[0] for file in files if not file.parts[0].startswith(("..", "_"))}

    assert {root for root in roots if not root.endswith((".dist-info", ".pth"))} <= {
        "synthetics",
        "probes",
        "slo",
    }


def test_types_are_shipped() -> None:
    for package in (synthetics, probes, slo):
        assert (Path(package.__file__ or "").parent / "py.typed").is_file()
