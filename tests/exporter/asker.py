"""Asks by one module, without the exporter beside."""

from __future__ import annotations

from pathlib import Path

from probes.watch import Shared, Watch
from synthetics.clock import SystemClock
from synthetics.exporter import answer
from synthetics.exporter.modules import load
from tests.exporter.support import Metrics, metrics

OFTEN = frozenset({"probe_success", "probe_duration_seconds", "probe_timeout_seconds"})
"""Metrics of every answer."""


class Asker:
    """Asks by one module, written out."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.shared = Shared()

    async def text(self, module: str, target: str, *, debug: bool = False) -> str:
        """What is answered."""
        file = self._folder / "blackbox.yml"
        file.write_text(f"modules:\n  one: {module}\n", encoding="utf-8")
        asked = answer.read(load(file), {"module": "one", "target": target}, "3")
        watch = Watch(clock=SystemClock(), timeout_s=asked.timeout_s, shared=self.shared)
        return await answer.answer(asked, watch, debug=debug)

    async def metrics(self, module: str, target: str) -> Metrics:
        """The same, read."""
        return metrics(await self.text(module, target))


def names(found: Metrics) -> set[str]:
    """Of all metrics in *found*."""
    return {name for name, _ in found}
