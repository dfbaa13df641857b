"""The module file of blackbox_exporter as it is written: the same keys, the same defaults."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal, Self

import dns.exception
import dns.rcode
import dns.rdataclass
import dns.rdatatype
from pydantic import AfterValidator, Field, model_validator

from probes.fields import Refused
from synthetics.exporter.cel import Cel
from synthetics.exporter.written_client import Client, Headers, TlsConfig
from synthetics.exporter.written_fields import (
    Bytes,
    Octets,
    Protocol,
    Regex,
    Regexes,
    Seconds,
    Written,
    at_most_one,
)


class HeaderMatch(Written):
    """One of ``fail_if_header_matches`` or its opposite."""

    header: Annotated[str, Field(min_length=1)]
    regexp: Regex
    allow_missing: bool = False


class Http(Client):
    """An ``http`` probe."""

    valid_status_codes: tuple[int, ...] = ()
    valid_http_versions: tuple[str, ...] = ()
    preferred_ip_protocol: Protocol = ""
    ip_protocol_fallback: bool = True
    skip_resolve_phase_with_proxy: bool = False
    no_follow_redirects: bool | None = None
    fail_if_ssl: bool = False
    fail_if_not_ssl: bool = False
    method: str = ""
    headers: dict[str, str] = Field(default_factory=dict)
    fail_if_body_json_matches_cel: Cel | None = None
    fail_if_body_json_not_matches_cel: Cel | None = None
    fail_if_body_matches_regexp: Regexes = ()
    fail_if_body_not_matches_regexp: Regexes = ()
    fail_if_header_matches: tuple[HeaderMatch, ...] = ()
    fail_if_header_not_matches: tuple[HeaderMatch, ...] = ()
    body: str = ""
    body_file: str = ""
    compression: Literal["", "gzip", "br", "deflate", "identity"] = ""
    body_size_limit: Bytes = 0
    enable_http3: bool = False

    @property
    def follows(self) -> bool:
        """Whether redirects are followed; the older key wins where there are both."""
        old = self.no_follow_redirects
        return self.follow_redirects if old is None else not old

    @property
    def judges_json(self) -> bool:
        """Whether the body has to be JSON."""
        return bool(self.fail_if_body_json_matches_cel or self.fail_if_body_json_not_matches_cel)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        at_most_one(self, "body", "body_file")
        for name, value in self.headers.items():
            if name.lower() == "accept-encoding" and not takes(value, self.compression):
                raise Refused(
                    f"`Accept-Encoding: {value}` does not take the compression {self.compression}",
                    mend="let both name it, or leave the header out",
                    at=("headers", name),
                )
        wanted = set(self.valid_http_versions)
        if not self.enable_http3 and "HTTP/3.0" in wanted:
            raise Refused("HTTP/3.0 needs `enable_http3: true`", at=("valid_http_versions",))
        if self.enable_http3 and not wanted.isdisjoint({"HTTP/1.1", "HTTP/2.0"}):
            raise Refused("with `enable_http3` only HTTP/3.0 can be", at=("valid_http_versions",))
        if self.enable_http3 and self.enable_http2:
            raise Refused("HTTP/3 and HTTP/2 exclude each other", mend="write enable_http2: false")
        return self


def takes(accepted: str, encoding: str) -> bool:
    """Whether ``Accept-Encoding: accepted`` takes *encoding*, as the exporter reads it."""
    if not encoding or not accepted:
        return True
    ranked = []
    for part in accepted.split(","):
        name, _, quality = part.rpartition(";") if ";" in part else (part, "", "q=1")
        try:
            ranked.append((float(quality.strip().removeprefix("q=")), name.strip()))
        except ValueError:
            ranked.append((0.0, name.strip()))
    ranked.sort(key=lambda one: -one[0])
    return next((quality > 0 for quality, name in ranked if name in (encoding, "*")), False)


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

    @model_validator(mode="after")
    def _fits(self) -> Self:
        at_most_one(self, "expect", "expect_bytes")
        return self


MetadataName = Annotated[str, Field(pattern=r"^[A-Za-z0-9_.-]+$")]
MetadataValue = Annotated[str, Field(pattern=r"^[\x20-\x7e]*$")]


class Addressed(Written):
    """Which address of the target is used, and which one of ours."""

    preferred_ip_protocol: Protocol = ""
    ip_protocol_fallback: bool = True
    source_ip_address: str = ""


class Tcp(Addressed):
    """A ``tcp`` probe."""

    query_response: tuple[Turn, ...] = ()
    tls: bool = False
    tls_config: TlsConfig = TlsConfig()


class Unix(Written):
    """A ``unix`` probe."""

    query_response: tuple[Turn, ...] = ()
    tls: bool = False
    tls_config: TlsConfig = TlsConfig()


class WebSocket(Written):
    """A ``websocket`` probe."""

    http_config: Client = Client()
    headers: Headers = Field(default_factory=dict)
    query_response: tuple[Turn, ...] = ()
    preferred_ip_protocol: Protocol = ""
    ip_protocol_fallback: bool = True


class Records(Written):
    """``validate_answer_rrs`` and its like."""

    fail_if_matches_regexp: Regexes = ()
    fail_if_all_match_regexp: Regexes = ()
    fail_if_not_matches_regexp: Regexes = ()
    fail_if_none_matches_regexp: Regexes = ()


def _known(read: Callable[[str], object]) -> Callable[[str], str]:
    def check(word: str) -> str:
        try:
            read(word)
        except (dns.exception.DNSException, ValueError):
            raise Refused(f"`{word}` is nothing that DNS knows") from None
        return word

    return check


class Dns(Addressed):
    """A ``dns`` probe."""

    dns_over_tls: bool = False
    tls_config: TlsConfig = TlsConfig()
    transport_protocol: Literal["", "udp", "tcp"] = ""
    query_class: Annotated[str, AfterValidator(_known(dns.rdataclass.from_text))] = "IN"
    query_name: Annotated[str, Field(min_length=1)]
    query_type: Annotated[str, AfterValidator(_known(dns.rdatatype.from_text))] = "ANY"
    recursion_desired: bool = True
    valid_rcodes: tuple[Annotated[str, AfterValidator(_known(dns.rcode.from_text))], ...] = ()
    validate_answer_rrs: Records = Records()
    validate_authority_rrs: Records = Records()
    validate_additional_rrs: Records = Records()


class Icmp(Addressed):
    """An ``icmp`` probe."""

    payload_size: Annotated[int, Field(ge=0, le=65_500)] = 0
    dont_fragment: bool = False
    ttl: Annotated[int, Field(ge=0, le=255)] = 64


class Grpc(Written):
    """A ``grpc`` probe."""

    service: str = ""
    tls: bool = False
    tls_config: TlsConfig = TlsConfig()
    preferred_ip_protocol: Protocol = ""
    ip_protocol_fallback: bool = True
    metadata: dict[MetadataName, tuple[MetadataValue, ...]] = Field(default_factory=dict)


class ModuleWritten(Written):
    """One module."""

    prober: Literal["http", "tcp", "dns", "icmp", "grpc", "unix", "websocket"]
    timeout: Seconds = 0.0
    http: Http = Http()
    tcp: Tcp = Tcp()
    dns: Dns | None = None
    icmp: Icmp = Icmp()
    # The exporter's own defaults hold only inside of `grpc:`; without it Go's zero stands here.
    grpc: Grpc = Grpc(ip_protocol_fallback=False)
    unix: Unix = Unix()
    websocket: WebSocket = WebSocket()
