"""Monitors as they are in Uptime Kuma's database, under the names that its API has for them."""

from __future__ import annotations

import re

from synthetics.convert.tree import Item

_AS_THEY_ARE = re.compile(
    r"(accepted|basic|bearer|dns|docker|oauth|ping|remote|screenshot|system|snmp_v3)_.*"
)
_OTHERS = {
    "accepted_statuscodes_json": "accepted_statuscodes",
    "ntp_stratum_threshold": "ntpStratumThreshold",
    "expected_tls_alert": "expectedTlsAlert",
}


def named_as_by_the_api(row: Item) -> None:
    """Give the columns of *row* the names that the API has; those that have them keep them."""
    names = {}
    for name in row.names:
        if name in _OTHERS:
            names[name] = _OTHERS[name]
        elif "_" in name and not _AS_THEY_ARE.fullmatch(name):
            first, *more = name.split("_")
            names[name] = first + "".join(part.capitalize() for part in more)
    row.rename(names)
