"""Programs in the loop of the tests, and in that of the service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
import uvloop

from synthetics.receivers import programs


@pytest.mark.parametrize("loop", [asyncio.new_event_loop, uvloop.new_event_loop])
def test_who_has_ended_before_it_is_told_is_passed_over(
    loop: Callable[[], asyncio.AbstractEventLoop],
) -> None:
    async def told() -> int:
        process = await asyncio.create_subprocess_exec("true", stdin=asyncio.subprocess.PIPE)
        await asyncio.sleep(0.1)
        await programs.feed(process, b"what it does not read")
        return await process.wait()

    with asyncio.Runner(loop_factory=loop) as runner:
        assert runner.run(told()) == 0
