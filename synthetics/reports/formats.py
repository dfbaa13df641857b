"""The formats of a report by name; each is loaded only when it is asked for."""

from __future__ import annotations

import importlib
from typing import Final

from synthetics.reports.model import Report

FORMATS: Final = ("text", "markdown", "html", "csv", "json")


def render(report: Report, shape: str) -> str:
    """*report* in one of `FORMATS`."""
    if shape not in FORMATS:
        raise ValueError(f"{shape!r} is no format; there are {', '.join(FORMATS)}")
    module = importlib.import_module(f"synthetics.reports.to_{shape}")
    written: str = module.render(report)
    return written
