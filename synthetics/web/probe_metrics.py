"""
Metrics of probes, under blackbox_exporter's names, so that its dashboards and alerts go on working.

They show each probe's newest sample that says something about the target: while samples are
``void``, its ``probe_success`` is left out rather than called 0.  With ten thousand probes these
are 200,000 lines, which prometheus-client would take seconds for; so they are written here,
a family at a time, and the loop is let go in between.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from probes.result import Facts, Outcome, Phases, Result
from synthetics.sample import Sample
from synthetics.schedule.verdict import too_slow

Reading = Iterable[tuple[str, float]]
"""Further labels as ``,name="value"`` (or nothing), and the value."""

NEVER: Reading = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """
    What is shown of one probe.

    Attributes:
        labels: ``probe="…",kind="…",service="…"``, escaped.
        within_s: Seconds after which a good sample is degraded; ``None`` if that does not matter.
        asked: The newest sample that was good or bad; ``None`` before the first.
        newest: The newest sample of all; ``None`` before the first.
    """

    labels: str
    within_s: float | None = None
    asked: Sample | None = None
    newest: Sample | None = None

    @property
    def degraded(self) -> bool:
        """Whether the newest sample is good, but took longer than it may."""
        return self.newest is not None and too_slow(self.newest.result, self.within_s)


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """
    One metric; all of them are gauges.

    Attributes:
        labels: Names of the labels that it has besides ``probe``, ``kind`` and ``service``.
        read: Takes it from what was seen.
    """

    name: str
    help: str
    labels: tuple[str, ...] = ()
    read: Callable[[Seen], Reading]


def escape(value: str) -> str:
    """*value* as it stands between the quotes of a label."""
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def labels_of(probe: str, kind: str, service: str) -> str:
    """The labels that every probe metric carries."""
    return f'probe="{escape(probe)}",kind="{escape(kind)}",service="{escape(service)}"'


async def write(seen: Sequence[Seen]) -> list[str]:
    """The lines of all families, in pieces that never hold the loop for long."""
    pieces = []
    for family in FAMILIES:
        lines = []
        for one in seen:
            for more, value in family.read(one):
                lines.append(f"{family.name}{{{one.labels}{more}}} {value!r}\n")
        if lines:
            pieces.append(f"# HELP {family.name} {family.help}\n# TYPE {family.name} gauge\n")
            pieces.append("".join(lines))
        await asyncio.sleep(0)
    return pieces


def _asked(read: Callable[[Result], Reading]) -> Callable[[Seen], Reading]:
    """Reads the result of the newest sample that was good or bad."""
    return lambda seen: NEVER if seen.asked is None else read(seen.asked.result)


def _fact(read: Callable[[Facts], float | None]) -> Callable[[Seen], Reading]:
    """Reads one number that an answer brought, where it did."""

    def reading(seen: Seen) -> Reading:
        if seen.asked is None or seen.asked.result.facts.status is None:
            return NEVER
        value = read(seen.asked.result.facts)
        return NEVER if value is None else (("", value),)

    return reading


def _success(seen: Seen) -> Reading:
    if seen.newest is None or seen.newest.result.outcome is Outcome.VOID:
        return NEVER
    return (("", 1 if seen.newest.result.outcome is Outcome.GOOD else 0),)


def _degraded(seen: Seen) -> Reading:
    known = seen.newest is not None and seen.newest.result.outcome is not Outcome.VOID
    return (("", int(seen.degraded)),) if known and seen.within_s is not None else NEVER


def _phases(phases: Phases) -> Reading:
    for label, value in (
        (',phase="resolve"', phases.resolve_s),
        (',phase="connect"', phases.connect_s),
        (',phase="tls"', phases.tls_s),
        (',phase="processing"', phases.first_byte_s),
        (',phase="transfer"', phases.transfer_s),
    ):
        if value is not None:
            yield label, value


@lru_cache(maxsize=65_536)
def _ip_version(address: str | None) -> float | None:
    return None if address is None else ipaddress.ip_address(address.partition("%")[0]).version


def _version(facts: Facts) -> float | None:
    return None if facts.protocol is None else float(facts.protocol.partition("/")[2])


def _expiry(result: Result) -> Reading:
    expires = result.facts.certificate_expires_at
    return NEVER if expires is None else (("", expires.timestamp()),)


def _vitals(result: Result) -> Reading:
    vitals = result.facts.vitals
    if vitals is not None:
        for name, seconds in (
            ("lcp", vitals.lcp_s),
            ("fcp", vitals.fcp_s),
            ("ttfb", vitals.ttfb_s),
        ):
            if seconds is not None:
                yield f',vital="{name}"', seconds


def _layout_shift(result: Result) -> Reading:
    vitals = result.facts.vitals
    return NEVER if vitals is None or vitals.cls is None else (("", vitals.cls),)


def _reason(seen: Seen) -> Reading:
    if seen.newest is None or not seen.newest.result.reason:
        return NEVER
    result = seen.newest.result
    more = f',outcome="{result.outcome}",reason="{escape(result.reason)}"'
    return ((f'{more},step="{escape(result.failed_step)}"', 1),)


def _steps_success(result: Result) -> Reading:
    for step in result.steps:
        if step.outcome in {Outcome.GOOD, Outcome.BAD}:
            yield f',step="{escape(step.name)}"', int(step.outcome is Outcome.GOOD)


def _steps_duration(result: Result) -> Reading:
    for step in result.steps:
        if step.outcome in {Outcome.GOOD, Outcome.BAD}:
            yield f',step="{escape(step.name)}"', step.duration_s


FAMILIES: tuple[Family, ...] = (
    Family(
        name="probe_success",
        help="Whether the newest sample was good (1) or bad (0); absent while it is void.",
        read=_success,
    ),
    Family(
        name="probe_duration_seconds",
        help="How long the newest good or bad sample took, confirmations not counted.",
        read=_asked(lambda result: (("", result.duration_s),)),
    ),
    Family(
        name="probe_degraded",
        help="Whether the newest sample was good but took longer than its probe's within (1) "
        "or not (0); absent while it is void, and without within.",
        read=_degraded,
    ),
    Family(
        name="probe_failure_info",
        help="Why the newest sample is not good; always 1, absent while it is good.",
        labels=("outcome", "reason", "step"),
        read=_reason,
    ),
    Family(
        name="probe_last_sample_timestamp_seconds",
        help="When the newest sample was due, in Unix time.",
        read=lambda seen: (
            NEVER if seen.newest is None else (("", seen.newest.scheduled_ms / 1000),)
        ),
    ),
    Family(
        name="probe_dns_lookup_time_seconds",
        help="How long the name took to resolve.",
        read=_asked(
            lambda result: (
                NEVER if result.phases.resolve_s is None else (("", result.phases.resolve_s),)
            )
        ),
    ),
    Family(
        name="probe_ip_protocol",
        help="Version of IP that the answer came by, 4 or 6.",
        read=_fact(lambda facts: _ip_version(facts.address)),
    ),
    Family(
        name="probe_http_status_code",
        help="Status code of the last answer.",
        read=_fact(lambda facts: facts.status),
    ),
    Family(
        name="probe_http_duration_seconds",
        help="How long each phase took, summed over redirects.",
        labels=("phase",),
        read=_asked(lambda result: _phases(result.phases)),
    ),
    Family(
        name="probe_http_version",
        help="Version of HTTP that the answer came by.",
        read=_fact(_version),
    ),
    Family(
        name="probe_http_redirects",
        help="How many redirects were followed.",
        read=_fact(lambda facts: facts.redirects),
    ),
    Family(
        name="probe_http_ssl",
        help="Whether the last answer came over TLS (1) or not (0).",
        read=_fact(lambda facts: int((facts.url or "").startswith("https:"))),
    ),
    Family(
        name="probe_http_uncompressed_body_length",
        help="Bytes of the decoded body that were read.",
        read=_fact(lambda facts: facts.body_bytes),
    ),
    Family(
        name="probe_ssl_earliest_cert_expiry",
        help="When the first certificate of the chain expires, in Unix time.",
        read=_asked(_expiry),
    ),
    Family(
        name="probe_failed_due_to_regex",
        help="Whether the body was not what was expected (1) or was not at fault (0).",
        read=_asked(lambda result: (("", int(result.reason in {"body", "json"})),)),
    ),
    Family(
        name="probe_step_success",
        help="Whether a journey's step was good (1) or bad (0); absent for skipped steps.",
        labels=("step",),
        read=_asked(_steps_success),
    ),
    Family(
        name="probe_step_duration_seconds",
        help="How long a journey's step took.",
        labels=("step",),
        read=_asked(_steps_duration),
    ),
    Family(
        name="probe_web_vital_seconds",
        help="When a browser's worst page showed something: vital is lcp, fcp or ttfb.",
        labels=("vital",),
        read=_asked(_vitals),
    ),
    Family(
        name="probe_web_layout_shift",
        help="How much a browser's worst page jumped about (CLS).",
        read=_asked(_layout_shift),
    ),
)
"""All of them, in the order in which they are written."""
