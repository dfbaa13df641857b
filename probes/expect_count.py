"""How expectations of a number are written that is counted or measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from probes.expect_json import BOUNDS, OPERATORS, parse_value_expectation
from probes.fields import Refused, said

_OPERATORS = ("equals", "not", *BOUNDS)


def parse_count_expectation(value: object, info: ValidationInfo) -> tuple[tuple[str, Any], ...]:
    """
    Read a number, which must be equal, or ``{operator: number}``.

    Raises:
        Refused: As `parse_value_expectation`; what no number could ever be.
    """
    operations = parse_value_expectation(value, info)
    written = value if isinstance(value, Mapping) else {"equals": value}
    for operator, operand in written.items():
        at = (operator,) if written is value else ()
        if operator not in _OPERATORS:
            mend = f"one of {', '.join(_OPERATORS)}"
            raise Refused(f"a number has no `{operator}`", mend=mend, at=at)
        if not isinstance(operand, int | float) or isinstance(operand, bool):
            mend = "write 3 or {at_least: 3}"
            raise Refused(f"{said(operand)} is not a number", mend=mend, at=at)
    return operations


CountExpectation = Annotated[
    tuple[tuple[str, Any], ...],
    PlainValidator(parse_count_expectation),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "number"},
                {
                    "title": "number",
                    "type": "object",
                    "additionalProperties": False,
                    "minProperties": 1,
                    "properties": {
                        name: {"type": "number", "description": OPERATORS[name]}
                        for name in _OPERATORS
                    },
                },
            ]
        }
    ),
]
"""Pairs of operator and number, written as a number or as ``{operator: number}``."""
