"""How types describe themselves to editors: docstrings become help, units become text."""

from __future__ import annotations

import inspect
import re
from datetime import timedelta
from enum import Enum
from fractions import Fraction
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from probes.fields import SIZE_PATTERN, Template

_UNITS_MS = (("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000))


def duration_text(value: timedelta) -> str:
    """*value* as it is written: ``1m``, ``1h30m``, ``250ms``; never in weeks."""
    left = round(value / timedelta(milliseconds=1))
    text = ""
    for unit, unit_ms in _UNITS_MS[1:]:
        count, left = divmod(left, unit_ms)
        text += f"{count}{unit}" if count else ""
    return text + (f"{left}ms" if left or not text else "")


def size_text(value: int) -> str:
    """*value* bytes as they are written: ``64KiB``."""
    for unit, factor in (("GiB", 1024**3), ("MiB", 1024**2), ("KiB", 1024)):
        if value and value % factor == 0:
            return f"{value // factor}{unit}"
    return f"{value}B"


def percent_text(value: Fraction) -> str:
    """*value* as it is written: ``99.95%``."""
    return f"{float(value * 100):.12g}%"


@cache
def attributes(cls: type) -> dict[str, str]:
    """What the section ``Attributes:`` of the docstring of *cls* says of each."""
    found: dict[str, str] = {}
    for base in reversed(cls.__mro__[1:]):
        found.update(attributes(base))
    _, _, section = inspect.cleandoc(vars(cls).get("__doc__") or "").partition("Attributes:\n")
    name = ""
    for line in section.splitlines():
        if line and not line.startswith(" "):
            break
        if start := re.match(r" {4}(\w+): (.*)", line):
            name = start[1]
            found[name] = start[2]
        elif name and line.strip():
            found[name] += f" {line.strip()}"
    return {name: _plain(text) for name, text in found.items()}


def summary(cls: type) -> str:
    """The first paragraph of the docstring of *cls*, on one line; empty if there is none."""
    doc = inspect.cleandoc(cls.__doc__ or "")
    if doc.startswith(f"{cls.__name__}("):
        return ""
    return _plain(" ".join(doc.partition("\n\n")[0].partition("Attributes:")[0].split()))


def _plain(text: str) -> str:
    """Without the marks of docstrings: ``x`` becomes `x`, *x* too."""
    return re.sub(r"(?<!\w)\*(\w+)\*(?!\w)", r"`\1`", " ".join(text.replace("``", "`").split()))


class Description(GenerateJsonSchema):
    """JSON Schema in the words and units of the configuration."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Nothing never stands for "not written"."""
        return self.generate_inner(schema["schema"])

    def dataclass_schema(self, schema: core_schema.DataclassSchema) -> JsonSchemaValue:
        """With help from the docstring."""
        return _helped(super().dataclass_schema(schema), schema["cls"], schema["schema"])

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """With help from the docstring."""
        return _helped(super().model_schema(schema), schema["cls"], schema["schema"])

    def dict_schema(self, schema: core_schema.DictSchema) -> JsonSchemaValue:
        """With no other keys than those of the pattern, if there is one."""
        made = super().dict_schema(schema)
        if "patternProperties" in made:
            made["additionalProperties"] = False
        return made

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """With the default as it would be written, if it says anything."""
        inner = self.generate_inner(schema["schema"])
        default = schema.get("default")
        if default is None or default in ("", ()):
            return inner
        written = _written(default, inner)
        return inner if written is None else {**inner, "default": written}

    def get_title_from_name(self, name: str) -> str:
        """Keys are shown as they are written."""
        return name


def _helped(made: JsonSchemaValue, cls: type, fields: Any) -> JsonSchemaValue:
    made.pop("description", None)
    if words := summary(cls):
        made["description"] = words
    aliases = _aliases(fields)
    for name, words in attributes(cls).items():
        about = made.get("properties", {}).get(aliases.get(name, name))
        if about is not None:
            about.setdefault("description", words)
    return made


def _aliases(schema: Any) -> dict[str, str]:
    """The keys of fields that are written under another name than they have."""
    while "fields" not in schema:
        if "schema" not in schema:
            return {}
        schema = schema["schema"]
    listed = schema["fields"]
    named = listed.items() if isinstance(listed, dict) else ((f["name"], f) for f in listed)
    return {
        name: field["validation_alias"] for name, field in named if field.get("validation_alias")
    }


def _written(default: object, inner: JsonSchemaValue) -> Any:
    match default:
        case timedelta():
            return duration_text(default)
        case Fraction():
            return percent_text(default)
        case Enum():
            return default.value
        case ZoneInfo():
            return default.key
        case Template():
            return str(default)
        case bool():
            return default
        case int() if inner.get("pattern") == SIZE_PATTERN:
            return size_text(default)
        case str() | int() | float():
            return default
        case _:
            return None
