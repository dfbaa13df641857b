"""
What was changed in what is watched, such as a deploy; and deliveries of no incident, to tell it.

SQLite cannot take back a NOT NULL, so deliveries are made anew.
"""

from __future__ import annotations

SCHEMA = (
    """
    CREATE TABLE changes (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        service TEXT NOT NULL,       -- empty: all of them
        summary TEXT NOT NULL,
        at_ms INTEGER NOT NULL,
        link TEXT NOT NULL,
        author TEXT NOT NULL,
        declared_ms INTEGER NOT NULL,
        UNIQUE (at_ms, service, summary, link, author)   -- a pipeline that repeats itself
    )
    """,
    """
    CREATE TABLE deliveries_anew (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        incident_id INTEGER REFERENCES incidents,  -- NULL: it tells of no incident
        receiver TEXT NOT NULL,
        event TEXT NOT NULL,
        severity TEXT NOT NULL,
        dedup_key TEXT NOT NULL,
        message TEXT NOT NULL,               -- JSON
        state TEXT NOT NULL DEFAULT 'owed'
            CHECK (state IN ('owed', 'delivered', 'refused', 'superseded')),
        owed_ms INTEGER NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        unsure INTEGER NOT NULL DEFAULT 0,   -- attempts not known to have failed for certain
        attempted_ms INTEGER,
        finished_ms INTEGER,
        reason TEXT NOT NULL DEFAULT '',     -- of the newest failure
        detail TEXT NOT NULL DEFAULT '',
        handle TEXT NOT NULL DEFAULT ''      -- what the receiver calls what it has taken
    )
    """,
    """
    INSERT INTO deliveries_anew
    SELECT id, incident_id, receiver, event, severity, dedup_key, message, state, owed_ms,
           attempts, unsure, attempted_ms, finished_ms, reason, detail, handle
    FROM deliveries
    """,
    "DROP TABLE deliveries",
    "ALTER TABLE deliveries_anew RENAME TO deliveries",
    "CREATE INDEX deliveries_owed ON deliveries (id) WHERE state = 'owed'",
    "CREATE INDEX deliveries_incident ON deliveries (incident_id)",
    "CREATE INDEX deliveries_triggers ON deliveries (receiver, owed_ms) WHERE event = 'trigger'",
)
