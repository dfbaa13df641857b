"""Who took an incident on, and the links by which that can be said; nothing is changed later."""

from __future__ import annotations

SCHEMA = (
    """
    CREATE TABLE acknowledgements (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        incident_id INTEGER NOT NULL REFERENCES incidents,
        at_ms INTEGER NOT NULL,
        author TEXT NOT NULL,
        how TEXT NOT NULL CHECK (how IN ('link', 'command', 'api')),
        note TEXT NOT NULL
    )
    """,
    "CREATE INDEX acknowledgements_of ON acknowledgements (incident_id)",
    # One for each receiver that is told, so that it is known whose was used.
    """
    CREATE TABLE acknowledge_links (
        token TEXT PRIMARY KEY,
        incident_id INTEGER NOT NULL REFERENCES incidents,
        receiver TEXT NOT NULL,
        UNIQUE (incident_id, receiver)
    ) WITHOUT ROWID
    """,
    *(
        f"""
        CREATE TRIGGER {table}_no_{change} BEFORE {change} ON {table}
        BEGIN SELECT RAISE(ABORT, '{table}: rows are added, never changed'); END
        """
        for table in ("acknowledgements", "acknowledge_links")
        for change in ("update", "delete")
    ),
)
