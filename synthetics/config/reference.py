"""
The reference page of the configuration, made from its schema.

``python -m synthetics.config.reference > docs/reference/configuration.md`` writes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from probes.fields import DURATION_PATTERN, SIZE_PATTERN
from synthetics.config.flow import flow
from synthetics.config.reference_words import EXAMPLES, INTRODUCTION
from synthetics.config.scalars import (
    IDENTIFIER_PATTERN,
    INSTANT_PATTERN,
    SHARE_PATTERN,
    URL_PATTERN,
)
from synthetics.config.schema import OF_PARTS, REF, json_schema

Schema = dict[str, Any]

_BY_PATTERN = {
    DURATION_PATTERN: "duration",
    SIZE_PATTERN: "size",
    SHARE_PATTERN: "percentage",
    INSTANT_PATTERN: "instant",
    IDENTIFIER_PATTERN: "identifier",
    URL_PATTERN: "URL",
}
_BY_TYPE = {
    "string": "text",
    "integer": "whole number",
    "number": "number",
    "boolean": "true or false",
    "object": "group",
    "array": "list",
}


class Page:
    """
    The page of one schema.

    Args:
        schema: As `json_schema` makes it.
    """

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._titles: dict[str, str] = {}
        self._sections: list[str] = []

    def text(self) -> str:
        """The whole page."""
        top = {key: part for key, part in self._schema.items() if key != "$defs"}
        self._group("Top level", "", top)
        return "\n".join([INTRODUCTION.strip(), "", *self._sections])

    def _group(self, title: str, path: str, group: Schema) -> None:
        """A section for *group*, then one for each group that stands in it for the first time."""
        at = len(self._sections)
        below: list[tuple[str, str, Schema]] = []
        rows = []
        for key, about in group["properties"].items():
            here = f"{path}.{key}" if path else key
            for name, place in self._groups(about, here):
                if name not in self._titles:
                    self._titles[name] = place
                    below.append((name, place, self._schema["$defs"][name]))
            owner = group.get("title", "")
            names = (here, f"{owner}.{key}")
            rows.append(self._row(key, about, names, required=key in group.get("required", ())))
        self._sections.insert(at, self._section(title, group, rows))
        for _, place, inner in below:
            self._group(f"`{place}`", place.removesuffix("[]"), inner)

    def _section(self, title: str, group: Schema, rows: list[str]) -> str:
        level = "###" if "." in title.replace(".*", "") else "##"
        lines = [f"{level} {title}", ""]
        if description := group.get("description"):
            lines += [description, ""]
        if choices := [only["required"][0] for only in group.get("oneOf", ())]:
            lines += [f"Exactly one of {', '.join(f'`{c}`' for c in choices)} is written.", ""]
        head = ["| key | type | default | example | meaning |", "|---|---|---|---|---|"]
        return "\n".join([*lines, *(head if rows else []), *rows, ""])

    def _row(self, key: str, about: Schema, names: tuple[str, str], *, required: bool) -> str:
        default = "**required**" if required else ""
        if "default" in about:
            default = f"`{flow(about['default'])}`"
        example = self._example(about, names)
        meaning = about.get("description", "")
        cells = [f"`{key}`", self.type_of(about), default, f"`{key}: {example}`", meaning]
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    def _example(self, about: Schema, names: tuple[str, str]) -> str:
        """By its place or by its group, the first that there is; else one made up."""
        known = (EXAMPLES[name] for name in names if name in EXAMPLES)
        return next(known, None) or flow(self._value(about))

    def _value(self, about: Schema) -> Any:
        """A value that *about* takes, for an example."""
        if about.get("examples"):
            return about["examples"][0]
        if "$ref" in about:
            return self._value(self._schema["$defs"][about["$ref"].removeprefix(REF)])
        for union in ("anyOf", "oneOf"):
            if "type" not in about and union in about:
                return self._value(about[union][0])
        if "enum" in about:
            return about["enum"][0]
        if "properties" in about:
            wanted = about.get("required") or [next(iter(about["properties"]), "")]
            keys = [*wanted, *(about["oneOf"][0]["required"] if "oneOf" in about else ())]
            properties = about["properties"]
            return {key: self._value(properties[key]) for key in dict.fromkeys(keys) if key}
        if about.get("type") == "array":
            return [self._value(about["items"])]
        return {"boolean": True, "integer": about.get("minimum", 1)}.get(about.get("type", ""), "…")

    def type_of(self, about: Schema) -> str:
        """What stands there, in words, with a link where it is a group of its own."""
        if "else" in about:
            return self.type_of(about["else"])
        if "$ref" in about:
            name = about["$ref"].removeprefix(REF)
            inner = self._schema["$defs"][name]
            if name not in self._titles:
                return self.type_of(inner)
            title = self._titles[name]
            return f"[group](#{anchor(title)})"
        if "enum" in about:
            words = dict.fromkeys(str(value) for value in about["enum"])
            return " or ".join(f"`{word}`" for word in words)
        if "const" in about:
            return f"`{about['const']}`"
        for union in ("anyOf", "oneOf"):
            if union in about and "properties" not in about:
                return " or ".join(dict.fromkeys(map(self.type_of, about[union])))
        if about.get("type") == "array":
            return f"list: {self.type_of(about['items'])}"
        if "patternProperties" in about:
            (inner,) = about["patternProperties"].values()
            return f"by identifier: {self.type_of(inner)}"
        if isinstance(about.get("additionalProperties"), dict):
            return f"by name: {self.type_of(about['additionalProperties'])}"
        if about.get("pattern") in _BY_PATTERN:
            return _BY_PATTERN[about["pattern"]]
        if about.get("writeOnly"):
            return "secret"
        kinds = about.get("type", [])
        names = [_BY_TYPE[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)]
        return " or ".join(names) or "anything"

    def _groups(self, about: Schema, path: str) -> Iterator[tuple[str, str]]:
        """
        Names of the definitions of groups in *about*, each with the path that leads there.

        What may be laid over one repeats it, and is left out.
        """
        if "$ref" in about:
            name = about["$ref"].removeprefix(REF)
            if "properties" in self._schema["$defs"][name] and not name.startswith(OF_PARTS):
                yield name, path
        if "else" in about:
            yield from self._groups(about["else"], path)
        for part in (*about.get("anyOf", ()), *about.get("oneOf", ())):
            yield from self._groups(part, path)
        if isinstance(about.get("items"), dict):
            yield from self._groups(about["items"], f"{path}[]")
        for part in about.get("patternProperties", {}).values():
            yield from self._groups(part, f"{path}.*")
        if isinstance(about.get("additionalProperties"), dict):
            yield from self._groups(about["additionalProperties"], f"{path}.*")


def anchor(title: str) -> str:
    """The anchor that a heading of *title* gets."""
    kept = "".join(char for char in title.lower() if char.isalnum() or char in " -_")
    return kept.replace(" ", "-")


def page() -> str:
    """The reference page, with every installed kind."""
    return Page(json_schema()).text()


if __name__ == "__main__":
    sys.stdout.write(page())
