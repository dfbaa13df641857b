"""
The schema, as the steps that lead to it.

Each module here registers one step with `MIGRATIONS` and is named in the import below; the names
of those that were applied are kept in the database.  A step that was released is never edited:
a change of mind is a new step.  All pending ones are applied in one transaction.
"""

from __future__ import annotations

from synthetics.store.migrations import m0001_samples, m0002_paging
from synthetics.store.migrations.registry import MIGRATIONS

__all__ = ["MIGRATIONS", "m0001_samples", "m0002_paging"]
