"""
Declaring by a command what does not count (R2): what is asked, checked, becomes a change.

The same text is handed in over HTTP where a service runs, and taken by the command itself
where none does, so that both mean the same.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType
from typing import Annotated, Any, ClassVar

from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    TypeAdapter,
    ValidationError,
)

from synthetics import words
from synthetics.accounting.misread import misread
from synthetics.clock import millis
from synthetics.config.model import Config
from synthetics.config.scalars import Instant
from synthetics.config.words import did_you_mean
from synthetics.store import exclusions
from synthetics.store.exclusions import Exclusion, Kind

LONGEST_TEXT = 500
"""Characters of a reason or of an author's name."""

Change = Callable[[sqlite3.Connection], Exclusion]
"""Writes one declaration; what it came to."""


class NotDeclaredError(ValueError):
    """What was asked makes no sense; says why, and how to mend it."""


def _one_line(text: str) -> str:
    """*text* with its spaces and line breaks made single spaces."""
    line = " ".join(text.split())
    if not line or not line.isprintable():
        raise ValueError("this says nothing, or holds control characters")
    return line


Said = Annotated[str, StringConstraints(max_length=LONGEST_TEXT), AfterValidator(_one_line)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """
    A time that shall not count.

    Attributes:
        start, end: When, ``[start, end)``.
        reason: Why.
        author: Who says so.
        services, slos: What it concerns; everything if both are empty.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    start: Annotated[Instant, Field(alias="from")]
    end: Annotated[Instant, Field(alias="to")]
    reason: Said
    author: Said
    services: tuple[str, ...] = ()
    slos: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """
    An exclusion that shall be over.

    Attributes:
        number: Which one.
        at: When; now if it is not said.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    number: Annotated[int, Field(alias="id")]
    reason: Said
    author: Said
    at: Instant | None = None


_declarations = TypeAdapter(Declaration)
_endings = TypeAdapter(Ending)


def maintenance(config: Config, body: Mapping[str, Any], now_ms: int) -> Change:
    """
    Declare maintenance, in the past or in the future.

    Raises:
        NotDeclaredError: *body* is no `Declaration` for *config*.
    """
    return _declare(Kind.MAINTENANCE, config, _read(_declarations, body), now_ms)


def correction(config: Config, body: Mapping[str, Any], now_ms: int) -> Change:
    """
    Declare afterwards that a time does not count.

    Raises:
        NotDeclaredError: *body* is no `Declaration` for *config*, or of what is to come.
    """
    asked = _read(_declarations, body)
    if millis(asked.end) > now_ms:
        raise NotDeclaredError(
            "a correction is of what was, and this one ends in the future\n"
            "  to mend: declare maintenance instead, or write an earlier end"
        )
    return _declare(Kind.CORRECTION, config, asked, now_ms)


def ending(_: Config, body: Mapping[str, Any], now_ms: int) -> Change:
    """
    End maintenance now, or when it is said; before its beginning, nothing is left of it.

    Raises:
        NotDeclaredError: *body* is no `Ending`.
    """
    asked = _read(_endings, body)
    at_ms = now_ms if asked.at is None else millis(asked.at)
    return partial(_end, asked=asked, kind=Kind.MAINTENANCE, at_ms=at_ms, now_ms=now_ms)


def withdrawal(_: Config, body: Mapping[str, Any], now_ms: int) -> Change:
    """
    Take a correction back, as a whole.

    Raises:
        NotDeclaredError: *body* is no `Ending`, or says when.
    """
    asked = _read(_endings, body)
    if asked.at is not None:
        raise NotDeclaredError("a correction is taken back as a whole\n  to mend: leave out `at`")
    return partial(_end, asked=asked, kind=Kind.CORRECTION, at_ms=None, now_ms=now_ms)


ACTS: Mapping[str, Callable[[Config, Mapping[str, Any], int], Change]] = MappingProxyType(
    {
        "maintenance": maintenance,
        "maintenance/end": ending,
        "corrections": correction,
        "corrections/withdraw": withdrawal,
    }
)
"""By the end of the URL where it is handed in."""


def as_json(what: Exclusion) -> dict[str, Any]:
    """*what* for programs: ``to`` is the end that holds, ``ended`` what cut it short."""
    ended = what.end
    return {
        "id": what.id,
        "kind": what.kind.value,
        "from": words.iso(what.from_ms),
        "to": words.iso(what.end_ms),
        "services": list(what.services),
        "slos": list(what.slos),
        "author": what.author,
        "reason": what.reason,
        "declared_at": words.iso(what.declared_ms),
        "taken_back": what.taken_back,
        "ended": None
        if ended is None
        else {
            "author": ended.author,
            "reason": ended.reason,
            "declared_at": words.iso(ended.declared_ms),
        },
    }


def _read(adapter: TypeAdapter[Any], body: Mapping[str, Any]) -> Any:
    try:
        return adapter.validate_python(body)
    except ValidationError as error:
        raise NotDeclaredError(misread(error)) from None


def _declare(kind: Kind, config: Config, asked: Declaration, now_ms: int) -> Change:
    _check_names("service", asked.services, config.services)
    _check_names("SLO", asked.slos, config.slos)
    from_ms, to_ms = millis(asked.start), millis(asked.end)
    if to_ms <= from_ms:
        raise NotDeclaredError(
            "it ends before it begins\n  to mend: exchange the two, or write a later end"
        )

    def change(db: sqlite3.Connection) -> Exclusion:
        number = exclusions.declare(
            db,
            kind=kind,
            from_ms=from_ms,
            to_ms=to_ms,
            services=asked.services,
            slos=asked.slos,
            author=asked.author,
            reason=asked.reason,
            declared_ms=now_ms,
        )
        return _found(db, number, kind)

    return change


def _end(
    db: sqlite3.Connection, *, asked: Ending, kind: Kind, at_ms: int | None, now_ms: int
) -> Exclusion:
    known = _found(db, asked.number, kind)
    to_ms = known.from_ms if at_ms is None else max(known.from_ms, at_ms)
    if to_ms >= known.end_ms:
        raise NotDeclaredError(
            f"{kind} {asked.number} was taken back already"
            if known.taken_back
            else f"{kind} {asked.number} is over by then already"
        )
    exclusions.end(
        db,
        asked.number,
        to_ms=to_ms,
        author=asked.author,
        reason=asked.reason,
        declared_ms=now_ms,
    )
    return _found(db, asked.number, kind)


def _found(db: sqlite3.Connection, number: int, kind: Kind) -> Exclusion:
    found = exclusions.by_id(db, number)
    if found is None or found.kind is not kind:
        raise NotDeclaredError(
            f"there is no {kind} {number}\n"
            "  to mend: `synthetics maintenance list` says which there are"
        )
    return found


def _check_names(what: str, names: Collection[str], known: Collection[str]) -> None:
    for name in names:
        if name not in known:
            raise NotDeclaredError(
                f"there is no {what} `{name}`\n  to mend: {did_you_mean(name, list(known))}"
            )
