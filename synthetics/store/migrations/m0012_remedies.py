"""What was tried before anybody was paged, and what came of it."""

from __future__ import annotations

SCHEMA = (
    """
    CREATE TABLE remedies (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        service TEXT NOT NULL,
        how TEXT NOT NULL CHECK (how IN ('command', 'webhook')),
        began_ms INTEGER NOT NULL,
        ended_ms INTEGER,                    -- NULL while nobody knows whether it helped
        outcome TEXT NOT NULL DEFAULT '',    -- a slug
        answer TEXT NOT NULL DEFAULT '',     -- the exit code or the status, in words
        output TEXT NOT NULL DEFAULT '',     -- its last lines, secrets masked
        incident_id INTEGER REFERENCES incidents,
        message TEXT NOT NULL                -- JSON: the page that waited for it first
    )
    """,
    "CREATE INDEX remedies_began ON remedies (service, began_ms)",
    """
    CREATE TRIGGER remedies_no_delete BEFORE DELETE ON remedies
    BEGIN SELECT RAISE(ABORT, 'remedies: rows are added, and ended once'); END
    """,
)
