from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from synthetics.store.store import Store
from tests.paging.box import Box
from tests.paging.support import Desk, Phone


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path) as desk:
        yield desk


@pytest.fixture
async def phone() -> AsyncIterator[Phone]:
    async with Phone() as phone:
        yield phone


@pytest.fixture
async def box(tmp_path: Path) -> AsyncIterator[Box]:
    store = await Store.open(tmp_path / "synthetics.db", linger_s=0.0)
    yield Box(store)
    await store.close()
