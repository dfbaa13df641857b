"""What is asked of a database, and what it answers, whichever it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from probes.net.trip import Unmet

MOST_ROWS = 1000
MOST_COLUMNS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Inquiry:
    """
    What is asked.

    Attributes:
        username: Who asks.
        password: ``None`` if there is none.
        database: ``None`` leaves it to the server.
        query: One statement.
        read_only: Whether the server shall refuse to change anything.
        limit_s: After how long the server shall give up, > 0.
    """

    username: str
    password: str | None
    database: str | None
    query: str
    read_only: bool
    limit_s: float


@dataclass(frozen=True, slots=True)
class Table:
    """An answer: names of *columns*, and *rows* of as many values that JSON can say."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


def check_size(rows: int) -> None:
    """
    Raises:
        Unmet: ``rows``: more than are looked at.
    """
    if rows > MOST_ROWS:
        raise Unmet("rows", f"at most {MOST_ROWS} rows", "more")


def number(text: str) -> int | float | str:
    """*text* as the number that it is; one that JSON cannot say, such as ``NaN``, stays text."""
    try:
        return int(text)
    except ValueError:
        pass
    try:
        value = float(text)
    except ValueError:
        return text
    return value if value - value == 0 else text
