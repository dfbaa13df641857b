"""What is asked of a drill, and what came of it, for programs and for people."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from synthetics import words
from synthetics.accounting.declaring import Said
from synthetics.accounting.misread import misread
from synthetics.config.model import Config, Severity
from synthetics.paging.drill import LIMIT_S
from synthetics.paging.ways import NoDrillError, Way, all_ways, way_of
from synthetics.store.drills import Drill, Hop


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """
    A drill, as it is asked for.

    Attributes:
        target: A service or a receiver; everything if it is not said.
        severity: Which routes of a service are followed.
        author: Who asks.
        limit_s: How long everybody has to take the beginning, and again the end.
        fail_probe: A probe that is taken to fail instead, see `synthetics.paging.exercise` ...
        lasts_s: ... for so long.
    """

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    target: str | None = None
    severity: Literal["page", "ticket"] = "page"
    author: Said
    limit_s: Annotated[float, Field(ge=0.1, le=600)] = LIMIT_S
    fail_probe: str | None = None
    lasts_s: Annotated[float, Field(ge=1, le=6 * 3600)] = 300.0

    def ways(self, config: Config, at_ms: int) -> list[Way]:
        """
        Whom it is to reach, one drill after the other.

        Raises:
            NoDrillError: Nobody, or there is no such thing.
        """
        if self.target is not None:
            return [way_of(config, self.target, Severity(self.severity), at_ms)]
        ways = all_ways(config, at_ms)
        if not ways:
            raise NoDrillError("there is nobody to tell\n  to mend: add receivers and routes")
        return ways


_asked = TypeAdapter(Asked)


def asked(body: Mapping[str, Any]) -> Asked:
    """
    Read what is asked.

    Raises:
        NoDrillError: It makes no sense.
    """
    try:
        return _asked.validate_python(body)
    except ValidationError as error:
        raise NoDrillError(misread(error)) from None


def proved(services: Iterable[str], done: Sequence[Drill], at_ms: int) -> str:
    """When the pages of each service were last proved to arrive; empty if none ever were."""
    newest: dict[str, int] = {}
    for one in done:
        if one.passed and one.severity == Severity.PAGE:
            for service in one.services:
                newest[service] = max(newest.get(service, 0), one.began_ms)
    if not newest:
        return ""
    named = list(services)
    known = [f"{name} {words.about(at_ms - newest[name])} ago" for name in named if name in newest]
    never = [name for name in named if name not in newest]
    parts = [
        *([", ".join(known)] if known else []),
        *([f"never {', '.join(never)}"] if never else []),
    ]
    return f"Pages last drilled: {'; '.join(parts)}"


def as_json(one: Drill) -> dict[str, Any]:
    """*one* for programs."""
    return {
        "id": one.id,
        "services": list(one.services),
        "severity": one.severity,
        "receiver": one.receiver or None,
        "probe": one.probe or None,
        "author": one.author,
        "began_at": words.iso(one.began_ms),
        "ended_at": None if one.ended_ms is None else words.iso(one.ended_ms),
        "passed": one.passed,
        "hops": [_hop(hop) for hop in one.hops],
    }


def _hop(hop: Hop) -> dict[str, Any]:
    def after_s(ms: int | None) -> float | int | None:
        return None if ms is None else words.seconds(ms - hop.owed_ms)

    return {
        "receiver": hop.receiver,
        "owed_at": words.iso(hop.owed_ms),
        "sent_after_s": after_s(hop.sent_ms),
        "accepted_after_s": after_s(hop.accepted_ms),
        "resolved_after_s": after_s(hop.resolved_ms),
        "passed": hop.passed,
        "trouble": hop.trouble,
    }
