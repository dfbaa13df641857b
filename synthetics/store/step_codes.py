"""
The steps of one sample as a short blob, in the order of the journey: each its number and, as one
number, how long it took in microseconds and what it came to.  Numbers are 7 bits a byte, lowest
first.

A step that was not asked, because an earlier one failed, is not there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from probes.result import Outcome, StepResult
from synthetics.store.codes import NUMBERS, code
from synthetics.store.days import pack_numbers, unpack_numbers

BAD, VOID = NUMBERS[Outcome.BAD], NUMBERS[Outcome.VOID]


class Step(NamedTuple):
    """One step that was asked; *outcome* as numbered in `synthetics.store.codes`."""

    number: int
    outcome: int
    duration_us: int


def pack_steps(steps: Sequence[StepResult], number_of: Callable[[str], int]) -> bytes | None:
    """
    *steps* as a blob; ``None`` if none was asked.

    Args:
        steps: Of one sample.
        number_of: Looks a name up, or gives it a number.
    """
    numbers: list[int] = []
    for step in steps:
        if step.outcome is not Outcome.SKIPPED:
            took_us = round(step.duration_s * 1e6)
            numbers += (number_of(step.name), took_us << 2 | NUMBERS[step.outcome])
    return pack_numbers(numbers) if numbers else None


def unpack_steps(blob: bytes) -> Iterator[Step]:
    """The reverse of `pack_steps`."""
    fields = unpack_numbers(blob)
    for number, said in zip(fields, fields, strict=True):
        yield Step(number, said & 3, said >> 2)


def code_of_step(step: int, outcome: int, confirmed: int) -> int:
    """
    The code of a *step* in a sample of *outcome* and what was *confirmed*, all as numbered.

    Confirmations ask the whole journey again, so what they bore out or took back is what failed
    in it.  Where we could not ask, or cannot trust what we saw, no step is bad.
    """
    if step != BAD:
        return code(step, step)
    if outcome == VOID:
        return code(VOID, VOID)
    return code(BAD, confirmed if outcome == BAD else BAD)
