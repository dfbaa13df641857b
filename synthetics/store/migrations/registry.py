"""The set that every step of the schema joins."""

from __future__ import annotations

from sqlite_utils import Migrations

MIGRATIONS = Migrations("synthetics")
