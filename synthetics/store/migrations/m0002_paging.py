"""Incidents, the alerts they are made of, and the outbox of messages owed to receivers."""

from __future__ import annotations

SCHEMA = (
    """
    CREATE TABLE incidents (
        id INTEGER PRIMARY KEY,
        dedup_key TEXT NOT NULL UNIQUE,  -- its name at every receiver
        service TEXT NOT NULL,
        severity TEXT NOT NULL,          -- the highest so far
        opened_ms INTEGER NOT NULL,      -- when it was detected
        since_ms INTEGER,                -- the first bad sample, where one is known
        closed_ms INTEGER,               -- NULL while it goes on
        summary TEXT NOT NULL,           -- the cause, in words
        probe TEXT NOT NULL,
        step TEXT NOT NULL,
        reason TEXT NOT NULL
    )
    """,
    "CREATE INDEX incidents_opened ON incidents (opened_ms)",
    # One outage is one page: a service has at most one incident at a time.
    "CREATE UNIQUE INDEX incidents_open ON incidents (service) WHERE closed_ms IS NULL",
    # A tier fires exactly while it has a row here without resolved_ms; there is no second
    # place that could say otherwise.
    """
    CREATE TABLE alerts (
        id INTEGER PRIMARY KEY,
        incident_id INTEGER REFERENCES incidents,  -- NULL for severity log: nobody is told
        service TEXT NOT NULL,
        slo TEXT NOT NULL,
        tier TEXT NOT NULL,
        severity TEXT NOT NULL CHECK (severity IN ('page', 'ticket', 'log')),
        fired_ms INTEGER NOT NULL,
        resolved_ms INTEGER,
        resolution TEXT NOT NULL DEFAULT '',       -- the cause slug of the decision to resolve
        message TEXT NOT NULL                      -- JSON: what there is to tell of it
    )
    """,
    "CREATE INDEX alerts_incident ON alerts (incident_id)",
    "CREATE INDEX alerts_fired ON alerts (fired_ms)",
    "CREATE UNIQUE INDEX alerts_firing ON alerts (slo, tier) WHERE resolved_ms IS NULL",
    # AUTOINCREMENT: ids only ever grow, and are the order in which messages were owed.
    """
    CREATE TABLE deliveries (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        incident_id INTEGER NOT NULL REFERENCES incidents,
        receiver TEXT NOT NULL,
        event TEXT NOT NULL CHECK (event IN ('trigger', 'resolve')),
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
        detail TEXT NOT NULL DEFAULT ''
    )
    """,
    "CREATE INDEX deliveries_owed ON deliveries (id) WHERE state = 'owed'",
    "CREATE INDEX deliveries_incident ON deliveries (incident_id)",
)
