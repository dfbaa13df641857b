"""
Everything that is kept, in one SQLite file: all SQL of the project lives in this room.

`Store` writes and is open once; `Reader` reads beside it.  Functions that take a connection, in
``incidents.py``, ``deliveries.py`` and ``exclusions.py``, are handed to `Store.write` or to
`Reader.read`.
"""

from synthetics.store.errors import DiskFullError, StoreError
from synthetics.store.reader import Reader
from synthetics.store.store import Store
from synthetics.store.values import Columns, Series, StoredSample, StoreStats

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
