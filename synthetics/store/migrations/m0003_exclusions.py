"""Declared times that do not count, and their ends: rows are added, never changed."""

from __future__ import annotations

SCHEMA = (
    """
    CREATE TABLE exclusions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL CHECK (kind IN ('maintenance', 'correction')),
        from_ms INTEGER NOT NULL,
        to_ms INTEGER NOT NULL CHECK (to_ms > from_ms),
        services TEXT NOT NULL,      -- JSON list; with that of slos empty too, it is for all
        slos TEXT NOT NULL,          -- JSON list
        author TEXT NOT NULL,
        reason TEXT NOT NULL,
        declared_ms INTEGER NOT NULL
    )
    """,
    # The newest end of an exclusion holds; at or before its beginning, nothing is left of it.
    """
    CREATE TABLE exclusion_ends (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        exclusion_id INTEGER NOT NULL REFERENCES exclusions,
        to_ms INTEGER NOT NULL,
        author TEXT NOT NULL,
        reason TEXT NOT NULL,
        declared_ms INTEGER NOT NULL
    )
    """,
    "CREATE INDEX exclusion_ends_of ON exclusion_ends (exclusion_id)",
    *(
        f"""
        CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table}
        BEGIN SELECT RAISE(ABORT, '{table}: rows are added, never changed'); END
        """
        for table in ("exclusions", "exclusion_ends")
        for change in ("update", "delete")
    ),
)
