"""What a probe saw: the outcome, the reason, the timings and the evidence of one run."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

DETAIL_LIMIT = 200
"""Characters of a detail; longer ones are cut with an ellipsis."""


class Outcome(StrEnum):
    """The verdict on a run, or on one step of it."""

    GOOD = "good"
    BAD = "bad"
    VOID = "void"
    """We could not ask: our network, our overload, a missed beat."""
    SKIPPED = "skipped"
    """A step that was not asked because an earlier one failed; never the outcome of a run."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phases:
    """
    Where the time of one request went, each phase by itself, in seconds, >= 0.

    ``None`` means that the phase did not happen: no TLS on plain HTTP, no name
    to resolve for an address, nothing after the phase that failed.  Redirects
    that were followed are summed, as blackbox_exporter does.
    """

    resolve_s: float | None = None
    connect_s: float | None = None
    tls_s: float | None = None
    first_byte_s: float | None = None
    transfer_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """
    How a page felt to who looked at it, as a browser measured it; ``None`` where it did not.

    Attributes:
        lcp_s: Largest Contentful Paint, seconds from the start of navigation, >= 0.
        fcp_s: First Contentful Paint, likewise.
        ttfb_s: Time To First Byte, likewise.
        cls: Cumulative Layout Shift, a number without a unit, >= 0.
    """

    lcp_s: float | None = None
    fcp_s: float | None = None
    ttfb_s: float | None = None
    cls: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    What was learnt about the target besides good or bad.

    Attributes:
        status: HTTP status of the last answer, 100 to 599.
        protocol: ``HTTP/1.0``, ``HTTP/1.1``, ``HTTP/2`` or ``HTTP/3``.
        address: The IP address that answered.
        url: Where the last answer came from, after redirects; secrets masked.
        redirects: How many redirects were followed, >= 0.
        body_bytes: Size of the decoded body that was read, >= 0.
        certificate_expires_at: Earliest ``notAfter`` of the presented chain, in UTC.
        vitals: How its pages felt, the worst of each; ``None`` without a browser.
    """

    status: int | None = None
    protocol: str | None = None
    address: str | None = None
    url: str | None = None
    redirects: int = 0
    body_bytes: int | None = None
    certificate_expires_at: datetime | None = None
    vitals: Vitals | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """
    What a failed request looked like, bounded and with secrets masked.

    Attributes:
        request: Method and URL, one line.
        headers: Header lines of the last answer, at most 8 KiB in all.
        body: The first 2 KiB of the decoded body as text, undecodable bytes replaced.
        expected: What the failed expectation asked for, one line; empty if none.
        actual: What was there instead, one line; empty if none.
    """

    request: str = ""
    headers: tuple[str, ...] = ()
    body: str = ""
    expected: str = ""
    actual: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepResult:
    """One request of a journey; the fields mean what they mean in `Result`."""

    name: str
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    duration_s: float = 0.0
    phases: Phases = Phases()
    facts: Facts = Facts()
    request_id: str = ""
    always: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """
    One probe run, as it was seen.

    Attributes:
        started_at: When the run began, timezone-aware, in UTC.
        duration_s: Seconds from start to verdict by a monotonic clock, >= 0.
            A run that hit its timeout carries the whole timeout.
        outcome: ``good``, ``bad``, or ``void`` when we could not ask at all.
        reason: Stable slug to group by, such as ``timeout`` or ``tls-expired``.
            Empty exactly when *outcome* is ``good``.
        detail: One line for a human, at most 200 characters, never a secret.
        trace_id: 32 hexadecimal digits, as sent in ``traceparent``.
        failed_step: Name of the step that decided a bad journey; empty otherwise.
    """

    started_at: datetime
    duration_s: float
    outcome: Outcome
    reason: str = ""
    detail: str = ""
    trace_id: str = ""
    failed_step: str = ""
    phases: Phases = Phases()
    facts: Facts = Facts()
    steps: tuple[StepResult, ...] = ()
    evidence: Evidence | None = None

    def __post_init__(self) -> None:
        if self.started_at.tzinfo is None:
            raise ValueError("started_at carries no time zone")
        if self.duration_s < 0:
            raise ValueError(f"duration_s is {self.duration_s}, below 0")
        if self.outcome is Outcome.SKIPPED:
            raise ValueError("a run is never skipped, only a step is")
        if (self.outcome is Outcome.GOOD) != (self.reason == ""):
            raise ValueError(f"outcome {self.outcome} with reason {self.reason!r}")
        if len(self.detail) > DETAIL_LIMIT or "\n" in self.detail:
            raise ValueError("detail is longer than one line of 200 characters")
