"""The JSON Schema of the configuration, for editors and for the reference page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import TypeAdapter

from synthetics.config import written
from synthetics.config.describe import Description
from synthetics.config.schema_parts import PART, Parts
from synthetics.kinds import Kind, probe_kinds, receiver_kinds

REF = "#/$defs/"
OF_PARTS = "part."
"""How definitions of what is laid over something begin."""

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """
    The schema, draft 2020-12, with every installed kind.

    Raises:
        KindError: An installed kind of probe or receiver cannot be used.
    """
    probes, receivers = probe_kinds(), receiver_kinds()
    document: TypeAdapter[Any] = TypeAdapter(written.Document)
    parts, shared = TypeAdapter.json_schemas(
        [
            ("document", "validation", document),
            *((f"probe {k.name}", "validation", k.options) for k in probes.values()),
            *((f"receiver {k.name}", "validation", k.options) for k in receivers.values()),
        ],
        schema_generator=Description,
    )
    definitions: dict[str, Any] = shared["$defs"]
    options = {key: part for (key, _), part in parts.items()}
    root = definitions.pop(options["document"]["$ref"].rpartition("/")[2])
    for section, what, kinds in (("probes", "probe", probes), ("receivers", "receiver", receivers)):
        (found,) = root["properties"][section]["patternProperties"].values()
        item = definitions[found["$ref"].rpartition("/")[2]]
        _dispatch(item, {kind: options[f"{what} {kind.name}"] for kind in kinds.values()})
    _overlaid(root, definitions)
    used = _used(root, definitions)
    wholes = dict.fromkeys(name.removeprefix(PART) for name in definitions if name in used)
    names = _short_names(list(wholes))
    names |= {PART + name: OF_PARTS + short for name, short in names.items()}
    names = {name: names[name] for name in definitions if name in used}
    whole = {**root, "title": "Synthetics", "$defs": {names[n]: definitions[n] for n in names}}
    return {"$schema": DIALECT, **_renamed(whole, {REF + n: REF + s for n, s in names.items()})}


def _short_names(names: Sequence[str]) -> dict[str, str]:
    """Each with as few of its packages as tell it from the others: ``http.Options``."""
    whole = {name: name.removeprefix("synthetics__config__written__") for name in names}
    short: dict[str, str] = {}
    kept = 1
    while len(short) < len(names):
        kept += 1
        proposed = {
            name: ".".join(whole[name].split("__")[-kept:]) for name in names if name not in short
        }
        count = Counter([*proposed.values(), *short.values()])
        short |= {name: text for name, text in proposed.items() if count[text] == 1}
    return short


def _used(schema: Any, definitions: Mapping[str, Any]) -> set[str]:
    """Names of the definitions that *schema* refers to, directly or not."""
    used: set[str] = set()
    todo = [schema]
    while todo:
        for name in _references(todo.pop()) - used:
            used.add(name)
            todo.append(definitions[name])
    return used


def _references(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        found = {schema["$ref"].removeprefix(REF)} if isinstance(schema.get("$ref"), str) else set()
        return found.union(*map(_references, schema.values()))
    return set().union(*map(_references, schema)) if isinstance(schema, list) else set()


def _renamed(schema: Any, names: Mapping[str, str]) -> Any:
    """*schema* with every reference under its new name."""
    if isinstance(schema, dict):
        return {
            key: names[part] if key == "$ref" and isinstance(part, str) else _renamed(part, names)
            for key, part in schema.items()
        }
    return [_renamed(part, names) for part in schema] if isinstance(schema, list) else schema


def _dispatch(item: dict[str, Any], options: Mapping[Kind, Any]) -> None:
    """Give *item* one key for each kind, exactly one of which is written."""
    properties = item.setdefault("properties", {})
    for kind, part in options.items():
        properties[kind.name] = {**part, "description": kind.summary} if kind.summary else part
    item["oneOf"] = [{"required": [kind.name]} for kind in options]


def _overlaid(root: dict[str, Any], definitions: dict[str, Any]) -> None:
    """
    Say what may be laid over something: what a probe says besides its template, and environments.

    A template itself is not looked through: its holes may stand for anything.
    """
    parts = Parts(definitions)
    ((pattern, probe),) = root["properties"]["probes"]["patternProperties"].items()
    root["properties"]["probes"]["patternProperties"] = {
        pattern: {
            "if": {"required": ["use"], "properties": {"use": {"type": "string"}}},
            "then": parts.of(probe),
            "else": probe,
        }
    }
    overlay = {key: part for key, part in root["properties"].items() if key != "envs"}
    overlay["probes"] = {**overlay["probes"], "patternProperties": {pattern: probe}}
    definitions["environment"] = {**root, "title": "Environment", "properties": overlay}
    environment = parts.of({"$ref": REF + "environment"})
    (pattern,) = root["properties"]["envs"]["patternProperties"]
    root["properties"]["envs"]["patternProperties"] = {pattern: environment}
