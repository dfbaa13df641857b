"""
The schema, as the steps that lead to it.

Each module here is one step, a few statements, and is named below; the names of those that were
applied are kept in the database.  A step that was released is never edited: a change of mind is a
new step.  All pending ones are applied in one transaction, by ``apply.py``: who only reads compares
names, and is spared the import of sqlite-utils.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from types import MappingProxyType

from synthetics.store.migrations import (
    m0001_samples,
    m0002_paging,
    m0003_exclusions,
    m0004_beginnings,
    m0005_handles,
    m0006_topics,
    m0007_quiet,
    m0008_changes,
    m0009_acknowledgements,
    m0010_steps,
    m0011_drills,
    m0012_remedies,
    m0013_heartbeats,
)

SET = "synthetics"

STEPS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "0001_samples": m0001_samples.SCHEMA,
        "0002_paging": m0002_paging.SCHEMA,
        "0003_exclusions": m0003_exclusions.SCHEMA,
        "0004_beginnings": m0004_beginnings.SCHEMA,
        "0005_handles": m0005_handles.SCHEMA,
        "0006_topics": m0006_topics.SCHEMA,
        "0007_quiet": m0007_quiet.SCHEMA,
        "0008_changes": m0008_changes.SCHEMA,
        "0009_acknowledgements": m0009_acknowledgements.SCHEMA,
        "0010_steps": m0010_steps.SCHEMA,
        "0011_drills": m0011_drills.SCHEMA,
        "0012_remedies": m0012_remedies.SCHEMA,
        "0013_heartbeats": m0013_heartbeats.SCHEMA,
    }
)
"""By name, in order, the statements of each."""


def applied(connection: sqlite3.Connection) -> list[str]:
    """The names of the steps that a database has gone, in order."""
    found = connection.execute(
        "SELECT name FROM _sqlite_migrations WHERE migration_set = ? ORDER BY rowid", (SET,)
    )
    return [name for (name,) in found]
