"""
A sample as a row, and back.

What is counted has columns of its own.  The rest of a plain sample is a short blob, because a
column costs a byte in every row even where it holds nothing:

    flags: one byte     which of the following are there, from the lowest bit: resolve, connect,
                        TLS, first byte, transfer, size of the body, trace, details
    late_ms, attempts   always; numbers are 7 bits a byte, lowest first, as in protobuf
    phases              in microseconds
    body_bytes
    trace_id            16 bytes

Steps, evidence and the words of a failure are JSON in a table of their own.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from typing import Any, NamedTuple

from probes.result import Evidence, Facts, Outcome, Phases, Result, StepResult, Vitals
from synthetics.clock import instant, millis
from synthetics.sample import Sample
from synthetics.store.codes import NUMBERS, OUTCOMES
from synthetics.store.step_codes import pack_steps

PHASES = ("resolve_s", "connect_s", "tls_s", "first_byte_s", "transfer_s")
BODY, TRACE, DETAILS = 0x20, 0x40, 0x80
NO_PHASES, NO_FACTS = Phases(), Facts()

FactsKey = tuple[int | None, str | None, str | None, str | None, int, datetime | None]

Row = tuple[int, int, int, int, int, int | None, int | None, bytes, bytes | None]
"""As the columns of ``samples``."""


class Stored(NamedTuple):
    """A row read back, its words looked up and its details joined."""

    scheduled_ms: int
    series_id: int
    outcome: int
    confirmed: int
    duration_us: int
    reason: str | None
    facts: str | None
    packed: bytes
    details: bytes | None


def row(
    sample: Sample,
    series_id: int,
    reason_id: Callable[[str], int],
    facts_id: Callable[[int, FactsKey], int | None],
    step_id: Callable[[str], int],
) -> tuple[Row, bytes | None]:
    """
    *sample* as a row and its details, if it has any.

    Args:
        sample: What to store.
        series_id: The series it belongs to.
        reason_id: Looks a reason up, or gives it a number.
        facts_id: The same for facts; ``None`` if they are to be kept with the details.
        step_id: The same for the names of steps.
    """
    result = sample.result
    facts = result.facts
    facts_number: int | None = None
    apart: dict[str, Any] = {}
    if facts is not NO_FACTS:
        key = facts_key(facts)
        if key != NO_KEY:
            facts_number = facts_id(series_id, key)
            if facts_number is None:
                apart["facts"] = facts_dict(key)
        if facts.vitals is not None:
            apart["vitals"] = _vitals_dict(facts.vitals)
    if result.detail:
        apart["detail"] = result.detail
    if result.failed_step:
        apart["failed_step"] = result.failed_step
    if result.steps:
        apart["steps"] = [_step_dict(step) for step in result.steps]
    if result.evidence is not None:
        apart["evidence"] = _without_defaults(asdict(result.evidence))
    values: Row = (
        sample.scheduled_ms,
        series_id,
        NUMBERS[result.outcome],
        NUMBERS[sample.confirmed],
        round(result.duration_s * 1e6),
        reason_id(result.reason) if result.reason else None,
        facts_number,
        _pack(sample, bool(apart)),
        pack_steps(result.steps, step_id) if result.steps else None,
    )
    return values, compress(apart) if apart else None


def sample(stored: Stored, probe: str, location: str) -> Sample:
    """The sample that *stored* was made from."""
    late_ms, attempts, phases, body_bytes, trace_id, has_details = _unpack(stored.packed)
    # Details without the flag belong to an earlier sample that this one replaced.
    apart = expand(stored.details) if has_details and stored.details is not None else {}
    facts = json.loads(stored.facts) if stored.facts else apart.get("facts", {})
    evidence = apart.get("evidence")
    return Sample(
        probe=probe,
        location=location,
        scheduled_ms=stored.scheduled_ms,
        late_ms=late_ms,
        confirmed=OUTCOMES[stored.confirmed],
        attempts=attempts,
        result=Result(
            started_at=instant(stored.scheduled_ms + late_ms),
            duration_s=stored.duration_us / 1e6,
            outcome=OUTCOMES[stored.outcome],
            reason=stored.reason or "",
            detail=apart.get("detail", ""),
            trace_id=trace_id,
            failed_step=apart.get("failed_step", ""),
            phases=phases,
            facts=_facts(facts, body_bytes, apart.get("vitals")),
            steps=tuple(_step(step) for step in apart.get("steps", ())),
            evidence=None if evidence is None else _evidence(evidence),
        ),
    )


def compress(value: dict[str, Any]) -> bytes:
    """*value* as small JSON."""
    return zlib.compress(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(), 1)


def expand(blob: bytes) -> dict[str, Any]:
    """The reverse of `compress`."""
    value: dict[str, Any] = json.loads(zlib.decompress(blob))
    return value


def facts_key(facts: Facts) -> FactsKey:
    """What of *facts* is the same from sample to sample: all but the size of the body."""
    return (
        facts.status,
        facts.protocol,
        facts.address,
        facts.url,
        facts.redirects,
        facts.certificate_expires_at,
    )


def facts_dict(key: FactsKey) -> dict[str, Any]:
    """*key* for JSON, without what is not known."""
    status, protocol, address, url, redirects, expires_at = key
    return _without_defaults(
        {
            "status": status,
            "protocol": protocol,
            "address": address,
            "url": url,
            "redirects": redirects,
            "certificate_expires_ms": None if expires_at is None else millis(expires_at),
        }
    )


NO_KEY = facts_key(NO_FACTS)


def _pack(sample: Sample, has_details: bool) -> bytes:
    result = sample.result
    flags = DETAILS if has_details else 0
    packed = bytearray(1)
    _number(packed, sample.late_ms)
    _number(packed, sample.attempts)
    phases = result.phases
    if phases is not NO_PHASES:
        for bit, seconds in enumerate(
            (
                phases.resolve_s,
                phases.connect_s,
                phases.tls_s,
                phases.first_byte_s,
                phases.transfer_s,
            )
        ):
            if seconds is not None:
                flags |= 1 << bit
                _number(packed, round(seconds * 1e6))
    if result.facts.body_bytes is not None:
        flags |= BODY
        _number(packed, result.facts.body_bytes)
    if result.trace_id:
        flags |= TRACE
        packed += bytes.fromhex(result.trace_id)
    packed[0] = flags
    return bytes(packed)


def _unpack(packed: bytes) -> tuple[int, int, Phases, int | None, str, bool]:
    flags = packed[0]
    late_ms, at = _read_number(packed, 1)
    attempts, at = _read_number(packed, at)
    seen: dict[str, float] = {}
    for bit, name in enumerate(PHASES):
        if flags & (1 << bit):
            microseconds, at = _read_number(packed, at)
            seen[name] = microseconds / 1e6
    body_bytes: int | None = None
    if flags & BODY:
        body_bytes, at = _read_number(packed, at)
    trace_id = packed[at:].hex() if flags & TRACE else ""
    return late_ms, attempts, Phases(**seen), body_bytes, trace_id, bool(flags & DETAILS)


def _number(packed: bytearray, number: int) -> None:
    if number < 0:
        raise ValueError(f"{number} is below 0")
    while number > 0x7F:
        packed.append(number & 0x7F | 0x80)
        number >>= 7
    packed.append(number)


def _read_number(packed: bytes, at: int) -> tuple[int, int]:
    number = shift = 0
    while packed[at] & 0x80:
        number |= (packed[at] & 0x7F) << shift
        shift += 7
        at += 1
    return number | packed[at] << shift, at + 1


def _facts(known: dict[str, Any], body_bytes: int | None, vitals: dict[str, float] | None) -> Facts:
    known = dict(known)
    expires_ms = known.pop("certificate_expires_ms", None)
    return Facts(
        **known,
        body_bytes=body_bytes,
        certificate_expires_at=None if expires_ms is None else instant(expires_ms),
        vitals=None if vitals is None else Vitals(**vitals),
    )


def _step_dict(step: StepResult) -> dict[str, Any]:
    known = _without_defaults(
        {
            "name": step.name,
            "outcome": step.outcome.value,
            "reason": step.reason,
            "detail": step.detail,
            "us": round(step.duration_s * 1e6),
            "request_id": step.request_id,
            "always": step.always,
        }
    )
    phases = [getattr(step.phases, name) for name in PHASES]
    if any(phase is not None for phase in phases):
        known["phases_us"] = [None if phase is None else round(phase * 1e6) for phase in phases]
    facts = facts_dict(facts_key(step.facts))
    if facts:
        known["facts"] = facts
    if step.facts.body_bytes is not None:
        known["body_bytes"] = step.facts.body_bytes
    if step.facts.vitals is not None:
        known["vitals"] = _vitals_dict(step.facts.vitals)
    return known


def _vitals_dict(vitals: Vitals) -> dict[str, float]:
    """What was measured; a shift of 0 is something, too."""
    return {name: value for name, value in asdict(vitals).items() if value is not None}


def _step(known: dict[str, Any]) -> StepResult:
    phases_us = known.get("phases_us", ())
    return StepResult(
        name=known.get("name", ""),
        outcome=Outcome(known["outcome"]),
        reason=known.get("reason", ""),
        detail=known.get("detail", ""),
        duration_s=known.get("us", 0) / 1e6,
        request_id=known.get("request_id", ""),
        always=known.get("always", False),
        phases=Phases(
            **{
                name: microseconds / 1e6
                for name, microseconds in zip(PHASES, phases_us, strict=False)
                if microseconds is not None
            }
        ),
        facts=_facts(known.get("facts", {}), known.get("body_bytes"), known.get("vitals")),
    )


def _evidence(known: dict[str, Any]) -> Evidence:
    return Evidence(**{**known, "headers": tuple(known.get("headers", ()))})


def _without_defaults(known: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in known.items() if value not in (None, "", 0, False, ())}
