"""A module as it may be shown: as it was written, without its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from synthetics.exporter.cel import Condition
from synthetics.exporter.written import ModuleWritten

_HIDDEN = frozenset(
    {
        "password", "credentials", "bearer_token", "secrets", "client_secret", "key", "proxy_url",
        "client_certificate_key",
    }
)  # fmt: skip
"""Keys whose values are never shown."""
_HIDING = frozenset({"headers", "endpoint_params", "proxy_connect_header", "claims", "metadata"})
"""Groups of which only the keys are."""


def shown(written: ModuleWritten) -> str:
    """As YAML, without what is left at its default, and without secrets."""
    kept = written.model_dump(mode="python", exclude_unset=True)
    return yaml.safe_dump(_plain(kept, ()), sort_keys=False, allow_unicode=True)


def _plain(value: Any, path: tuple[str, ...]) -> Any:
    hidden = path and (path[-1] in _HIDDEN or (len(path) > 1 and path[-2] in _HIDING))
    if value and hidden and not isinstance(value, Mapping):
        return "<secret>"
    if isinstance(value, Mapping):
        return {key: _plain(inner, (*path, str(key))) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner, path) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if isinstance(value, Condition):
        return value.text
    if hasattr(value, "pattern"):
        return value.pattern.decode("utf-8", "replace")
    return value
