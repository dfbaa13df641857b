"""Drills: tests that went the real way, and how each came out."""

from __future__ import annotations

SCHEMA = (
    """
    CREATE TABLE drills (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        services TEXT NOT NULL,            -- JSON list: whose way it took
        severity TEXT NOT NULL,
        receiver TEXT NOT NULL,            -- the one that was tried by itself, or empty
        probe TEXT NOT NULL,               -- the one that was taken to fail, or empty
        author TEXT NOT NULL,
        incident_id INTEGER REFERENCES incidents,
        began_ms INTEGER NOT NULL,
        ended_ms INTEGER,                  -- NULL while it goes on
        passed INTEGER NOT NULL DEFAULT 0,
        hops TEXT NOT NULL DEFAULT '[]'    -- JSON: how far it came with each receiver
    )
    """,
    "CREATE INDEX drills_began ON drills (began_ms)",
    """
    CREATE TRIGGER drills_no_delete BEFORE DELETE ON drills
    BEGIN SELECT RAISE(ABORT, 'drills: rows are added, and ended once'); END
    """,
    """
    CREATE TRIGGER drills_ended BEFORE UPDATE ON drills WHEN OLD.ended_ms IS NOT NULL
    BEGIN SELECT RAISE(ABORT, 'drills: rows are added, and ended once'); END
    """,
)
