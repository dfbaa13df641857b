from __future__ import annotations

from pathlib import Path

import pytest

from synthetics.store import Store, changes
from synthetics.store.changes import Change

HOUR_MS = 3_600_000


async def add(store: Store, summary: str, *, service: str = "shop", at_ms: int = HOUR_MS) -> Change:
    change, _ = await store.write(
        lambda db: changes.add(
            db,
            service=service,
            summary=summary,
            at_ms=at_ms,
            link="https://ci.example/7",
            author="aiko",
            declared_ms=at_ms + 5,
        )
    )
    return change


async def between(store: Store, from_ms: int, to_ms: int, service: str = "") -> list[str]:
    found = await store.write(lambda db: changes.between(db, from_ms, to_ms, service=service))
    return [one.summary for one in found]


async def test_what_was_said_twice_is_one_change(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "synthetics.db")
    try:
        first, again = await add(store, "v1.2"), await add(store, "v1.2")
        assert first == again
        assert await between(store, 0, 2 * HOUR_MS) == ["v1.2"]
    finally:
        await store.close()


@pytest.mark.parametrize(
    ("service", "found"),
    [("", ["v9", "network", "v1.2"]), ("shop", ["network", "v1.2"]), ("none", ["network"])],
)
async def test_a_service_is_concerned_by_its_own_and_by_those_of_all(
    tmp_path: Path, service: str, found: list[str]
) -> None:
    store = await Store.open(tmp_path / "synthetics.db")
    try:
        await add(store, "v1.2", at_ms=HOUR_MS)
        await add(store, "network", service="", at_ms=2 * HOUR_MS)
        await add(store, "v9", service="stock", at_ms=3 * HOUR_MS)
        assert await between(store, 0, 4 * HOUR_MS, service) == found
        assert await between(store, HOUR_MS + 1, 3 * HOUR_MS) == ["network"]
    finally:
        await store.close()


async def test_the_old_are_forgotten(tmp_path: Path) -> None:
    store = await Store.open(tmp_path / "synthetics.db")
    try:
        await add(store, "v1.2", at_ms=HOUR_MS)
        await add(store, "v1.3", at_ms=2 * HOUR_MS)
        assert await store.write(lambda db: changes.forget(db, 2 * HOUR_MS)) == 1
        assert await between(store, 0, 4 * HOUR_MS) == ["v1.3"]
    finally:
        await store.close()
