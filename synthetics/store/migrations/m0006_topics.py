"""What an incident is about besides its service, so that the monitoring itself can have several."""

from __future__ import annotations

SCHEMA = (
    "ALTER TABLE incidents ADD COLUMN topic TEXT NOT NULL DEFAULT ''",
    "DROP INDEX incidents_open",
    # One outage is one page: a service has at most one incident of a topic at a time.
    "CREATE UNIQUE INDEX incidents_open ON incidents (service, topic) WHERE closed_ms IS NULL",
)
