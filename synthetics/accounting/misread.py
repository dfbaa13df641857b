"""What is wrong with something that was handed in, in words of people and not of a library."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from pydantic import ValidationError

_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "missing": "this is missing",
        "unexpected_keyword_argument": "there is nothing of this name",
        "string_type": "this is no text",
        "dataclass_type": "this is no JSON object",
    }
)


def misread(error: ValidationError) -> str:
    """Every mistake in a line of its own: where it is, and what."""
    return "\n".join(
        f"{'.'.join(map(str, one['loc'])) or 'the whole'}: "
        f"{_WORDS.get(one['type']) or one.get('ctx', {}).get('error') or one['msg']}"
        for one in error.errors()
    )
