"""Checking what is not written: the defaults, without asking the validator."""

from __future__ import annotations

from dataclasses import MISSING, fields

import pytest
from pydantic import TypeAdapter, ValidationError

from synthetics.config import (
    written,
    written_changes,
    written_oncall,
    written_probe,
    written_quiet,
    written_slo,
    written_watch,
)
from synthetics.config.checker import Checker

MODULES = (
    written,
    written_changes,
    written_oncall,
    written_probe,
    written_quiet,
    written_slo,
    written_watch,
)


def nothing_must(kind: object) -> bool:
    """Whether *kind* is a type of ours, none of whose keys has to be written."""
    return (
        isinstance(kind, type)
        and "__pydantic_config__" in vars(kind)
        and not any(f.default is MISSING and f.default_factory is MISSING for f in fields(kind))
    )


KINDS = {
    name: kind for module in MODULES for name, kind in vars(module).items() if nothing_must(kind)
}


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_a_group_without_a_key_means_what_the_validator_says(kind: type) -> None:
    assert Checker.of(kind)({}, {}) == TypeAdapter(kind).validate_python({})


def test_a_group_that_lacks_a_key_is_refused() -> None:
    with pytest.raises(ValidationError):
        Checker.of(written_probe.Confirm)({}, {})
