"""Bringing a database up to date."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence

from sqlite_utils import Database, Migrations

from synthetics.store.migrations import SET, STEPS


def migrate(connection: sqlite3.Connection) -> None:
    """Go the steps that are pending; the caller holds a transaction."""
    migrations = Migrations(SET)
    for name, statements in STEPS.items():
        migrations(name=name)(_step(statements))
    migrations.apply(Database(connection, recursive_triggers=False, execute_plugins=False))


def _step(statements: Sequence[str]) -> Callable[[Database], None]:
    def go(db: Database) -> None:
        for statement in statements:
            db.execute(statement)

    return go
