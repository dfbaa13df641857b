"""Names that are looked up."""

from __future__ import annotations

import pytest

from probes.net.names import resolve
from probes.net.trip import Trip, Trouble
from tests.probes.support import Asker


@pytest.mark.parametrize("name", ["a" * 64 + ".example", "a..example", "a\0b", "ü" * 80])
async def test_what_cannot_be_a_name_is_not_found(asker: Asker, name: str) -> None:
    with pytest.raises(Trouble) as caught:
        await resolve(Trip(asker.watch()), name, 80)

    assert caught.value.reason == "dns"
