"""What is said when an answer is not what was expected."""

from __future__ import annotations

from dataclasses import dataclass

_LONGEST_SHOWN = 120


@dataclass(frozen=True, slots=True)
class Failure:
    """An expectation that does not hold: what it asked for, and what was there instead."""

    reason: str
    expected: str
    actual: str

    @property
    def detail(self) -> str:
        """Both in one line."""
        return f"expected {self.expected}, got {self.actual}"


def short(text: str) -> str:
    """*text*, cut to what one line may show of it."""
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 1] + "…"
