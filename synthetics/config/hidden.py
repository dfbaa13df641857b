"""Which parts of a document no problem may show: secrets that were written out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from yaml.nodes import MappingNode, Node

from synthetics.config import written_changes, written_remedy, written_watch
from synthetics.config.expand import Expanded
from synthetics.config.nodes import find, key_of
from synthetics.config.probes import PROBE_FRAME, checker, options_checker
from synthetics.config.sections import SETTINGS
from synthetics.config.show import scalars, values, written_secrets
from synthetics.kinds import Kind, probe_kinds, receiver_kinds

READ_FOR_RESULTS = frozenset(
    {"defaults", "services", "probes", "hours", "slos", "maintenance", "alerting", *SETTINGS}
)
"""The sections that stored results are counted by."""
UNREAD_OF_SERVICES = frozenset({"remediation"})
"""What stands in a service and may need secrets, but is for when somebody is told."""


def written_out(root: MappingNode, data: dict[str, Any]) -> Iterator[Node]:
    """Every secret that was written out instead of referred to."""
    switch = checker(written_watch.DeadMansSwitch)
    yield from written_secrets(root, ("dead_mans_switch",), switch)
    yield from written_secrets(root, ("changes",), checker(written_changes.Changes))
    services = data.get("services")
    for name in services if isinstance(services, dict) else ():
        yield from written_secrets(
            root, ("services", name, "remediation"), checker(written_remedy.Remediation)
        )
    sections: tuple[tuple[str, Mapping[str, Kind]], ...] = (
        ("probes", probe_kinds()),
        ("receivers", receiver_kinds()),
    )
    for section, kinds in sections:
        items = data.get(section)
        for name, item in items.items() if isinstance(items, dict) else ():
            for key in item.keys() & kinds.keys() if isinstance(item, dict) else ():
                options = options_checker(kinds[key])
                yield from written_secrets(root, (section, name, key), options)


def left_out(expanded: Expanded, env: str) -> Iterator[Node]:
    """What stands in templates and environments that nobody uses: any of it may be a secret."""
    used = {"templates": set(expanded.users), "envs": {env}}
    for section, names in used.items():
        items, _, real = find(expanded.root, (section,))
        for key, item in items.value if real and isinstance(items, MappingNode) else ():
            if key_of(key) not in names:
                yield from values(item)


def unread(root: MappingNode, data: dict[str, Any]) -> Iterator[Node]:
    """Everything that was not looked at, any of which may be a secret."""
    for section in data.keys() - READ_FOR_RESULTS:
        yield from scalars(root, (section,))
    services = data.get("services")
    for name in services if isinstance(services, dict) else ():
        for key in UNREAD_OF_SERVICES:
            yield from scalars(root, ("services", name, key))
    items = data.get("probes")
    for name, item in items.items() if isinstance(items, dict) else ():
        for key in item.keys() - PROBE_FRAME if isinstance(item, dict) else ():
            yield from scalars(root, ("probes", name, key))
