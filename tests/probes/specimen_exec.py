"""Targets for the kind ``exec``: programs."""

from __future__ import annotations

import asyncio
import contextlib
import os
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from tests.probes.specimen import Silence, Specimen


@contextlib.asynccontextmanager
async def _fine() -> AsyncIterator[Any]:
    yield {"command": ["true"]}


@contextlib.asynccontextmanager
async def _repeating() -> AsyncIterator[Any]:
    yield {"command": ["sh", "-c", "cat; exit 1"], "stdin": "${env:PASSWORD}"}


@contextlib.asynccontextmanager
async def _silent() -> AsyncIterator[Silence]:
    """A program that waits; its end of a pipe tells when it began, and when it was gone."""
    came, gone = asyncio.Event(), asyncio.Event()

    async def watch(pipe: Path) -> None:
        loop = asyncio.get_running_loop()
        held = await loop.run_in_executor(None, pipe.open)
        came.set()
        await loop.run_in_executor(None, held.read)
        held.close()
        gone.set()

    with tempfile.TemporaryDirectory() as folder:
        pipe = Path(folder, "pipe")
        os.mkfifo(pipe)
        watching = asyncio.create_task(watch(pipe))
        yield Silence(
            written={"command": ["sh", "-c", f"exec 3>{pipe}; sleep 60"]}, came=came, gone=gone
        )
        await watching


EXEC = Specimen(good=_fine, silent=_silent, repeating=_repeating)
