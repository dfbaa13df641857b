"""The last chapter: the report of a month, over history that is generated and says so."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from synthetics.demo.child import command
from synthetics.demo.history import LABEL, generate_month
from synthetics.demo.plot import ZONE
from synthetics.reports.spans import Month

_MONTHS_BEFORE = 2


class ReportFailed(Exception):
    """History could not be generated or not be reported; the text is what was said."""


@dataclass(frozen=True, slots=True)
class Generation:
    """A month of history that another process is generating."""

    process: asyncio.subprocess.Process
    month: Month

    async def report(self, html: Path) -> str:
        """
        Once it is there, what ``synthetics report`` prints about it; the same goes to *html*.

        Raises:
            ReportFailed: Something ended with another code than 0.
        """
        config, database = (await _output(self.process)).splitlines()
        report = command(
            *("report", "--config", config, "--db", database, "--label", LABEL),
            *("--month", str(self.month), "--timezone", ZONE.key),
        )
        async with _running(*report, "--format", "html", "--output", str(html)) as process:
            await _output(process)
        async with _running(*report) as process:
            return await _output(process)


@asynccontextmanager
async def generating(into: Path) -> AsyncIterator[Generation]:
    """
    Generate the last finished month and two before it, beside what happens in the block.

    In a process of its own, because it computes for some seconds, and a shop that
    hangs meanwhile would tell another story.
    """
    today = datetime.now(ZONE)
    month = Month(today.year, today.month).plus(-1)
    async with _running(sys.executable, "-P", "-m", __name__, str(into), str(month)) as process:
        yield Generation(process, month)


@asynccontextmanager
async def _running(*words: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """A process that does not outlive the block."""
    process = await asyncio.create_subprocess_exec(
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _output(process: asyncio.subprocess.Process) -> str:
    out, errors = await process.communicate()
    if process.returncode:
        raise ReportFailed(f"the report failed: {errors.decode(errors='replace').strip()}")
    return out.decode()


def _main(into: Path, month: Month) -> None:
    os.nice(10)  # the outage that is being told goes first
    made = generate_month(into, month, months_before=_MONTHS_BEFORE)
    sys.stdout.write(f"{made.config}\n{made.database}\n")


if __name__ == "__main__":
    _main(Path(sys.argv[1]), Month.parse(sys.argv[2]))
