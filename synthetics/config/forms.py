"""What the types that are written have in common: no further keys, and what only editors need."""

from __future__ import annotations

from typing import Any

from pydantic import ConfigDict


def closed(**extra: Any) -> ConfigDict:
    """No further keys; *extra* says to editors what types cannot."""
    return ConfigDict(extra="forbid", json_schema_extra=extra)


def exactly_one(*keys: str) -> list[dict[str, list[str]]]:
    """The same of *keys* of which one is written, in the words of a schema."""
    return [{"required": [key]} for key in keys]
