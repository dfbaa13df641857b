"""The module file of blackbox_exporter as it is written: the same keys, the same defaults."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

import re2
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator

from probes.expressions import QUIET
from probes.fields import Refused, said

_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|ms|[smhdwy]))+")
_PART = re.compile(r"([0-9.]+)(ns|us|µs|ms|[smhdwy])")
_UNITS_S = {
    "ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0,
    "m": 60.0, "h": 3600.0, "d": 86_400.0, "w": 604_800.0, "y": 31_536_000.0,
}  # fmt: skip
_SIZE = re.compile(r"([0-9]+(?:\.[0-9]+)?)\s*([KMGT]?)(i?)B?", re.IGNORECASE)


def _seconds(value: object) -> float:
    """``5s``, ``1m30s``, ``1.5s``; only 0 needs no unit."""
    text = str(value).strip()
    if text == "0":
        return 0.0
    if not _DURATION.fullmatch(text):
        raise Refused(f"{said(value)} is no duration", mend="write one such as 5s")
    return sum(float(number) * _UNITS_S[unit] for number, unit in _PART.findall(text))


def _bytes(value: object) -> int:
    """``10MB``: as in the exporter, a unit is a power of 1024, with an ``i`` or without."""
    found = _SIZE.fullmatch(str(value).strip())
    if found is None:
        raise Refused(f"{said(value)} is no size", mend="write one such as 10MB")
    return int(float(found[1]) * 1024 ** " KMGT".index(found[2].upper() or " "))


def _regex(value: object) -> Any:
    if not isinstance(value, str):
        raise Refused(f"{said(value)} is no text", mend="put it in quotes")
    try:
        return re2.compile(value.encode(), QUIET)
    except re2.error as error:
        why = error.args[0] if error.args else ""
        why = why.decode("utf-8", "replace") if isinstance(why, bytes) else str(why)
        raise Refused(f"{said(value)} is no regular expression: {why}") from None


def _octets(value: object) -> bytes:
    """Text, or ``!!binary``."""
    return value if isinstance(value, bytes) else str(value).encode()


def _listed(value: object) -> object:
    return [] if value is None else value


Seconds = Annotated[float, PlainValidator(_seconds)]
Bytes = Annotated[int, PlainValidator(_bytes)]
Regex = Annotated[Any, PlainValidator(_regex)]
"""Compiled by RE2, over bytes."""
Octets = Annotated[bytes, PlainValidator(_octets)]
Regexes = Annotated[tuple[Regex, ...], BeforeValidator(_listed)]
Protocol = Literal["", "ip4", "ip6"]
TlsVersion = Literal["TLS10", "TLS11", "TLS12", "TLS13"]


class Written(BaseModel):
    """A group of keys; any other key is a mistake."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        coerce_numbers_to_str=True,
        arbitrary_types_allowed=True,
        hide_input_in_errors=True,
    )


class TlsConfig(Written):
    """``tls_config``."""

    ca: str = ""
    cert: str = ""
    key: str = ""
    ca_file: str = ""
    cert_file: str = ""
    key_file: str = ""
    server_name: str = ""
    insecure_skip_verify: bool = False
    min_version: TlsVersion | None = None
    max_version: TlsVersion | None = None


class BasicAuth(Written):
    """``basic_auth``."""

    username: str = ""
    username_file: str = ""
    password: str = ""
    password_file: str = ""


class Authorization(Written):
    """``authorization``."""

    type: str = "Bearer"
    credentials: str = ""
    credentials_file: str = ""


class Header(Written):
    """One of ``http_headers``; the last of all values is sent."""

    values: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    files: tuple[str, ...] = ()


class HeaderMatch(Written):
    """One of ``fail_if_header_matches`` or its opposite."""

    header: str
    regexp: Regex
    allow_missing: bool = False


class Client(Written):
    """What HTTP probes share with WebSocket ones."""

    basic_auth: BasicAuth | None = None
    authorization: Authorization | None = None
    bearer_token: str = ""
    bearer_token_file: str = ""
    oauth2: dict[str, Any] | None = None
    tls_config: TlsConfig = TlsConfig()
    follow_redirects: bool = True
    enable_http2: bool = True
    http_headers: dict[str, Header] = {}
    proxy_url: str = ""
    no_proxy: str = ""
    proxy_from_environment: bool = False
    proxy_connect_header: dict[str, Any] = {}


class Http(Client):
    """An ``http`` probe."""

    valid_status_codes: Annotated[tuple[int, ...], BeforeValidator(_listed)] = ()
    valid_http_versions: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    preferred_ip_protocol: Protocol = ""
    ip_protocol_fallback: bool = True
    skip_resolve_phase_with_proxy: bool = False
    no_follow_redirects: bool | None = None
    fail_if_ssl: bool = False
    fail_if_not_ssl: bool = False
    method: str = ""
    headers: dict[str, str] = {}
    fail_if_body_json_matches_cel: str | None = None
    fail_if_body_json_not_matches_cel: str | None = None
    fail_if_body_matches_regexp: Regexes = ()
    fail_if_body_not_matches_regexp: Regexes = ()
    fail_if_header_matches: Annotated[tuple[HeaderMatch, ...], BeforeValidator(_listed)] = ()
    fail_if_header_not_matches: Annotated[tuple[HeaderMatch, ...], BeforeValidator(_listed)] = ()
    body: str = ""
    body_file: str = ""
    compression: Literal["", "gzip", "br", "deflate", "identity"] = ""
    body_size_limit: Bytes = 0
    enable_http3: bool = False


class Label(Written):
    """One label of ``probe_expect_info``."""

    name: Annotated[str, Field(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]
    value: str = ""


class Turn(Written):
    """One of ``query_response``."""

    expect: Regex | None = None
    expect_bytes: Octets = b""
    labels: tuple[Label, ...] | None = None
    send: Octets = b""
    starttls: bool = False


class Addressed(Written):
    """Which address of the target is used, and which one of ours."""

    preferred_ip_protocol: Protocol = ""
    ip_protocol_fallback: bool = True
    source_ip_address: str = ""


class Tcp(Addressed):
    """A ``tcp`` probe."""

    query_response: Annotated[tuple[Turn, ...], BeforeValidator(_listed)] = ()
    tls: bool = False
    tls_config: TlsConfig = TlsConfig()


class Records(Written):
    """``validate_answer_rrs`` and its like."""

    fail_if_matches_regexp: Regexes = ()
    fail_if_all_match_regexp: Regexes = ()
    fail_if_not_matches_regexp: Regexes = ()
    fail_if_none_matches_regexp: Regexes = ()


class Dns(Addressed):
    """A ``dns`` probe."""

    dns_over_tls: bool = False
    tls_config: TlsConfig = TlsConfig()
    transport_protocol: Literal["", "udp", "tcp"] = ""
    query_class: str = "IN"
    query_name: str
    query_type: str = "ANY"
    recursion_desired: bool = True
    valid_rcodes: Annotated[tuple[str, ...], BeforeValidator(_listed)] = ()
    validate_answer_rrs: Records = Records()
    validate_authority_rrs: Records = Records()
    validate_additional_rrs: Records = Records()


class Icmp(Addressed):
    """An ``icmp`` probe."""

    payload_size: Annotated[int, Field(ge=0, le=65_500)] = 0
    dont_fragment: bool = False
    ttl: Annotated[int, Field(ge=0, le=255)] = 64


class ModuleWritten(Written):
    """One module."""

    prober: Literal["http", "tcp", "dns", "icmp", "grpc", "unix", "websocket"]
    timeout: Seconds = 0.0
    http: Http = Http()
    tcp: Tcp = Tcp()
    dns: Dns | None = None
    icmp: Icmp = Icmp()
    grpc: dict[str, Any] = {}
    unix: dict[str, Any] = {}
    websocket: dict[str, Any] = {}
