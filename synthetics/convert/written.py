"""How things are written in a configuration of ours."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from typing import Any

import yaml

_NOT_OURS = re.compile(r"[^a-z0-9._-]+")


def dumped(document: Mapping[str, Any]) -> str:
    """*document* as YAML."""
    text: str = yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=100
    )
    return text


class _Dumper(yaml.SafeDumper):
    """Without anchors, which our loader reads and people need not."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's signature
        """Never."""
        return True


def _lines(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    """A text of several lines as one, with its line breaks to be seen."""
    style = '"' if "\n" in text else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


def _short(dumper: yaml.SafeDumper, values: list[Any]) -> yaml.SequenceNode:
    """A list of numbers and words on one line."""
    flow = not any(isinstance(value, dict | list) or "\n" in str(value) for value in values)
    return dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=flow)


_Dumper.add_representer(str, _lines)
_Dumper.add_representer(list, _short)


def identifier(name: str, taken: Mapping[str, Any], fallback: str) -> str:
    """*name* as an identifier of ours that is not *taken*."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    plain = re.sub(r"-{2,}", "-", _NOT_OURS.sub("-", plain)).strip("-._")[:60] or fallback
    number, chosen = 1, plain
    while chosen in taken:
        number += 1
        chosen = f"{plain}-{number}"
    return chosen


def plain(text: str) -> str:
    """*text* so that no reference is seen in it."""
    return text.replace("${", "$${")


def duration(seconds: float) -> str:
    """*seconds* as we write them."""
    ms = round(seconds * 1000)
    for unit, size in (("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)):
        if ms and ms % size == 0:
            return f"{ms // size}{unit}"
    return f"{ms}ms"


def statuses(wanted: set[int]) -> list[int | str] | int | str:
    """A set of statuses as `expect.status` takes it."""
    written: list[int | str] = []
    for first in range(1, 6):
        those = {code for code in wanted if code // 100 == first}
        written += [f"{first}xx"] if len(those) == 100 else sorted(those)
    return written[0] if len(written) == 1 else written
