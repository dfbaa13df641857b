"""Reads the module file: every mistake with its place, and what we cannot do yet, by module."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import dns.exception
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import yaml
from pydantic import ValidationError
from yaml.nodes import Node

from probes.net.trust import TlsOrder
from synthetics.config.nodes import dotted, find, key_of
from synthetics.config.problems import ConfigError, Problem
from synthetics.config.words import in_words
from synthetics.exporter.written import Dns, Http, ModuleWritten, TlsConfig

_VERSIONS = {"TLS10": "1.0", "TLS11": "1.1", "TLS12": "1.2", "TLS13": "1.3"}
_NOT_YET = ("grpc", "unix", "websocket")
_UNDONE = (
    "oauth2", "no_proxy", "proxy_from_environment", "proxy_connect_header",
    "enable_http3", "fail_if_body_json_matches_cel", "fail_if_body_json_not_matches_cel",
)  # fmt: skip
_HIDDEN = frozenset(
    {"password", "credentials", "bearer_token", "secrets", "client_secret", "key", "proxy_url"}
)
"""Keys whose values are never shown."""


@dataclass(frozen=True, eq=False)
class Module:
    """
    One module, ready to be asked.

    Attributes:
        written: As in the file.
        cannot: What of it we cannot do, for people; empty if nothing.
        tls: Whom to trust over TLS.
        headers: Header lines by lower-case name, `Host` not among them.
        secrets: Names of those that only the target's own origin may see.
        host: The ``Host`` header; empty if none.
        body: What is sent, if anything.
        shown: The module as it may be shown.
    """

    name: str
    written: ModuleWritten
    cannot: tuple[str, ...]
    tls: TlsOrder
    headers: Mapping[str, str]
    secrets: frozenset[str]
    host: str
    body: bytes | None
    shown: str

    @property
    def prober(self) -> str:
        """``http`` and the like."""
        return self.written.prober

    @cached_property
    def source(self) -> str:
        """Our own IP address to ask from; empty for any."""
        return str(getattr(getattr(self.written, self.prober), "source_ip_address", ""))

    @cached_property
    def tls_abroad(self) -> TlsOrder:
        """For another origin, which does not see our own certificate."""
        return replace(self.tls, certificate=None, key=None)

    @cached_property
    def server_name(self) -> str:
        """What is asked for and verified over TLS instead of the target's host; empty if that."""
        kind = getattr(self.written, self.prober)
        return str(kind.tls_config.server_name)


def load(path: Path) -> Mapping[str, Module]:
    """
    The modules in *path* by name.

    Raises:
        ConfigError: It cannot be taken; says every mistake.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError([_problem(path, None, "", f"it cannot be read: {why}")]) from None
    try:
        loader = yaml.SafeLoader(text)
        root = loader.get_single_node()
        data = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        place = (at.line + 1, at.column + 1) if at else None
        raise ConfigError([_problem(path, place, "", f"not YAML: {error.problem}")]) from None
    except yaml.YAMLError as error:
        raise ConfigError([_problem(path, None, "", f"not YAML: {error}")]) from None
    written = data.get("modules") if isinstance(data, dict) else None
    if (
        root is None
        or not isinstance(data, dict)
        or not isinstance(written, dict)
        or set(data) != {"modules"}
    ):
        what = "this is no module file of blackbox_exporter"
        raise ConfigError(
            [_problem(path, None, "", what, "write `modules:` and nothing beside it")]
        )
    return _modules(path, root, written)


def _modules(path: Path, root: Node, written: dict[Any, Any]) -> Mapping[str, Module]:
    found: dict[str, Module] = {}
    problems: list[Problem] = []
    for key, value in written.items():
        name = str(key)
        try:
            found[name] = _module(name, ModuleWritten.model_validate(value))
        except ValidationError as error:
            for each in error.errors(include_url=False):
                what, mend = in_words(each)
                node, under, real = find(root, ("modules", name, *each["loc"]))
                if each["type"] == "extra_forbidden":
                    real = ("modules", name, *each["loc"])
                    what, mend = f"there is no key `{each['loc'][-1]}` here", "delete it"
                mark = (under or node).start_mark
                place = (mark.line + 1, mark.column + 1)
                problems.append(_problem(path, place, dotted(real), what, mend))
    if problems:
        raise ConfigError(sorted(problems, key=lambda one: (one.line, one.column)))
    return found


def line_of(path: Path, name: str) -> int:
    """Where module *name* begins in the file *path*, from 1; 1 if it is not there."""
    root = yaml.compose(path.read_text("utf-8"), yaml.SafeLoader)
    assert root is not None
    modules, _, _ = find(root, ("modules",))
    for key, _ in modules.value:
        if key_of(key) == name:
            return int(key.start_mark.line) + 1
    return 1


def _problem(
    path: Path, place: tuple[int, int] | None, at: str, what: str, mend: str = ""
) -> Problem:
    line, column = place or (0, 0)
    return Problem(file=str(path), line=line, column=column, path=at, what=what, mend=mend)


def _module(name: str, written: ModuleWritten) -> Module:
    cannot: list[str] = []
    if written.prober in _NOT_YET:
        cannot.append(f"the prober {written.prober} is not there yet")
    kind = getattr(written, written.prober)
    headers: dict[str, str] = {}
    tls, secrets, host, body = TlsOrder(), frozenset[str](), "", None
    tls_config = getattr(kind, "tls_config", None)
    if isinstance(tls_config, TlsConfig):
        tls = _tls(tls_config, cannot)
    if isinstance(kind, Http):
        cannot += [f"`{key}` is not there yet" for key in _UNDONE if getattr(kind, key)]
        headers, secrets, host = _headers(kind, cannot)
        body = _body(kind, cannot)
    if written.prober == "dns":
        cannot += _unasked(written.dns)
    return Module(
        name=name,
        written=written,
        cannot=tuple(cannot),
        tls=tls,
        headers=headers,
        secrets=secrets,
        host=host,
        body=body,
        shown=_shown(written),
    )


def _read(file: str, cannot: list[str]) -> bytes:
    """What is in *file*, a path from the working directory, as the exporter has it."""
    try:
        return Path(file).read_bytes()
    except OSError as error:
        cannot.append(f"{file} cannot be read: {error.strerror}")
        return b""


def _tls(written: TlsConfig, cannot: list[str]) -> TlsOrder:
    def pem(text: str, file: str) -> bytes | None:
        return text.encode() if text else _read(file, cannot) if file else None

    if written.max_version is not None:
        cannot.append("`max_version` is not there yet")
    return TlsOrder(
        ca=pem(written.ca, written.ca_file),
        certificate=pem(written.cert, written.cert_file),
        key=pem(written.key, written.key_file),
        verify=not written.insecure_skip_verify,
        min_version=_VERSIONS[written.min_version] if written.min_version else None,
    )


def _headers(kind: Http, cannot: list[str]) -> tuple[dict[str, str], frozenset[str], str]:
    lines: dict[str, str] = {}
    secrets = {"authorization", "cookie"}
    host = ""
    for name, value in kind.headers.items():
        if name.lower() == "host":
            host = value
        else:
            lines[name.lower()] = _line(name, value, cannot)
    for name, header in kind.http_headers.items():
        from_files = [_read(file, cannot).decode("utf-8", "replace") for file in header.files]
        values = [*header.values, *header.secrets, *(text.strip() for text in from_files)]
        if values:
            lines[name.lower()] = _line(name, values[-1], cannot)
        if header.secrets or header.files:
            secrets.add(name.lower())
    if kind.compression not in ("", "identity"):
        lines.setdefault("accept-encoding", f"Accept-Encoding: {kind.compression}")
    authorization = _authorization(kind, cannot)
    if authorization:
        lines.setdefault("authorization", _line("Authorization", authorization, cannot))
    return lines, frozenset(secrets), host


def _line(name: str, value: str, cannot: list[str]) -> str:
    if any(character in name + value for character in "\r\n\0"):
        cannot.append(f"the header {name!r} has a line break in it")
        return ""
    return f"{name}: {value}" if value else f"{name};"


def _authorization(kind: Http, cannot: list[str]) -> str:
    def either(text: str, file: str) -> str:
        return text or (_read(file, cannot).decode("utf-8", "replace").strip() if file else "")

    if kind.basic_auth is not None:
        basic = kind.basic_auth
        login = (
            f"{either(basic.username, basic.username_file)}:"
            f"{either(basic.password, basic.password_file)}"
        )
        return f"Basic {base64.b64encode(login.encode()).decode()}"
    if kind.authorization is not None:
        said = kind.authorization
        return f"{said.type} {either(said.credentials, said.credentials_file)}"
    token = either(kind.bearer_token, kind.bearer_token_file)
    return f"Bearer {token}" if token else ""


def _body(kind: Http, cannot: list[str]) -> bytes | None:
    if kind.body:
        return kind.body.encode()
    if kind.body_file:
        return _read(kind.body_file, cannot)
    return b"" if kind.method in {"POST", "PUT", "PATCH"} else None


def _unasked(written: Dns | None) -> Iterator[str]:
    if written is None:
        yield "there is no `dns:` in it, so nothing to ask for"
        return
    for read, word in (
        (dns.rdatatype.from_text, written.query_type),
        (dns.rdataclass.from_text, written.query_class),
        *((dns.rcode.from_text, code) for code in written.valid_rcodes),
    ):
        try:
            read(word)
        except (dns.exception.DNSException, ValueError):
            yield f"`{word}` is nothing that DNS knows"
    if written.dns_over_tls and written.transport_protocol != "tcp":
        yield "DNS over TLS takes `transport_protocol: tcp`"


def _shown(written: ModuleWritten) -> str:
    """As YAML, without what is left at its default, and without secrets."""
    kept = written.model_dump(mode="python", exclude_unset=True)
    return yaml.safe_dump(_plain(kept, ()), sort_keys=False, allow_unicode=True)


def _plain(value: Any, path: tuple[str, ...]) -> Any:
    if isinstance(value, Mapping):
        return {key: _plain(inner, (*path, str(key))) for key, inner in value.items()}
    if value and (path[-1] in _HIDDEN or path[-2:-1] in (("headers",), ("endpoint_params",))):
        return "<secret>"
    if isinstance(value, list | tuple):
        return [_plain(inner, path) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "backslashreplace")
    if hasattr(value, "pattern"):
        return value.pattern.decode("utf-8", "replace")
    return value
