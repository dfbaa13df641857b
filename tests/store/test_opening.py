"""What is refused at the door, and in which words."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from synthetics.clock import HeldClock
from synthetics.store import Reader, Store, StoreError
from synthetics.store.opening import APPLICATION_ID
from tests.store.support import START_MS, minutes, opened, read_back

NOBODY = 65534


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    """A database with some samples, closed."""
    database = tmp_path / "a.db"
    async with opened(database) as store:
        await store.add(minutes("home", 200))
    return database


async def refusal(path: Path) -> StoreError:
    """How the writer is refused."""
    with pytest.raises(StoreError) as caught:
        await Store.open(path)
    assert caught.value.mend
    return caught.value


def read_refusal(path: Path) -> StoreError:
    """How a reader is refused."""
    with pytest.raises(StoreError) as caught:
        Reader.open(path)
    assert caught.value.mend
    return caught.value


@contextmanager
def powerless() -> Iterator[Path]:
    """A folder, and the rights of a user who does not own it: root may write what is read-only."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        if os.geteuid() != 0:
            yield folder
            return
        try:
            yield folder
        finally:
            os.seteuid(0)


def give_up_rights(folder: Path, mode: int) -> None:
    """Make *folder* as *mode* says and stop being root."""
    folder.chmod(mode)
    if os.geteuid() == 0:
        os.seteuid(NOBODY)


async def test_a_closed_database_is_one_file_that_opens_again(path: Path) -> None:
    assert sorted(each.name for each in path.parent.iterdir()) == ["a.db", "a.db.lock"]

    async with opened(path) as store:
        await store.add(minutes("cart", 1))

    assert len(read_back(path)) == 201


async def test_a_missing_folder_is_not_made(tmp_path: Path) -> None:
    """An unmounted volume would otherwise begin an empty history in its mount point."""
    error = await refusal(tmp_path / "volume" / "a.db")

    assert error.what == f"{tmp_path / 'volume'} is not a folder"
    assert not (tmp_path / "volume").exists()


async def test_a_folder_is_not_a_database(tmp_path: Path) -> None:
    assert (await refusal(tmp_path)).what == f"{tmp_path} is not a file"


async def test_the_second_service_is_told_who_holds_the_database(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    async with opened(path, clock=HeldClock(START_MS)):
        error = await refusal(path)

        said = json.loads((tmp_path / "a.db.lock").read_text())
        assert said["pid"] == os.getpid()
        assert error.what == f"{path} is in use"
        assert error.why == (
            f"process {said['pid']} on {said['host']} holds it since 2024-10-04T00:00:00+00:00"
        )

    async with opened(path):
        pass


async def test_whether_a_database_is_free_is_said_without_a_trace(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    Store.check_free(path)
    assert not list(tmp_path.iterdir())

    async with opened(path):
        with pytest.raises(StoreError, match="is in use"):
            Store.check_free(path)

    Store.check_free(path)


async def test_another_name_for_the_same_database_is_held_too(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    (tmp_path / "link.db").symlink_to(path)
    async with opened(path):
        assert "is in use" in (await refusal(tmp_path / "link.db")).what


async def test_a_lock_left_by_a_process_that_is_gone_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "a.db.lock").write_text('{"pid": 1, "host": "elsewhere", "since": "1999"}')

    async with opened(tmp_path / "a.db"):
        pass


async def test_a_file_that_is_not_sqlite_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "notes.txt"
    path.write_text("remember the milk\n" * 100)

    assert (await refusal(path)).what == f"{path} is not an SQLite database"
    assert read_refusal(path).what == f"{path} is not an SQLite database"
    assert path.read_text().startswith("remember")


async def test_an_empty_file_is_not_taken_for_a_new_database(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    path.touch()

    assert (await refusal(path)).what == f"{path} is empty"
    assert path.stat().st_size == 0


async def test_the_database_of_another_program_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "grafana.db"
    connection = sqlite3.connect(path)
    connection.execute("CREATE TABLE dashboard (id INTEGER)")
    connection.commit()
    connection.close()
    before = path.read_bytes()

    assert (await refusal(path)).what == f"{path} is the database of another program"
    assert read_refusal(path).what == f"{path} is the database of another program"
    assert path.read_bytes() == before


async def test_a_damaged_file_is_refused(path: Path) -> None:
    with path.open("r+b") as file:
        for page in range(1, path.stat().st_size // 4096):
            file.seek(page * 4096)
            file.write(b"\xff" * 64)

    error = await refusal(path)

    assert error.what == f"{path} is damaged"
    assert "restore the newest backup" in error.mend


async def test_a_truncated_file_is_refused(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)

    assert (await refusal(path)).what == f"{path} is damaged"


async def test_a_newer_file_is_refused(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute(
        "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) "
        "VALUES ('synthetics', '9999_better', '2030-01-01')"
    )
    connection.commit()
    connection.close()

    error = await refusal(path)

    assert error.what == f"{path} was written by a newer version"
    assert error.why == "it knows 9999_better"
    assert read_refusal(path).what == error.what


async def test_an_older_file_is_brought_up_to_date_by_the_writer_only(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DELETE FROM _sqlite_migrations WHERE name LIKE '0002%'")
    for table in ("deliveries", "alerts", "tier_states", "incidents"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    connection.commit()
    connection.close()

    assert read_refusal(path).what == f"{path} was written by an older version"
    async with opened(path):
        pass
    assert len(read_back(path)) == 200


async def test_a_log_without_its_database_is_not_thrown_away(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    (tmp_path / "a.db-wal").write_bytes(b"samples that were accepted")

    assert (await refusal(path)).what == f"{path} is missing"
    assert (tmp_path / "a.db-wal").read_bytes() == b"samples that were accepted"


async def test_a_new_database_that_was_not_finished_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / "a.db.new").write_bytes(b"half")
    (tmp_path / "a.db.new-wal").write_bytes(b"half")

    async with opened(tmp_path / "a.db"):
        pass

    assert not (tmp_path / "a.db.new").exists()


async def test_a_read_only_file_is_refused(path: Path) -> None:
    with powerless() as folder:
        kept = folder / "a.db"
        path.rename(kept)
        kept.chmod(0o444)
        give_up_rights(folder, 0o777)

        error = await refusal(kept)

    assert error.what == f"{kept} is read-only"


async def test_a_folder_that_cannot_be_written_is_refused(path: Path) -> None:
    with powerless() as folder:
        kept = folder / "a.db"
        path.rename(kept)
        kept.chmod(0o666)
        give_up_rights(folder, 0o555)

        error = await refusal(kept)
        assert error.what == f"{folder / 'a.db.lock'} cannot be written"

        with Reader.open(kept) as reader:
            assert len(reader.samples(1, 0, 2 * START_MS)) == 200


def test_a_reader_makes_no_database(tmp_path: Path) -> None:
    assert read_refusal(tmp_path / "a.db").what == f"{tmp_path / 'a.db'} does not exist"
    assert list(tmp_path.iterdir()) == []


async def test_a_reader_cannot_write(path: Path) -> None:
    with (
        Reader.open(path) as reader,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        reader.read(lambda c: c.execute("DELETE FROM samples"))


async def test_a_name_with_signs_of_a_uri_is_only_a_name(tmp_path: Path) -> None:
    path = tmp_path / "100% a?b#c&mode=ro.db"

    async with opened(path) as store:
        await store.add(minutes("home", 1))

    assert path.exists()
    assert len(read_back(path)) == 1


async def test_the_file_says_whose_it_is(path: Path) -> None:
    assert int.from_bytes(path.read_bytes()[68:72], "big") == APPLICATION_ID


async def test_the_backup_that_the_docs_describe_is_a_database(tmp_path: Path) -> None:
    """Made beside a running service, while its newest samples are in the log only."""
    path, backup = tmp_path / "a.db", tmp_path / "backup.db"
    async with opened(path) as store:
        await store.add(minutes("home", 5))
        connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        connection.execute("VACUUM INTO ?", (str(backup),))
        connection.close()
        await store.add(minutes("cart", 5))

    async with opened(backup) as store:
        await store.add(minutes("cart", 1))
    assert len(read_back(backup)) == 6
