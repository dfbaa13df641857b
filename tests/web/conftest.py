"""The site as a fixture."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.web.support import Rig, a_config, a_probe, a_rig


@pytest.fixture
async def rig(tmp_path: Path) -> AsyncIterator[Rig]:
    config = a_config([a_probe("home"), a_probe("checkout", kind="journey")])
    async with a_rig(tmp_path, config) as rig:
        yield rig
