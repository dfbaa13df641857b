"""The last chapter: the report of a month, over history that is generated and says so."""

from __future__ import annotations

import asyncio
from datetime import datetime
from pathlib import Path

from synthetics.demo.child import command
from synthetics.demo.history import Simulated, generate_month
from synthetics.demo.plot import ZONE
from synthetics.reports.model import Month


class ReportFailed(Exception):
    """``synthetics report`` ended badly; the text is what it said."""


async def simulated(into: Path) -> Simulated:
    """Generate the last finished month, and two before it to compare with."""
    today = datetime.now(ZONE)
    month = Month(today.year, today.month).plus(-1)
    return await asyncio.to_thread(generate_month, into, month, months_before=2)


async def reported(made: Simulated, *words: str) -> str:
    """
    What ``synthetics report`` prints about *made*; *words* are further options.

    Raises:
        ReportFailed: It ended with another code than 0.
    """
    process = await asyncio.create_subprocess_exec(
        *command("report", "--month", str(made.month), "--timezone", ZONE.key),
        *("--config", str(made.config), "--db", str(made.database), "--label", made.label),
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        out, errors = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        raise ReportFailed(f"synthetics report: {errors.decode(errors='replace').strip()}")
    return out.decode()
