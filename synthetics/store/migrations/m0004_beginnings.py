"""When the incident began that an alert fires for, so that a restart goes on judging its end."""

from __future__ import annotations

SCHEMA = ("ALTER TABLE alerts ADD COLUMN began_ms INTEGER",)  # NULL where nothing asks for it
