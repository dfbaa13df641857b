from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from functools import cache

import aiohttp
import pytest

from synthetics.receivers.post import new_session, verifying
from tests.receivers.support import FarSide


@pytest.fixture
async def far() -> AsyncIterator[FarSide]:
    async with FarSide() as far:
        yield far


@pytest.fixture
async def session(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[aiohttp.ClientSession]:
    monkeypatch.setattr("synthetics.receivers.post.verifying", _authorities)
    async with new_session() as session:
        yield session


@cache
def _authorities() -> ssl.SSLContext:
    """Reading them takes longer than most tests."""
    return verifying()
