"""Probe kind ``http``: does one request get the answer that is expected?"""

from __future__ import annotations

from dataclasses import dataclass

from probes.request import Request
from probes.result import Result
from probes.watch import Watch

SUMMARY = "One HTTP request and what is expected of its answer."


@dataclass(frozen=True, kw_only=True)
class Options(Request):
    """One request; see `Request` for what can be written."""


async def run(options: Options, watch: Watch) -> Result:
    """Ask once, over a connection of its own, and judge the answer."""
    raise NotImplementedError
