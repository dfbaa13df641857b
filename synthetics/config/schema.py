"""The JSON Schema of the configuration, for editors and for the reference page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter

from synthetics.config import written
from synthetics.config.describe import Description
from synthetics.kinds import Kind, probe_kinds, receiver_kinds

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
        reference = root["properties"][section]["additionalProperties"]["$ref"]
        item = definitions[reference.rpartition("/")[2]]
        _dispatch(item, {kind: options[f"{what} {kind.name}"] for kind in kinds.values()})
    return {"$schema": DIALECT, **root, "title": "Synthetics", "$defs": definitions}


def _dispatch(item: dict[str, Any], options: Mapping[Kind, Any]) -> None:
    """Give *item* one key for each kind, exactly one of which is written."""
    properties = item.setdefault("properties", {})
    for kind, part in options.items():
        properties[kind.name] = {**part, "description": kind.summary} if kind.summary else part
    item["oneOf"] = [{"required": [kind.name]} for kind in options]
