"""
Incidents that come back, what keeps their alerts from being told, and silences.

What happens to an incident besides its alerts and messages is written down as it happens;
silences and their ends are too, and neither is ever changed.
"""

from __future__ import annotations

SCHEMA = (
    # How often it began anew after all of it was over.
    "ALTER TABLE incidents ADD COLUMN reopened INTEGER NOT NULL DEFAULT 0",
    # When it was found to flap; NULL if it never was.
    "ALTER TABLE incidents ADD COLUMN flapping_ms INTEGER",
    "CREATE INDEX incidents_closed ON incidents (service, topic, closed_ms)",
    # What keeps it from being told now, such as `silence:3`; empty if nothing does.
    "ALTER TABLE alerts ADD COLUMN held TEXT NOT NULL DEFAULT ''",
    "CREATE INDEX alerts_resolved ON alerts (resolved_ms)",
    """
    CREATE TABLE incident_events (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        incident_id INTEGER NOT NULL REFERENCES incidents,
        at_ms INTEGER NOT NULL,
        kind TEXT NOT NULL,              -- a slug: see events.py
        receiver TEXT NOT NULL,          -- whom it concerns; empty for everybody
        slo TEXT NOT NULL,               -- which alert of it; empty for all
        tier TEXT NOT NULL,
        detail TEXT NOT NULL             -- one line
    )
    """,
    "CREATE INDEX incident_events_of ON incident_events (incident_id)",
    """
    CREATE INDEX incident_events_held_back ON incident_events (receiver, at_ms)
    WHERE kind = 'held-back'
    """,
    "CREATE INDEX deliveries_triggers ON deliveries (receiver, owed_ms) WHERE event = 'trigger'",
    """
    CREATE TABLE silences (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        from_ms INTEGER NOT NULL,
        to_ms INTEGER NOT NULL CHECK (to_ms > from_ms),
        matchers TEXT NOT NULL,          -- JSON: lists by what they name, and labels by name
        author TEXT NOT NULL,
        reason TEXT NOT NULL,
        declared_ms INTEGER NOT NULL
    )
    """,
    "CREATE INDEX silences_to ON silences (to_ms)",
    # The newest end of a silence holds; at or before its beginning, nothing is left of it.
    """
    CREATE TABLE silence_ends (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        silence_id INTEGER NOT NULL REFERENCES silences,
        to_ms INTEGER NOT NULL,
        author TEXT NOT NULL,
        reason TEXT NOT NULL,
        declared_ms INTEGER NOT NULL
    )
    """,
    "CREATE INDEX silence_ends_of ON silence_ends (silence_id)",
    *(
        f"""
        CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table}
        BEGIN SELECT RAISE(ABORT, '{table}: rows are added, never changed'); END
        """
        for table in ("incident_events", "silences", "silence_ends")
        for change in ("update", "delete")
    ),
)
