from __future__ import annotations

from collections.abc import AsyncIterator

import aiohttp
import pytest

from synthetics.receivers.post import new_session
from tests.receivers.support import FarSide


@pytest.fixture
async def far() -> AsyncIterator[FarSide]:
    async with FarSide() as far:
        yield far


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with new_session() as session:
        yield session
