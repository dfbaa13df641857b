"""A file that is deleted or replaced while the service runs: nothing is written into the void."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from synthetics.store import StoreError
from tests.store.support import START_MS, good, minutes, opened, read_back


def replaced(path: Path) -> None:
    copy = path.with_name("copy")
    shutil.copy(path, copy)
    copy.rename(path)


def moved(path: Path) -> None:
    path.rename(path.with_name("moved.db"))


def log_deleted(path: Path) -> None:
    path.with_name(path.name + "-wal").unlink()


def cut_off(path: Path) -> None:
    os.truncate(path, 4096)


@pytest.mark.parametrize(
    ("happens", "said"),
    [
        pytest.param(replaced, "a.db was replaced while in use", id="replaced, as cp+mv would"),
        pytest.param(moved, "a.db was deleted or moved while in use", id="moved away"),
        pytest.param(Path.unlink, "a.db was deleted or moved while in use", id="deleted"),
        pytest.param(log_deleted, "a.db-wal was deleted or moved while in use", id="its log"),
        pytest.param(cut_off, "a.db became smaller while in use", id="cut off"),
    ],
)
async def test_nothing_more_is_accepted(
    tmp_path: Path, happens: Callable[[Path], None], said: str
) -> None:
    path = tmp_path / "a.db"
    async with opened(path) as store:
        await store.add(minutes("home", 3))
        happens(path)

        with pytest.raises(StoreError) as caught:
            await store.add([good("home", START_MS - 1)])
        with pytest.raises(StoreError):
            await store.write(lambda connection: connection.execute("SELECT 1"))

        assert caught.value.what == f"{tmp_path}/{said}"
        assert store.stats().failure is caught.value


async def test_closing_leaves_the_file_that_took_the_place_alone(tmp_path: Path) -> None:
    """
    SQLite removes the log of a database, by its name, when the last connection closes.  By then
    the name may belong to the log of a backup that was put in place.
    """
    path, other = tmp_path / "a.db", tmp_path / "other" / "a.db"
    other.parent.mkdir()
    async with opened(other) as store:
        await store.add(minutes("cart", 5))
        shutil.copytree(other.parent, tmp_path / "backup")
    async with opened(path) as store:
        await store.add(minutes("home", 3))
        for file in (tmp_path / "backup").glob("a.db*"):
            file.replace(tmp_path / file.name)
        assert (tmp_path / "a.db-wal").exists()

    assert [each.probe for each in read_back(path)] == ["cart"] * 5
