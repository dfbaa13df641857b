"""The JSON Schema of what is laid over something: any part of it, and ``null`` to delete."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]

PART = "part "
"""How the definitions that are made here begin."""

_OF_THE_WHOLE = frozenset({"required", "minProperties", "dependentRequired", "default"})
"""What only holds once all is there."""

_UNIONS = ("anyOf", "oneOf", "allOf")
_COMPOUND = frozenset({"properties", "patternProperties", "additionalProperties", *_UNIONS})


class Parts:
    """
    Makes schemas of parts, as JSON Merge Patch has them (RFC 7396).

    Groups may lack any key, and each key may be deleted; a list takes the place of another as a
    whole, and is whole.

    Args:
        definitions: What references lead to; those of parts are put beside them.
    """

    def __init__(self, definitions: dict[str, Schema]) -> None:
        self._definitions = definitions

    def of(self, schema: Mapping[str, Any]) -> Schema:
        """That of a part of what *schema* takes."""
        if "$ref" not in schema:
            return self._of(schema)
        name = schema["$ref"].rpartition("/")[2]
        if not self._definitions[name].keys() & _COMPOUND:
            return dict(schema)
        part = PART + name
        if part not in self._definitions:
            self._definitions[part] = {}
            self._definitions[part] = self._of(self._definitions[name])
        return {**schema, "$ref": schema["$ref"].removesuffix(name) + part}

    def _of(self, schema: Mapping[str, Any]) -> Schema:
        made = {
            key: part
            for key, part in schema.items()
            if key not in _OF_THE_WHOLE and not _is_rule({key: part})
        }
        for groups in ("properties", "patternProperties"):
            if groups in schema:
                made[groups] = {key: self._or_null(part) for key, part in schema[groups].items()}
        if isinstance(schema.get("additionalProperties"), dict):
            made["additionalProperties"] = self._or_null(schema["additionalProperties"])
        for union in _UNIONS:
            forms = [self.of(form) for form in made.pop(union, ()) if not _is_rule(form)]
            if forms:  # a part may be one of several forms
                made["allOf" if union == "allOf" else "anyOf"] = forms
        return made

    def _or_null(self, schema: Mapping[str, Any]) -> Schema:
        part = self.of(schema)
        if isinstance(part.get("type"), str) and not part.keys() & {"enum", "const", *_UNIONS}:
            return {**part, "type": [part["type"], "null"]}
        said: Schema = {key: part.pop(key) for key in ("description", "title") if key in part}
        return {**said, "anyOf": [part, {"type": "null"}]}


def _is_rule(schema: Mapping[str, Any]) -> bool:
    """Whether *schema* says nothing but which keys belong together."""
    if not schema:
        return False
    for key, part in schema.items():
        match key:
            case "required" | "if" | "then" | "else":
                continue
            case "not":
                rule = _is_rule(part)
            case "anyOf" | "oneOf" | "allOf":
                rule = all(map(_is_rule, part))
            case _:
                return False
        if not rule:
            return False
    return True
