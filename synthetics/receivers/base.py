"""
What passes between paging and a receiver: one message in, one verdict out.

A receiver is a module with a frozen ``Options`` (which always has ``url``) and

    async def send(options: Options, message: Message, session: aiohttp.ClientSession) -> Verdict

It makes one attempt.  The caller holds the time limit and decides on retries, so cancellation
passes straight through; everything else that can go wrong on the way is a verdict.  A module may
say ``PER_MINUTE``, the most attempts that its far side likes to see in a minute, with
``account(options)``, what that holds for, if several receivers can share it, and ``UPDATES = True``
if it can mend what it told before without telling anybody again.  One that says ``CHANGES = True``
takes changes, such as deploys, where its options say ``changes``.  A receiver that cannot express
an event says "delivered" to it: nothing is lost by not telling, say, a mailbox that somebody took
an incident on.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from pydantic import TypeAdapter

from synthetics.config.model import Severity
from synthetics.language import Language


class Event(StrEnum):
    """What a message tells of its incident."""

    TRIGGER = "trigger"
    UPDATE = "update"
    """More of the same; only for kinds that say ``UPDATES``."""
    ACKNOWLEDGE = "acknowledge"
    RESOLVE = "resolve"
    CHANGE = "change"
    """Of no incident: something was changed; only for kinds that say ``CHANGES``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """
    The newest bad sample, as evidence.

    Attributes:
        at_ms: When it was scheduled.
        detail: One line, secrets masked; empty where the SLI alone called it bad.
        trace_id: As the request carried it in ``traceparent``; empty if unknown.
        request_id: As the failed step carried it in ``X-Request-ID``; empty if unknown.
    """

    at_ms: int
    detail: str = ""
    trace_id: str = ""
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Somewhere to look next."""

    text: str
    href: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """
    Something that was changed shortly before, such as a deploy.

    Attributes:
        summary: What, one line.
        author: Who; empty if nobody said.
        link: Where to read on; empty if nobody said.
    """

    at_ms: int
    summary: str
    author: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    The numbers of a message in words, for whoever is woken.

    Attributes:
        objective: ``99.9%``.
        failed: How many of how many failed of late.
        burn: How fast over both windows, and from where on the tier fires.
        budget: How much is left, and for how long.
    """

    objective: str = ""
    failed: str = ""
    burn: str = ""
    budget: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """
    One thing to tell one receiver.  Stored whole with its delivery, so that a retry
    after a restart says the same; hence no secrets and nothing that JSON cannot carry.

    Attributes:
        id: Unique to what is told; a repeated delivery repeats it.
        dedup_key: Names the incident at the far side; the same from trigger to resolve.
        severity: Of the alert that is told; of a resolve, the one told before.
        summary: What fails and for whom, useful in its first 80 characters.
        location: Where the probe was asked from.
        service: Identifier of the service, *service_name* as people call it.
        slo, tier, probe, step, reason: What broke; *step* is empty outside journeys.
        detected_ms: When the alert fired, or the incident resolved.
        since_ms: The first bad sample of this outage; ``None`` if it is not known.
        objective: As a share, such as 0.999; ``None`` of what belongs to no SLO.
        burn_long, burn_short: Burn rates over the tier's two windows, ``None`` where
            infinite (an objective of 100 % has no budget to burn).
        budget_left: Share of the whole period's budget that is left, below 0 when overspent.
        exhausted_ms: When the budget is gone at this rate; ``None`` if it is, or never will be.
        said: These numbers in words.
        failing: The newest bad sample.
        resolution: Of a resolve, why it is over, as a slug.
        also: Other SLOs of the service that fire, or fail and may soon, as identifiers; of a
            resolve, those that fired.
        again: How often this receiver heard before that the same incident begins.
        flapping: Whether it now stays open until it has been calm.
        reminder: Which one it is of those that tell again what was told; 0 for none.
        unanswered_ms: For how long nobody had acknowledged it, where it goes on to others because
            of that; else 0.
        held_back: How many pages of the service this receiver had enough of to be told.
        changes: What was changed lately, the newest first; *more_changes* were left out.
        tried: What was done about it before anybody was told, a line each.
        owner: Who answers for the service.
        language, zone: Of its words, and whose clock they go by, an IANA name; see
            `synthetics.receivers.facts` for all of it in words.
        drill: Whether it is only an exercise; its summary says so too.
        url: This product's own page about it; empty if nobody said where it is reached.
        handle: What this receiver called the message that it took before, of the same incident;
            empty if it took none or gave it no name.  Not stored: the courier adds it.
    """

    id: str
    event: Event
    dedup_key: str
    incident: int
    severity: Severity
    summary: str
    location: str
    service: str
    service_name: str
    slo: str
    tier: str
    probe: str = ""
    step: str = ""
    reason: str = ""
    detected_ms: int
    since_ms: int | None = None
    objective: float | None = None
    burn_long: float | None = None
    burn_short: float | None = None
    budget_left: float | None = None
    exhausted_ms: int | None = None
    said: Said = Said()
    failing: Failing | None = None
    resolution: str = ""
    also: tuple[str, ...] = ()
    again: int = 0
    flapping: bool = False
    reminder: int = 0
    unanswered_ms: int = 0
    held_back: int = 0
    changes: tuple[Changed, ...] = ()
    more_changes: int = 0
    tried: tuple[str, ...] = ()
    owner: str = ""
    language: Language = Language.EN
    zone: str = "UTC"
    drill: bool = False
    links: tuple[Link, ...] = ()
    url: str = ""
    handle: str = ""

    def to_json(self) -> str:
        """The whole message as JSON text."""
        return _MESSAGE.dump_json(self).decode()

    @staticmethod
    def from_json(text: str) -> Message:
        """
        The message that `to_json` wrote.

        Raises:
            ValueError: *text* is something else.
        """
        return _MESSAGE.validate_json(text)


_MESSAGE = TypeAdapter(Message)


class Fate(StrEnum):
    """What became of one attempt."""

    DELIVERED = "delivered"
    RETRY = "retry"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    The outcome of one attempt.

    Attributes:
        reason: Stable slug to count by, such as ``status-429`` or ``connect``; empty
            exactly when delivered.
        detail: One line for a human, at most 200 characters, never a secret or a URL.
        after_s: How long the far side asked to be left alone, >= 0; ``None`` if it did not.
        arrived: Whether the far side may have taken the message all the same: a timeout
            after sending, a server error.  False when it certainly did not.
        handle: What the far side calls what it has taken, if later messages of the incident
            need that to mend it.  Stored, and handed back as `Message.handle`; never a secret.
    """

    fate: Fate
    reason: str = ""
    detail: str = ""
    after_s: float | None = None
    arrived: bool = True
    handle: str = ""

    @classmethod
    def delivered(cls, *, handle: str = "") -> Verdict:
        """The far side has taken the message, and calls it *handle*."""
        return cls(fate=Fate.DELIVERED, handle=handle)

    @classmethod
    def retry(
        cls, reason: str, detail: str, *, after_s: float | None = None, arrived: bool = True
    ) -> Verdict:
        """Not now; another attempt could succeed."""
        return cls(fate=Fate.RETRY, reason=reason, detail=detail, after_s=after_s, arrived=arrived)

    @classmethod
    def refused(cls, reason: str, detail: str) -> Verdict:
        """Never: the same message would be refused again."""
        return cls(fate=Fate.REFUSED, reason=reason, detail=detail, arrived=False)
