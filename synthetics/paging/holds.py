"""
What keeps an alert from being told: a silence, or that what it depends on is down.

Held is only the telling.  The alert fires, its incident is open, and the time counts as
downtime; and nothing is held for good: whatever fires when nothing keeps it any more is told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Self

from synthetics.clock import instant
from synthetics.config.dependencies import Declared, Dependencies, Target
from synthetics.config.model import Config, Slo
from synthetics.kinds import receiver_kinds
from synthetics.paging.owing import RANKS
from synthetics.paging.routing import ever
from synthetics.paging.sights import Sights
from synthetics.receivers.base import Message
from synthetics.store import deliveries, incidents, silences
from synthetics.store.incidents import Alert
from synthetics.store.silences import Silence

LOOKED_FOR = 3
"""For so many of its intervals a probe that fails may turn out to be why others do ..."""

AT_MOST_MS = 300_000
"""... and never for longer than this."""

LATELY_MS = 900_000
"""What was not bad for so long, nor for `LOOKED_FOR` intervals, is not down, whatever fires."""

_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Hold:
    """
    Why an alert is not told.

    Attributes:
        by: What keeps it: ``silence:3``, ``service:db`` or ``probe:gateway``.
        said: The same for people, one line.
        until_ms: When it ends by itself; ``None`` where that is not known.
    """

    by: str
    said: str
    until_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Quiet:
    """
    What is known besides the database of what may be told.

    Attributes:
        config: In force.
        dependencies: Its own.
        updating: Receivers that mend what they told before without telling anybody again.
        sights: What the newest samples say.
        slos: By service, its SLOs.
    """

    config: Config
    dependencies: Dependencies
    updating: frozenset[str]
    sights: Sights = field(default_factory=Sights)
    slos: Mapping[str, Sequence[Slo]] = field(default_factory=dict)

    @classmethod
    def of(cls, config: Config) -> Self:
        """All that follows from *config*."""
        kinds = receiver_kinds()
        slos: dict[str, list[Slo]] = {}
        for slo in config.slos.values():
            slos.setdefault(slo.service, []).append(slo)
        return cls(
            slos=slos,
            config=config,
            dependencies=Dependencies(config),
            updating=frozenset(
                receiver.id
                for receiver in config.receivers.values()
                if getattr(kinds[receiver.kind].module, "UPDATES", False)
            ),
        )

    def failing(self, service: str) -> list[str]:
        """
        SLOs of *service* of which a probe fails just now, whether or not they fire yet.

        The step that an SLO is about may work where its journey fails, so that one is left out.
        """
        failing = self.sights.failing
        return [
            slo.id
            for slo in (self.slos.get(service, ()) if failing else ())
            if not slo.step and not failing.isdisjoint(slo.probes)
        ]


class Holds:
    """
    What is held at one instant.

    Args:
        db: Where alerts, deliveries and silences are.
        quiet: What else there is to know.
        receivers: Those that are configured.
        at_ms: The instant.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        quiet: Quiet,
        receivers: Collection[str],
        at_ms: int,
    ) -> None:
        self._db = db
        self._quiet = quiet
        self._receivers = receivers
        self._at_ms = at_ms
        self._silences = silences.active(db, at_ms)
        self._known: dict[int, Hold | None] = {}

    def of(self, alert: Alert) -> Hold | None:
        """What keeps *alert*, which fires, from being told."""
        if alert.id not in self._known:
            self._known[alert.id] = None  # a circle, which no configuration has, holds nothing
            self._known[alert.id] = self._silence(alert) or self._dependency(alert)
        return self._known[alert.id]

    def _silence(self, alert: Alert) -> Hold | None:
        for silence in self._silences:
            if self._silenced(alert, silence):
                until = f"{instant(silence.end_ms):%Y-%m-%d %H:%M} UTC"
                said = f"silence {silence.id} by {silence.author} until {until}: {silence.reason}"
                return Hold(f"silence:{silence.id}", said, silence.end_ms)
        return None

    def _silenced(self, alert: Alert, silence: Silence) -> bool:
        which = silence.matchers
        named = (
            (which.services, alert.service),
            (which.slos, alert.slo),
            (which.severities, alert.severity),
        )
        if any(names and name not in names for names, name in named):
            return False
        if not which.probes and not which.labels:
            return True
        # Of several probes that fail, each must be silenced: the others would page.
        failing = self._failing(alert)
        return bool(failing) and all(
            (not which.probes or probe in which.probes) and self._labelled(probe, which.labels)
            for probe in failing
        )

    def _labelled(self, probe: str, labels: Mapping[str, str]) -> bool:
        known = self._quiet.config.probes.get(probe)
        return known is not None and labels.items() <= known.labels.items()

    def _failing(self, alert: Alert) -> Sequence[str]:
        """The probes that *alert* fires for: those that fail now, or the one that it named."""
        slo = self._quiet.config.slos.get(alert.slo)
        probes = () if slo is None else slo.probes
        failing = [probe for probe in probes if probe in self._quiet.sights.failing]
        if failing:
            return failing
        named = Message.from_json(alert.message).probe
        return [named] if named else []

    def _dependency(self, alert: Alert) -> Hold | None:
        graph = self._quiet.dependencies
        if not graph:
            return None
        for one in graph.always(alert.slo):
            hold = self._waits(alert, one)
            if hold is not None:
                return hold
        # What only some of the failing probes depend on does not explain the others.
        each = [self._first(alert, graph.by_probe(alert.slo, p)) for p in self._failing(alert)]
        return next(iter(each)) if each and all(each) else None

    def _first(self, alert: Alert, declared: Sequence[Declared]) -> Hold | None:
        found = (self._waits(alert, one) for one in declared)
        return next((hold for hold in found if hold is not None), None)

    def _waits(self, alert: Alert, one: Declared) -> Hold | None:
        """Why *alert* waits for what it depends on: that is down, was, or may turn out to be."""
        target = one.target
        by = f"{target.what}:{target.id}"
        ended_ms: int | None = None
        for other in self._alerts_of(target, alert):
            over_ms = self._over_ms(other)
            if over_ms is None:
                return Hold(by, f"depends on {target}, which fails: incident {other.incident_id}")
            ended_ms = max(ended_ms or 0, over_ms)
        if ended_ms is not None and not self._quiet.sights.failed_since(alert.slo, ended_ms):
            until = f"{instant(ended_ms):%H:%M} UTC"
            return Hold(by, f"depends on {target}, which failed until {until}; good since")
        if ended_ms is None and self._at_ms < alert.fired_ms + self._may_fail_for_ms(target):
            return Hold(by, f"depends on {target}, which seems to fail too")
        return None

    def _over_ms(self, other: Alert) -> int | None:
        """
        When what *other* fires for was over; ``None`` while it is not.

        A ticket can fire for days after an outage, and for as long as a budget is spent.
        """
        if other.resolved_ms is not None:
            return other.resolved_ms
        bad_ms = self._quiet.sights.last_bad_ms.get(other.slo, self._at_ms)
        if bad_ms is None:
            return other.fired_ms
        slo, probes = self._quiet.config.slos.get(other.slo), self._quiet.config.probes
        every = [LOOKED_FOR * probes[probe].every // _MS for probe in (slo.probes if slo else ())]
        return None if self._at_ms - bad_ms < max([LATELY_MS, *every]) else bad_ms

    def _alerts_of(self, target: Target, alert: Alert) -> list[Alert]:
        """Alerts of *target* since *alert* fired that are no less severe and were told."""
        slos = self._quiet.dependencies.slos_of(target)
        return [
            other
            for other in incidents.since(self._db, alert.fired_ms)
            if other.slo in slos
            and other.slo != alert.slo
            and RANKS[other.severity] >= RANKS[alert.severity]
            and self._told(other)
        ]

    def _told(self, alert: Alert) -> bool:
        """Whether somebody is told of *alert*, or of what it waits for itself."""
        if alert.incident_id is None:
            return False
        if alert.resolved_ms is None:
            hold = self.of(alert)
            by = hold.by if hold else ""
        else:
            by = alert.held
        if by:
            return not by.startswith("silence:")
        told = [
            receiver for receiver in ever(self._quiet.config, alert) if receiver in self._receivers
        ]
        refused = deliveries.refused_by(self._db, alert.incident_id)
        return any(receiver not in refused for receiver in told)

    def _may_fail_for_ms(self, target: Target) -> int:
        """For how long it is waited for whether *target* fails; 0 if it does not look so."""
        probes = self._quiet.config.probes
        own = [
            probe
            for probe in self._quiet.sights.failing
            if probe in probes
            and (
                probe == target.id if target.what == "probe" else probes[probe].service == target.id
            )
        ]
        longest = max((LOOKED_FOR * probes[probe].every // _MS for probe in own), default=0)
        return min(longest, AT_MOST_MS)
