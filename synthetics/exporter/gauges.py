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
    "probe_icmp_duration_seconds": "How long each phase took.",
    "probe_icmp_reply_hop_limit": "Hop limit of the reply, which IPv4 calls TTL.",
}


class Gauges:
    """What one probe has measured so far."""

    __slots__ = ("_values",)

    def __init__(self) -> None:
        self._values: dict[str, dict[str, float]] = {}

    def set(self, name: str, value: float, **labels: str) -> None:
        """*name* is *value* now."""
        self._values.setdefault(name, {})[_labels(labels)] = value

    def zero(self, *names: str) -> None:
        """*names* are shown as 0 until they are set."""
        for name in names:
            self._values[name] = {"": 0}

    def phases(self, name: str, *phases: str) -> None:
        """The same for the label ``phase`` of *name*."""
        known = self._values.setdefault(name, {})
        for phase in phases:
            known.setdefault(_phase(phase), 0)

    def took(self, name: str, phase: str, seconds: float) -> None:
        """*phase* of *name* took that much, or that much more."""
        known = self._values.setdefault(name, {})
        key = _phase(phase)
        known[key] = known.get(key, 0) + seconds

    def text(self) -> str:
        """All of it, by name."""
        lines = []
        for name, values in sorted(self._values.items()):
            if len(values) == 1:
                ((labels, value),) = values.items()
                lines.append(f"{_head(name)}{name}{labels} {value!r}\n")
            else:
                lines.append(_head(name))
                lines += [f"{name}{labels} {value!r}\n" for labels, value in sorted(values.items())]
        return "".join(lines)


@lru_cache
def _head(name: str) -> str:
    return f"# HELP {name} {HELP[name]}\n# TYPE {name} gauge\n"


@lru_cache
def _phase(phase: str) -> str:
    return f'{{phase="{phase}"}}'


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    inner = ",".join(f'{name}="{_escaped(labels[name])}"' for name in sorted(labels))
    return f"{{{inner}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")
