"""Values as people write them: YAML on one line."""

from __future__ import annotations

import json
from typing import Any

from synthetics.config.nodes import plain


def flow(value: Any) -> str:
    """*value* in YAML on one line."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {flow(part)}" for key, part in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(flow, value)) + "]"
    if isinstance(value, str):
        special = not value or value[0] in "!&*{[|>'\"%@`#?-" or ": " in value or "${" in value
        return json.dumps(value, ensure_ascii=False) if special or plain(value) != value else value
    return json.dumps(value)
