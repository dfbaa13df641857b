"""Both outcomes of a sample as one small number, and as the mark that the accounting counts."""

from __future__ import annotations

from probes.result import Outcome
from slo.timeline import Mark

OUTCOMES = (Outcome.GOOD, Outcome.BAD, Outcome.VOID)
NUMBERS = {outcome: number for number, outcome in enumerate(OUTCOMES)}


def code(outcome: int, confirmed: int) -> int:
    """The code of a first *outcome* and what was *confirmed*, each as numbered in `OUTCOMES`."""
    return outcome * 3 + confirmed


def _mark(first: Outcome, confirmed: Outcome) -> Mark:
    if first is Outcome.GOOD:
        return Mark.GOOD
    if first is Outcome.VOID:
        return Mark.VOID
    return Mark.BAD if confirmed is Outcome.BAD else Mark.BLIP


GOOD_CODES = frozenset(code(NUMBERS[Outcome.GOOD], number) for number in NUMBERS.values())
"""Those of samples whose first attempt was good; no others can be slow."""

SLOW = len(OUTCOMES) ** 2
"""Good, but it took as long as a limit or longer.  Never stored: limits come with questions."""

MARKS: tuple[Mark, ...] = (
    *(_mark(first, after) for first in OUTCOMES for after in OUTCOMES),
    Mark.BAD,
)
"""By code: what a sample is to an SLI that counts the first attempt."""
