from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.paging.support import Desk, Phone


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with Desk.open(tmp_path) as desk:
        yield desk


@pytest.fixture
async def phone() -> AsyncIterator[Phone]:
    async with Phone() as phone:
        yield phone
