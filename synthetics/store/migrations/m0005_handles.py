"""
What a receiver called its message, so that it can mend it later; and any event may be owed.

SQLite cannot take back a CHECK, so the table is made anew.  Which events there are is said
where they are made, by `synthetics.receivers.base.Event`.
"""

from __future__ import annotations

SCHEMA = (
    """
    CREATE TABLE deliveries_anew (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        incident_id INTEGER NOT NULL REFERENCES incidents,
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
           attempts, unsure, attempted_ms, finished_ms, reason, detail, ''
    FROM deliveries
    """,
    "DROP TABLE deliveries",
    "ALTER TABLE deliveries_anew RENAME TO deliveries",
    "CREATE INDEX deliveries_owed ON deliveries (id) WHERE state = 'owed'",
    "CREATE INDEX deliveries_incident ON deliveries (incident_id)",
)
