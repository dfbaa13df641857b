"""The metrics of one probe, in the text format of Prometheus."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

HELP: Mapping[str, str] = {
    "probe_success": "Whether the target did what the module expects of it (1) or not (0).",
    "probe_duration_seconds": "How long the whole probe took.",
    "probe_timeout_seconds": "How long it might have taken.",
    "probe_dns_lookup_time_seconds": "How long the target's name took to resolve.",
    "probe_ip_protocol": "Version of IP that was used, 4 or 6.",
    "probe_ip_addr_hash": "A number that changes when the target's address does.",
    "probe_failed_due_to_regex": "Whether a regular expression made it fail (1) or not (0).",
    "probe_failed_due_to_bytes": "Whether `expect_bytes` made it fail (1) or not (0).",
    "probe_failed_due_to_cel": "Whether an expression in CEL made it fail (1) or not (0).",
    "probe_expect_info": "What `query_response` took from the target, as labels; always 1.",
    "probe_http_duration_seconds": "How long each phase took, summed over redirects.",
    "probe_http_content_length": "Length of the answer as its header says; -1 if it does not.",
    "probe_http_uncompressed_body_length": "Bytes of the body that were read, decompressed.",
    "probe_http_redirects": "How many redirects there were.",
    "probe_http_ssl": "Whether the last answer came over TLS (1) or not (0).",
    "probe_http_status_code": "Status code of the last answer; 0 without one.",
    "probe_http_version": "Version of HTTP of the last answer.",
    "probe_http_last_modified_timestamp_seconds": "What `Last-Modified` says, in Unix time.",
    "probe_ssl_earliest_cert_expiry": "When the first certificate shown expires, in Unix time.",
    "probe_ssl_last_chain_expiry_timestamp_seconds": (
        "When the first certificate of the verified chain expires, in Unix time."
    ),
    "probe_ssl_last_chain_info": "The target's own certificate, as labels; always 1.",
    "probe_tls_version_info": "Version of TLS that was agreed on, as a label; always 1.",
    "probe_tls_cipher_info": "Cipher that was agreed on, as a label; always 1.",
    "probe_dns_duration_seconds": "How long each phase took.",
    "probe_dns_answer_rrs": "How many records the answer has.",
    "probe_dns_authority_rrs": "How many records the authority section has.",
    "probe_dns_additional_rrs": "How many records the additional section has.",
    "probe_dns_query_succeeded": "Whether there was an answer at all (1) or not (0).",
    "probe_dns_serial": "Serial of the zone, where its SOA was asked for.",
    "probe_websocket_status_code": "Status code of the answer to the request that opens it.",
    "probe_websocket_connection_upgraded": "Whether the WebSocket was opened (1) or not (0).",
    "probe_websocket_failed_due_to_regex": "Whether the conversation failed (1) or not (0).",
    "probe_websocket_duration_seconds": "How long each phase took.",
    "probe_grpc_duration_seconds": "How long each phase took.",
    "probe_grpc_healthcheck_response": "What the server said of its health (1), of all states.",
    "probe_grpc_ssl": "Whether the answer came over TLS (1) or not (0).",
    "probe_grpc_status_code": "Number of the status of gRPC; 0 is OK, or that nothing was asked.",
    "probe_icmp_duration_seconds": "How long each phase took.",
    "probe_icmp_reply_hop_limit": "Hop limit of the reply, which IPv4 calls TTL.",
}


_Key = tuple[str, str]
"""Name, and labels as they are written."""
_LONG = 2000
"""Characters of labels from which a text is not expected to come again."""


class Gauges:
    """What one probe has measured so far."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[_Key, float] = {}

    def set(self, name: str, value: float, **labels: str) -> None:
        """*name* is *value* now."""
        self._values[name, _labels(labels) if labels else ""] = value

    def zero(self, *names: str) -> None:
        """*names* are shown as 0 until they are set."""
        for name in names:
            self._values[name, ""] = 0

    def phases(self, name: str, *phases: str) -> None:
        """The same for the label ``phase`` of *name*."""
        for phase in phases:
            self._values.setdefault((name, _phase(phase)), 0)

    def took(self, name: str, phase: str, seconds: float) -> None:
        """*phase* of *name* took that much, or that much more."""
        key = name, _phase(phase)
        self._values[key] = self._values.get(key, 0) + seconds

    def text(self) -> str:
        """All of it, by name."""
        keys = tuple(self._values)
        small = sum(len(labels) for _, labels in keys) < _LONG
        form, order = (_form if small else _form.__wrapped__)(keys)
        values = self._values
        return form % tuple([values[key] for key in order])


@lru_cache(maxsize=256)
def _form(keys: tuple[_Key, ...]) -> tuple[str, tuple[_Key, ...]]:
    """The text with a place for each value, and whose places they are, in turn."""
    order = tuple(sorted(keys))
    lines = []
    for number, (name, labels) in enumerate(order):
        if number == 0 or order[number - 1][0] != name:
            lines.append(f"# HELP {name} {HELP[name]}\n# TYPE {name} gauge\n".replace("%", "%%"))
        lines.append(f"{name}{labels.replace('%', '%%')} %r\n")
    return "".join(lines), order


@lru_cache
def _phase(phase: str) -> str:
    return f'{{phase="{phase}"}}'


def _labels(labels: Mapping[str, str]) -> str:
    inner = ",".join(f'{name}="{_escaped(labels[name])}"' for name in sorted(labels))
    return f"{{{inner}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
