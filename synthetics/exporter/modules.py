"""Reads the module file: every mistake with its place, and what we cannot do yet, by module."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from yaml.nodes import Node

from probes.curl.handle import SPEAKS_HTTP3
from probes.fields import Refused
from probes.net.trust import TlsOrder
from synthetics.config.nodes import dotted, find, key_of
from synthetics.config.problems import ConfigError, Problem
from synthetics.config.words import in_words
from synthetics.exporter import cel
from synthetics.exporter.client import (
    NOTHING,
    Sent,
    Tokens,
    body_of,
    sent_by_http,
    sent_by_websocket,
    tls_of,
    tokens_of,
)
from synthetics.exporter.shown import shown
from synthetics.exporter.written import Dns, Http, ModuleWritten, WebSocket
from synthetics.exporter.written_client import TlsConfig


@dataclass(frozen=True, eq=False)
class Module:
    """
    One module, ready to be asked.

    Attributes:
        written: As in the file.
        cannot: What of it we cannot do, for people; empty if nothing.
        tls: Whom to trust over TLS.
        sent: The headers of HTTP.
        opening: Those of a WebSocket, by name.
        tokens: Where a token for ``Authorization`` comes from, if that is wanted.
        body: What is sent, if anything.
        shown: The module as it may be shown.
    """

    name: str
    written: ModuleWritten
    cannot: tuple[str, ...]
    tls: TlsOrder
    sent: Sent
    opening: Mapping[str, str]
    tokens: Tokens | None
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
        written = _tls_config(self.written)
        return written.server_name if written is not None else ""


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
        loader = yaml.CSafeLoader(text)
        root = loader.get_single_node()
        data = loader.construct_document(root) if root is not None else None
    except yaml.MarkedYAMLError as error:
        at = error.problem_mark or error.context_mark
        place = (at.line + 1, at.column + 1) if at else None
        raise ConfigError([_problem(path, place, "", f"not YAML: {error.problem}")]) from None
    except yaml.YAMLError as error:
        why = " ".join(str(error).split())
        raise ConfigError([_problem(path, None, "", f"not YAML: {why}")]) from None
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
            problems += [
                _mistake(path, root, name, each) for each in error.errors(include_url=False)
            ]
    if problems:
        raise ConfigError(sorted(problems, key=lambda one: (one.line, one.column)))
    return found


def _mistake(path: Path, root: Node, name: str, error: ErrorDetails) -> Problem:
    refused = error.get("ctx", {}).get("error")
    at = ("modules", name, *error["loc"], *(refused.at if isinstance(refused, Refused) else ()))
    what, mend = in_words(error)
    node, under, real = find(root, at)
    if error["type"] == "extra_forbidden":
        real, what, mend = at, f"there is no key `{at[-1]}` here", "delete it"
    elif error["type"] == "missing":
        real, what, mend = at, f"`{at[-1]}` is missing", "write it"
    mark = (under or node).start_mark
    return _problem(path, (mark.line + 1, mark.column + 1), dotted(real), what, mend)


def line_of(path: Path, name: str) -> int:
    """Where module *name* begins in the file *path*, from 1; 1 if it is not there."""
    root = yaml.compose(path.read_text("utf-8"), yaml.CSafeLoader)
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
    kind = getattr(written, written.prober)
    sent, tokens, body = NOTHING, None, None
    opening: Mapping[str, str] = {}
    if isinstance(kind, Http):
        sent = sent_by_http(kind, cannot)
        tokens = tokens_of(kind.oauth2, cannot)
        body = body_of(kind, cannot)
        cannot += _missing(kind)
    elif isinstance(kind, WebSocket):
        opening = sent_by_websocket(kind, cannot)
    if written.prober == "dns":
        cannot += _unasked(written.dns)
    tls_config = _tls_config(written)
    return Module(
        name=name,
        written=written,
        tls=tls_of(tls_config, cannot) if tls_config is not None else TlsOrder(),
        cannot=tuple(cannot),
        sent=sent,
        opening=opening,
        tokens=tokens,
        body=body,
        shown=shown(written),
    )


def _tls_config(written: ModuleWritten) -> TlsConfig | None:
    kind = getattr(written, written.prober)
    found = getattr(getattr(kind, "http_config", kind), "tls_config", None)
    return found if isinstance(found, TlsConfig) else None


def _missing(kind: Http) -> Iterator[str]:
    """What this installation has not got."""
    conditions = (kind.fail_if_body_json_matches_cel, kind.fail_if_body_json_not_matches_cel)
    if any(one is not None and not one.ready for one in conditions):
        yield cel.MISSING
    if kind.enable_http3 and not SPEAKS_HTTP3:
        yield "this libcurl does not speak HTTP/3"


def _unasked(written: Dns | None) -> Iterator[str]:
    if written is None:
        yield "there is no `dns:` in it, so nothing to ask for"
    elif written.dns_over_tls and written.transport_protocol != "tcp":
        yield "DNS over TLS takes `transport_protocol: tcp`"
