"""Ledger, board and judge in step."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetics.service.books import Books
from synthetics.store import Reader, StoreError
from tests.web.support import NOW_MS, Rig, a_config, a_probe, a_rig, a_sample, an_slo

OTHER = a_config(
    [a_probe("home"), a_probe("cart")], [an_slo(), an_slo("cart-ok", probe="cart")], name="Shop"
)


def books_of(rig: Rig, reader: Reader) -> Books:
    assert rig.site.sources is not None
    return Books(
        ledger=rig.ledger,
        board=rig.board,
        judge=rig.site.sources.judge,
        reader=reader,
        clock=rig.clock,
    )


async def test_another_configuration_brings_the_history_that_it_needs(tmp_path: Path) -> None:
    """Samples of a probe that no SLO looked at are on the disk, and count once one does."""
    async with a_rig(tmp_path, a_config([a_probe("home"), a_probe("cart")])) as rig:
        await rig.take(a_sample("cart"), a_sample("home"))
        with Reader.open(rig.store.path) as reader:
            await books_of(rig, reader).adopt(OTHER)

        assert rig.ledger.counts("cart-ok", 0, NOW_MS).good == 1
        assert rig.ledger.counts("home-ok", 0, NOW_MS).good == 1
        assert rig.board.config is OTHER
        assert rig.board.seen["cart"].newest is not None


async def test_a_database_that_fails_meanwhile_changes_nothing(tmp_path: Path) -> None:
    async with a_rig(tmp_path) as rig:
        await rig.take(a_sample("home"))
        before = rig.board.config
        with Reader.open(rig.store.path) as reader:
            books = books_of(rig, reader)
            await rig.store.close()
            with pytest.raises(StoreError):
                await books.adopt(OTHER)

        assert rig.board.config is before
        assert rig.ledger.counts("home-ok", 0, NOW_MS).good == 1
        with pytest.raises(KeyError):
            rig.ledger.counts("cart-ok", 0, NOW_MS)
