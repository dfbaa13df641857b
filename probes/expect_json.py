"""How expectations of a JSON document are written: paths, and operators on what they find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Annotated, Any

from pydantic import PlainValidator, ValidationInfo, WithJsonSchema

from probes.expressions import CompiledJsonPath, parse_json_path, parse_pattern
from probes.fields import Refused, Template, parse_template, said

OPERATORS = {
    "equals": "This, exactly.",
    "not": "Anything but this.",
    "one_of": "One of these.",
    "contains": "A text that holds this, or a list one item of which is this.",
    "regex": "A text in which this pattern is found.",
    "over": "A number above this.",
    "at_least": "A number that is this or more.",
    "under": "A number below this.",
    "at_most": "A number that is this or less.",
    "length": "A text, list or object of so many characters, items or keys, or as many as "
    "`over`, `at_least`, `under` and `at_most` say.",
    "exists": "Whether the path finds anything at all.",
    "type": "A value of this type.",
}
"""How a JSON value can be compared, and what it then must be."""
BOUNDS = ("over", "at_least", "under", "at_most")
TYPES = ("string", "number", "boolean", "array", "object", "null")
_OPERANDS: dict[str, dict[str, Any]] = {
    **{each: {"type": "number"} for each in BOUNDS},
    "one_of": {"type": "array", "minItems": 1},
    "regex": {"type": "string"},
    "length": {
        "anyOf": [
            {"type": "integer"},
            {
                "title": "length",
                "type": "object",
                "minProperties": 1,
                "additionalProperties": False,
                "properties": {
                    each: {"type": "integer", "description": OPERATORS[each]} for each in BOUNDS
                },
            },
        ]
    },
    "exists": {"type": "boolean"},
    "type": {"enum": list(TYPES)},
}
"""What stands behind an operator, for editors; anything behind those that are not here."""


@dataclass(frozen=True, slots=True)
class JsonExpectation:
    """What the nodes at *path* must be: every pair of *operator* and *operand* holds for each."""

    path: CompiledJsonPath
    operations: tuple[tuple[str, Any], ...]


def _operand(operator: str, value: object, info: ValidationInfo) -> object:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if operator == "regex":
        return parse_pattern(value)
    if operator in BOUNDS and not number:
        raise Refused(f"{said(value)} is not a number", at=(operator,))
    if operator == "length":
        _check_length(value)
    if operator == "one_of" and (not isinstance(value, list | tuple) or not value):
        raise Refused(f"{said(value)} is no list of values", mend="write [1, 2]", at=(operator,))
    if operator == "exists" and not isinstance(value, bool):
        raise Refused(f"{said(value)} is not true or false", at=(operator,))
    if operator == "type" and value not in TYPES:
        raise Refused(
            f"{said(value)} is not a JSON type", mend=f"one of {', '.join(TYPES)}", at=(operator,)
        )
    return parse_json(value, info)


def _check_length(value: object) -> None:
    bounds = value if isinstance(value, Mapping) and value else {"": value}
    for name, bound in bounds.items():
        at = ("length", str(name)) if name else ("length",)
        if name and name not in BOUNDS:
            raise Refused(f"{name!r} is no bound", mend=f"one of {', '.join(BOUNDS)}", at=at)
        if not isinstance(bound, int) or isinstance(bound, bool):
            raise Refused(f"{said(bound)} is not a whole number", at=at)


def parse_json(value: object, info: ValidationInfo) -> object:
    """
    What JSON can say, its texts being `Template`, its arrays tuples.

    Raises:
        Refused: A date, a set or the like.
    """
    if isinstance(value, str):
        return parse_template(value, info)
    if isinstance(value, Mapping):
        return {str(key): parse_json(inner, info) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return tuple(parse_json(inner, info) for inner in value)
    if value is None or isinstance(value, bool | int | float | Template):
        return value
    raise Refused(f"{said(value)} cannot be said in JSON", mend="put it in quotes")


def parse_json_expectations(value: object, info: ValidationInfo) -> tuple[JsonExpectation, ...]:
    """
    Read ``{"$.path": value}`` or ``{"$.path": {operator: value}}``.

    Raises:
        Refused: Not a mapping, a path that is none, an unknown operator or its wrong operand.
    """
    if not isinstance(value, Mapping):
        raise Refused("this is not a mapping", mend='write {"$.path": value}')
    found = []
    for path, wanted in value.items():
        try:
            found.append(JsonExpectation(parse_json_path(path), parse_operations(wanted, info)))
        except Refused as refused:
            raise Refused(refused.what, mend=refused.mend, at=(str(path), *refused.at)) from None
    return tuple(found)


def parse_operations(wanted: object, info: ValidationInfo) -> tuple[tuple[str, Any], ...]:
    """
    Read a value, which must be equal, or ``{operator: value}``.

    Raises:
        Refused: An unknown operator or its wrong operand.
    """
    if not isinstance(wanted, Mapping):
        return (("equals", parse_json(wanted, info)),)
    if not wanted:
        raise Refused("nothing is expected", mend=f"write one of {', '.join(OPERATORS)}")
    for name in wanted:
        if name not in OPERATORS:
            near = get_close_matches(str(name), OPERATORS, n=1)
            raise Refused(
                f"{name!r} is not an operator",
                mend=f"did you mean {near[0]}?"
                if near
                else f"one of {', '.join(OPERATORS)}; "
                "an object as such is written {equals: {…}}",
                at=(str(name),),
            )
    return tuple((name, _operand(name, operand, info)) for name, operand in wanted.items())


def parse_value_expectation(value: object, info: ValidationInfo) -> tuple[tuple[str, Any], ...]:
    """
    Read what one value must be, where nothing is captured that could fill a reference.

    Raises:
        Refused: As `parse_operations`, or a reference to a captured value.
    """
    operations = parse_operations(value, info)
    if missing := _captures(operations):
        raise Refused(
            f"nothing is captured here to fill ${{{min(missing)}}}",
            mend="write ${env:NAME} or ${file:/path}",
        )
    return operations


def _captures(value: object) -> frozenset[str]:
    if isinstance(value, Template):
        return value.captures
    if isinstance(value, Mapping):
        value = tuple(value.values())
    if isinstance(value, tuple):
        return frozenset().union(*map(_captures, value))
    return frozenset()


_OPERATIONS_SCHEMA: dict[str, Any] = {
    "anyOf": [
        {"not": {"type": "object"}},
        {
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {
                name: {**_OPERANDS.get(name, {}), "description": words}
                for name, words in OPERATORS.items()
            },
        },
    ]
}

ValueExpectation = Annotated[
    tuple[tuple[str, Any], ...],
    PlainValidator(parse_value_expectation),
    WithJsonSchema(_OPERATIONS_SCHEMA),
]
"""What one value must be: a value that it equals, or operators and their operands."""

JsonExpectations = Annotated[
    tuple[JsonExpectation, ...],
    PlainValidator(parse_json_expectations),
    WithJsonSchema({"type": "object", "additionalProperties": _OPERATIONS_SCHEMA}),
]
