"""What people write of where evidence is kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo

from probes.browser_parts.written import MEBIBYTE
from probes.fields import Size


def _place(value: str, info: ValidationInfo) -> str:
    """Where *value* is, by what it is relative to."""
    place: Any = (info.context or {}).get("place")
    return value if place is None else str(place(value))


@dataclass(frozen=True, kw_only=True)
class Keep:
    """
    Where what a failure looked like is kept, the oldest removed where it gets too much.

    Attributes:
        folder: Where; relative to the configuration. It is made if it is not there.
        files: Most files.
        size: Most bytes of all of them.
        trace: Whether to record what Playwright's trace viewer shows, too; costs time.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    folder: Annotated[str, Field(min_length=1), AfterValidator(_place)]
    files: Annotated[int, Field(ge=3, le=100_000)] = 300
    size: Size = 200 * MEBIBYTE
    trace: bool = False
