"""Samples, what they are spelt with, and the days that are archived."""

from __future__ import annotations

SCHEMA = (
    """
    CREATE TABLE series (
        id INTEGER PRIMARY KEY,
        probe TEXT NOT NULL,
        location TEXT NOT NULL,
        UNIQUE (probe, location)
    )
    """,
    "CREATE TABLE reasons (id INTEGER PRIMARY KEY, reason TEXT NOT NULL UNIQUE)",
    # Status, protocol, address … of an answer hardly change: each combination is kept once.
    "CREATE TABLE facts (id INTEGER PRIMARY KEY, facts TEXT NOT NULL UNIQUE)",
    # By time first: all that arrives together lies together, so a beat of thousands of
    # probes dirties a handful of pages and not one page each.
    """
    CREATE TABLE samples (
        scheduled_ms INTEGER NOT NULL,
        series_id INTEGER NOT NULL REFERENCES series,
        outcome INTEGER NOT NULL,    -- of the first attempt: 0 good, 1 bad, 2 void
        confirmed INTEGER NOT NULL,  -- after all attempts
        duration_us INTEGER NOT NULL,
        reason_id INTEGER REFERENCES reasons,
        facts_id INTEGER REFERENCES facts,
        packed BLOB NOT NULL,        -- lateness, attempts, size, phases, trace: see rows.py
        PRIMARY KEY (scheduled_ms, series_id)
    ) WITHOUT ROWID
    """,
    # Only where there is more to say: failures, and the steps of journeys.
    """
    CREATE TABLE details (
        scheduled_ms INTEGER NOT NULL,
        series_id INTEGER NOT NULL,
        details BLOB NOT NULL,       -- JSON, compressed
        PRIMARY KEY (scheduled_ms, series_id)
    ) WITHOUT ROWID
    """,
    # Small rows, all that availability needs; the durations, a hundred times as large, lie apart.
    """
    CREATE TABLE archive (
        id INTEGER PRIMARY KEY,
        series_id INTEGER NOT NULL REFERENCES series,
        day INTEGER NOT NULL,        -- days since 1970-01-01, UTC
        good INTEGER NOT NULL DEFAULT 0,
        bad INTEGER NOT NULL DEFAULT 0,
        blip INTEGER NOT NULL DEFAULT 0,
        void INTEGER NOT NULL DEFAULT 0,
        runs BLOB NOT NULL DEFAULT x'',  -- instants and outcomes, run-length encoded: see days.py
        late INTEGER NOT NULL DEFAULT 0, -- samples stored since that are not in this row yet
        slowest BLOB NOT NULL DEFAULT x'', -- the longest durations of good samples: see days.py
        UNIQUE (series_id, day)
    )
    """,
    """
    CREATE TABLE archive_durations (
        archive_id INTEGER PRIMARY KEY REFERENCES archive,
        durations BLOB NOT NULL      -- microseconds, one a sample, in order
    )
    """,
    "CREATE INDEX archive_late ON archive (day) WHERE late > 0",
    "CREATE TABLE state (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID",
    "INSERT INTO state VALUES ('archived_until_day', 0)",
    # Room that is given back when the disk is full, so that alerts can still be written.
    "CREATE TABLE reserve (id INTEGER PRIMARY KEY, filler BLOB NOT NULL)",
)
