"""What each step of a journey came to, beside the samples and in the archive."""

from __future__ import annotations

SCHEMA = (
    "CREATE TABLE steps (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)",
    # NULL for what has no steps, and for samples that were stored before there was this column.
    "ALTER TABLE samples ADD COLUMN steps BLOB",  # see step_codes.py
    """
    CREATE TABLE archive_steps (
        id INTEGER PRIMARY KEY,
        archive_id INTEGER NOT NULL REFERENCES archive,
        step_id INTEGER NOT NULL REFERENCES steps,
        runs BLOB NOT NULL,          -- as in archive: see days.py
        slowest BLOB NOT NULL,
        UNIQUE (archive_id, step_id)
    )
    """,
    """
    CREATE TABLE archive_step_durations (
        archive_step_id INTEGER PRIMARY KEY REFERENCES archive_steps,
        durations BLOB NOT NULL
    )
    """,
)
