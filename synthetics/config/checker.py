"""A type that checks plain data: strict about scalars, and able to say what went wrong where."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import MISSING, fields, is_dataclass
from functools import cached_property, partial
from typing import Any

from pydantic import TypeAdapter
from pydantic_core import ErrorDetails, SchemaValidator

from synthetics.config.describe import Description
from synthetics.config.words import MISSING_KEY

# pydantic would ask every installed package whether it wants to watch validation.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")

SCALARS = frozenset({"str", "int", "float", "bool"})
"""Core schemas that would otherwise take ``"5"`` for 5 and ``1`` for true."""

Step = str | int
Places = tuple[Step, ...]
Branch = list[tuple[Places, ErrorDetails]]

_NOT_SCHEMAS = frozenset({"metadata", "serialization", "default", "expected", "ref", "config"})


class Checker:
    """
    Checks data against a type.

    The same type also describes itself to editors, so what it takes must be what it says:
    a scalar is taken only as what it is, and nothing (``null``) never stands for "not written".

    It is built when something is there to be checked, which takes some milliseconds a type.

    Args:
        adapter: Makes the adapter of the type.
        nothing: Makes the value of a group without a key, if that is one.
    """

    def __init__(
        self, adapter: Callable[[], TypeAdapter[Any]], nothing: Callable[[], Any] | None = None
    ) -> None:
        self._adapter = adapter
        self._nothing = nothing

    @classmethod
    def of(cls, kind: type) -> Checker:
        """That of *kind*."""
        optional = is_dataclass(kind) and not any(
            f.default is MISSING and f.default_factory is MISSING for f in fields(kind)
        )
        return cls(partial(TypeAdapter, kind), kind if optional else None)

    def __call__(self, data: object, context: Mapping[str, Any]) -> Any:
        """
        The value that *data* means.

        Raises:
            ValidationError: It means none.
        """
        if data == {} and self._nothing is not None:
            return self._nothing()
        return self._validator.validate_python(data, context=dict(context))

    @cached_property
    def adapter(self) -> TypeAdapter[Any]:
        """The adapter of the type."""
        return self._adapter()

    @cached_property
    def _validator(self) -> SchemaValidator:
        return SchemaValidator(_strict(self.adapter.core_schema))

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The JSON Schema of the type, its definitions below ``$defs``."""
        return self.adapter.json_schema(schema_generator=Description)

    def keys(self, path: Places) -> list[str]:
        """The keys that may stand in the group at *path*, as far as the schema knows."""
        found: dict[str, None] = {}
        for schema in self.at(path):
            found.update(dict.fromkeys(schema.get("properties", {})))
        return list(found)

    def secret(self, path: Places) -> bool:
        """Whether the value at *path* is secret as a whole."""
        return any(schema.get("writeOnly") for schema in self.at(path))

    def at(self, path: Places) -> list[dict[str, Any]]:
        """The schemas, one of each form, of what may stand at *path*."""
        here = list(self._branches(self.schema))
        for step in path:
            below = [
                branch
                for schema in here
                for child in _children(schema, step)
                for branch in self._branches(child)
            ]
            here = below
        return here

    def _branches(self, schema: dict[str, Any]) -> Iterator[dict[str, Any]]:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            yield from self._branches(self.schema["$defs"][name])
        yield schema
        for union in ("anyOf", "oneOf", "allOf"):
            for branch in schema.get(union, ()):
                yield from self._branches(branch)


def _children(schema: dict[str, Any], step: str | int) -> Iterator[dict[str, Any]]:
    if isinstance(step, int):
        candidates = [schema.get("items")]
    else:
        named = schema.get("properties", {}).get(step)
        candidates = [named if named is not None else schema.get("additionalProperties")]
    yield from (child for child in candidates if isinstance(child, dict))


def _strict(schema: Any) -> Any:
    """A copy of a core schema that takes scalars only as what they are, and no ``None`` instead."""
    if isinstance(schema, list | tuple):
        return type(schema)(_strict(part) for part in schema)
    if not isinstance(schema, dict):
        return schema
    kind = schema.get("type")
    if kind == "default" and schema["schema"].get("type") == "nullable":
        schema = {**schema, "schema": schema["schema"]["schema"]}
    copy = {key: part if key in _NOT_SCHEMAS else _strict(part) for key, part in schema.items()}
    if kind in SCALARS:
        copy.setdefault("strict", True)
    return copy


def by_place(
    errors: list[ErrorDetails], data: object
) -> Iterator[tuple[Places, list[ErrorDetails]]]:
    """
    The *errors* of one validation, those of a union gathered at the place of the union.

    Yields:
        A path that is really in *data* (for a missing key, with that key), and one error,
        or several when none of several forms could be taken.
    """
    unions: dict[Places, dict[Step, Branch]] = {}
    for error in filter(_holds, errors):
        real, label, at = _real(error, data)
        if label is None:
            yield real, [error]
        else:
            unions.setdefault(at, {}).setdefault(label, []).append((real, error))
    for at, branches in unions.items():
        nearer = [b for b in branches.values() if not _wrong_form(b, at)] or list(branches.values())
        if (
            len(nearer) == len(branches)
            and len(branches) > 1
            and all(_wrong_form(b, at) for b in nearer)
        ):
            yield at, [b[0][1] for b in nearer]
        else:
            best = min(nearer, key=len)
            for real, error in best:
                yield real, [error]


def _holds(error: ErrorDetails) -> bool:
    """Whether an error is none of the validator's counting only those items that were right."""
    written = error["input"]
    least = error.get("ctx", {}).get("min_length", 0)
    return error["type"] != "too_short" or not isinstance(written, list) or len(written) < least


def _wrong_form(branch: Branch, at: Places) -> bool:
    """Whether a branch of a union failed because something else is written altogether."""
    if len(branch) != 1 or branch[0][0] != at:
        return False
    error = branch[0][1]
    if error["type"] == "literal_error":
        return isinstance(error["input"], list | dict)
    return error["type"].endswith(("_type", "_parsing"))


def _real(error: ErrorDetails, data: object) -> tuple[Places, Step | None, Places]:
    """
    The path of *error* in *data*; the name of the first union branch on the way, and where.

    The validator puts names of union branches among the keys.
    """
    real: list[Step] = []
    label: Step | None = None
    at: Places = ()
    here: Any = data
    for step in error["loc"]:
        if _has(here, step):
            here = here[step]
            real.append(step)
        elif step is error["loc"][-1] and error["type"] in MISSING_KEY:
            real.append(step)
        elif label is None:
            label, at = step, tuple(real)
    return tuple(real), label, at


def _has(data: Any, step: Step) -> bool:
    if isinstance(data, dict):
        return step in data
    return isinstance(data, list) and isinstance(step, int) and step < len(data)
