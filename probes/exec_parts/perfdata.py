"""Performance data of monitoring plugins: what stands behind the ``|`` of their output."""

from __future__ import annotations

import re
from collections.abc import Mapping

_PAIR = re.compile(r"(?:'((?:[^']|'')+)'|([^\s'=]+))=(-?[0-9]+(?:[.,][0-9]+)?)([a-zA-Z%]*)[;\S]*")
MOST = 1000
"""Values that are looked at."""


def parse_perfdata(output: str) -> Mapping[str, float]:
    """
    The values in *output*, by label, each in the unit that the plugin has chosen.

    The format is that of the Monitoring Plugins guidelines: ``text | 'label'=value[unit];…``
    on the first line, more text and more values on the lines after it.
    """
    found: dict[str, float] = {}
    first, _, rest = output.partition("\n")
    behind = first.partition("|")[2] + " " + rest.partition("|")[2]
    for match in _PAIR.finditer(behind):
        label = (match[1] or match[2]).replace("''", "'")
        found[label] = float(match[3].replace(",", "."))
        if len(found) == MOST:
            break
    return found
