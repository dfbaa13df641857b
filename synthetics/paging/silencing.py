"""
Declaring by a command whose alerts nobody is told of for a while: asked, checked, a change.

The same text is handed in over HTTP where a service runs, and taken by the command itself
where none does, so that both mean the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from synthetics.accounting.declaring import Ending, NotDeclaredError, Said
from synthetics.accounting.misread import misread
from synthetics.clock import millis
from synthetics.config.model import Config
from synthetics.config.model_watch import SYNTHETICS
from synthetics.config.scalars import Instant
from synthetics.config.words import did_you_mean
from synthetics.store import silences
from synthetics.store.silences import Matchers, Silence

Change = Callable[[sqlite3.Connection], Silence]
"""Writes one declaration; what it came to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    A silence that is wanted.

    Attributes:
        start, end: When, ``[start, end)``.
        reason: Why.
        author: Who says so.
        services, slos, probes, severities, labels: Which alerts: all that is named must match.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    start: Annotated[Instant, Field(alias="from")]
    end: Annotated[Instant, Field(alias="to")]
    reason: Said
    author: Said
    services: tuple[str, ...] = ()
    slos: tuple[str, ...] = ()
    probes: tuple[str, ...] = ()
    severities: tuple[Literal["page", "ticket"], ...] = ()
    labels: Mapping[str, str] = field(default_factory=dict)


_asked = TypeAdapter(Asked)
_endings = TypeAdapter(Ending)


def adding(config: Config, body: Mapping[str, Any], now_ms: int) -> Change:
    """
    Silence what matches, from now on or later.

    Raises:
        NotDeclaredError: *body* is not `Asked` for *config*, is over already, or matches all.
    """
    asked: Asked = _read(_asked, body)
    _check_names("service", asked.services, (*config.services, SYNTHETICS))
    _check_names("SLO", asked.slos, config.slos)
    _check_names("probe", asked.probes, config.probes)
    matchers = Matchers(
        services=asked.services,
        slos=asked.slos,
        probes=asked.probes,
        severities=asked.severities,
        labels=dict(asked.labels),
    )
    if not matchers:
        raise NotDeclaredError(
            "this would silence everything\n"
            "  to mend: name a service, an SLO, a probe, a severity or a label"
        )
    if asked.labels and not any(
        asked.labels.items() <= probe.labels.items() for probe in config.probes.values()
    ):
        raise NotDeclaredError(
            "no probe has these labels, so nothing would be silenced\n"
            "  to mend: see the `labels` of the probes in the configuration"
        )
    from_ms, to_ms = millis(asked.start), millis(asked.end)
    if to_ms <= max(from_ms, now_ms):
        raise NotDeclaredError("it is over before it begins\n  to mend: write a later end")

    def change(db: sqlite3.Connection) -> Silence:
        number = silences.declare(
            db,
            from_ms=from_ms,
            to_ms=to_ms,
            matchers=matchers,
            author=asked.author,
            reason=asked.reason,
            declared_ms=now_ms,
        )
        return _found(db, number)

    return change


def ending(_: Config, body: Mapping[str, Any], now_ms: int) -> Change:
    """
    End a silence now, or when it is said; before its beginning, nothing is left of it.

    Raises:
        NotDeclaredError: *body* is no `Ending`.
    """
    asked: Ending = _read(_endings, body)
    # What was told while it held cannot be taken back: an end in the past is one now.
    at_ms = now_ms if asked.at is None else max(millis(asked.at), now_ms)
    return partial(_end, asked=asked, at_ms=at_ms, now_ms=now_ms)


ACTS: Mapping[str, Callable[[Config, Mapping[str, Any], int], Change]] = MappingProxyType(
    {"silences": adding, "silences/end": ending}
)
"""By the end of the URL where it is handed in."""


def _read(adapter: TypeAdapter[Any], body: Mapping[str, Any]) -> Any:
    try:
        return adapter.validate_python(body)
    except ValidationError as error:
        raise NotDeclaredError(misread(error)) from None


def _end(db: sqlite3.Connection, *, asked: Ending, at_ms: int, now_ms: int) -> Silence:
    known = _found(db, asked.number)
    to_ms = max(known.from_ms, at_ms)
    if to_ms >= known.end_ms:
        raise NotDeclaredError(
            f"silence {asked.number} was taken back already"
            if known.taken_back
            else f"silence {asked.number} is over by then already"
        )
    silences.end(
        db,
        asked.number,
        to_ms=to_ms,
        author=asked.author,
        reason=asked.reason,
        declared_ms=now_ms,
    )
    return _found(db, asked.number)


def _found(db: sqlite3.Connection, number: int) -> Silence:
    found = silences.by_id(db, number)
    if found is None:
        raise NotDeclaredError(
            f"there is no silence {number}\n"
            "  to mend: `synthetics silence list` says which there are"
        )
    return found


def _check_names(what: str, names: Collection[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise NotDeclaredError(
                f"there is no {what} `{name}`\n  to mend: {did_you_mean(name, list(known))}"
            )
