"""What jobs report, what is known of each, and when we listened."""

from __future__ import annotations

SCHEMA = (
    """
    CREATE TABLE pings (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        probe TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        word TEXT NOT NULL,          -- queued, start, success, fail, log
        rid TEXT NOT NULL,           -- which run it is of; empty if it did not say
        exit_code INTEGER,
        body TEXT NOT NULL           -- the beginning of what came with it
    )
    """,
    # What each came to is kept beside it; after a crash the pings that came later are told again.
    """
    CREATE TABLE heartbeats (
        probe TEXT PRIMARY KEY,
        ping_id INTEGER NOT NULL,    -- the last one that is in the state
        state TEXT NOT NULL          -- JSON
    ) WITHOUT ROWID
    """,
    # Between two rows we could not hear.
    """
    CREATE TABLE listening (
        from_ms INTEGER PRIMARY KEY,
        until_ms INTEGER NOT NULL
    )
    """,
)
