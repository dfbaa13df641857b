"""What was declared stays as it was declared; what became of it stands beside it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from synthetics.store import Reader, Store, exclusions
from synthetics.store.exclusions import End, Exclusion, Kind


def declare(db: sqlite3.Connection, *, from_ms: int = 1000, to_ms: int = 5000) -> int:
    return exclusions.declare(
        db,
        kind=Kind.MAINTENANCE,
        from_ms=from_ms,
        to_ms=to_ms,
        services=["shop"],
        slos=[],
        author="ada",
        reason="データベース",
        declared_ms=500,
    )


async def test_a_declaration_is_read_as_it_was_written(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "a.db", linger_s=0)
    try:
        number = await store.write(declare)
        with Reader.open(store.path) as reader:
            found = reader.exclusions()
    finally:
        await store.close()

    assert found == [
        Exclusion(
            id=number,
            kind=Kind.MAINTENANCE,
            from_ms=1000,
            to_ms=5000,
            services=("shop",),
            slos=(),
            author="ada",
            reason="データベース",
            declared_ms=500,
        )
    ]


async def test_the_newest_end_holds_and_the_declaration_stays(tmp_path: Path) -> None:
    def change(db: sqlite3.Connection) -> list[Exclusion]:
        late, early = declare(db, from_ms=2000), declare(db)
        for to_ms in (4000, 3000):
            exclusions.end(db, early, to_ms=to_ms, author="bo", reason="done", declared_ms=600)
        exclusions.end(db, late, to_ms=10, author="bo", reason="not needed", declared_ms=700)
        return exclusions.every(db)

    store = await Store.open(tmp_path / "a.db", linger_s=0)
    try:
        early, late = await store.write(change)
    finally:
        await store.close()

    assert (early.to_ms, early.end_ms, early.taken_back) == (5000, 3000, False)
    assert early.end == End(to_ms=3000, author="bo", reason="done", declared_ms=600)
    assert (late.to_ms, late.end_ms, late.taken_back) == (5000, 2000, True)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE exclusions SET reason = 'another'",
        "DELETE FROM exclusions",
        "UPDATE exclusion_ends SET to_ms = 1",
        "DELETE FROM exclusion_ends",
    ],
)
async def test_nothing_is_ever_changed(tmp_path: Path, statement: str) -> None:
    def tamper(db: sqlite3.Connection) -> None:
        number = declare(db)
        exclusions.end(db, number, to_ms=4000, author="bo", reason="done", declared_ms=600)
        db.execute(statement)

    store = await Store.open(tmp_path / "a.db", linger_s=0)
    try:
        with pytest.raises(sqlite3.IntegrityError, match="rows are added, never changed"):
            await store.write(tamper)
    finally:
        await store.close()


@pytest.mark.parametrize(
    ("services", "slos", "concerned"),
    [
        pytest.param((), (), True, id="one that names nothing is for everything"),
        pytest.param(("shop",), (), True, id="the service of the SLO"),
        pytest.param(("bank",), (), False, id="another service"),
        pytest.param((), ("home",), True, id="the SLO itself"),
        pytest.param((), ("vault",), False, id="another SLO"),
        pytest.param(("bank",), ("home",), True, id="another service, and the SLO"),
    ],
)
def test_whom_it_concerns(
    services: tuple[str, ...], slos: tuple[str, ...], *, concerned: bool
) -> None:
    what = Exclusion(
        id=1,
        kind=Kind.CORRECTION,
        from_ms=0,
        to_ms=1,
        services=services,
        slos=slos,
        author="ada",
        reason="ours",
        declared_ms=2,
    )

    assert what.concerns("home", "shop") is concerned
