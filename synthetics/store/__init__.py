"""
Everything that is kept, in one SQLite file: all SQL of the project lives in this room.

`Store` writes and is open once; `Reader` reads beside it.  Functions that take a connection, in
``incidents.py``, ``deliveries.py`` and ``exclusions.py``, are handed to `Store.write` or to
`Reader.read`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from synthetics.store.errors import DiskFullError, StoreError
from synthetics.store.reader import Reader
from synthetics.store.values import Columns, Series, StoredSample, StoreStats

if TYPE_CHECKING:
    from synthetics.store.store import Store

__all__ = [
    "Columns",
    "DiskFullError",
    "Reader",
    "Series",
    "Store",
    "StoreError",
    "StoreStats",
    "StoredSample",
]


def __getattr__(name: str) -> type[Store]:
    """`Store`, imported by who writes: a command that only reads needs no writer and no asyncio."""
    if name == "Store":
        from synthetics.store.store import Store

        return Store
    raise AttributeError(name)
