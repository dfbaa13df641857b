"""
Whatever happens in whatever order: each receiver ends up believing the truth, nothing that is
held is told, and nothing is told more often than promised.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from synthetics.config.model import Config, Route, Service, Severity
from synthetics.config.model_quiet import DependsOn, Flapping, Incidents
from synthetics.paging.holds import Holds, Quiet
from synthetics.paging.owing import RANKS, Story
from synthetics.paging.rhythm import HOUR_MS, PATIENCE_MS
from synthetics.paging.routing import audience, ever
from synthetics.paging.settle import Cleared, Fired, settle
from synthetics.paging.sights import Sights
from synthetics.receivers.base import Event, Message
from synthetics.store import deliveries, events, incidents, silences
from synthetics.store.deliveries import Delivery
from synthetics.store.incidents import Alert
from synthetics.store.migrations.apply import migrate
from synthetics.store.silences import Matchers
from tests.paging.support import DRIFT, FAST, MINUTE_MS, NOON_MS, all_deliveries, config, slo

RULES = Incidents(
    reopen_within=timedelta(minutes=20),
    flapping=Flapping(times=3, within=timedelta(minutes=90), keep_open_for=timedelta(minutes=15)),
    repeat_interval={"page": timedelta(minutes=30)},
    pages_per_hour=2,
)
SEVERITIES = {"fast": "page", "drift": "ticket"}
SLOS = {"cart": "shop", "menu": "shop", "ledger": "money"}
RECEIVERS = ("oncall", "team")


def configured() -> Config:
    both = (FAST, DRIFT)
    found = config(
        *(slo(name, service=service, probes=(name,), tiers=both) for name, service in SLOS.items()),
        routes=(
            Route(severity=Severity.PAGE, to=("oncall", "team")),
            Route(severity=Severity.TICKET, to=("team",)),
        ),
    )
    waits = DependsOn(services=("money",))
    return replace(
        found,
        services={
            "shop": Service(id="shop", name="shop", incidents=RULES, depends_on=waits),
            "money": Service(id="money", name="money", incidents=RULES),
        },
    )


class Paging(RuleBasedStateMachine):
    """A database, two receivers that lose answers, and a clock."""

    @initialize()
    def begin(self) -> None:
        self.db = sqlite3.connect(":memory:", isolation_level=None)
        self.db.execute("BEGIN")
        migrate(self.db)
        self.db.execute("COMMIT")
        self.config = configured()
        self.quiet = Quiet.of(self.config)
        self.now_ms = NOON_MS
        self.bad_ms: dict[str, int | None] = dict.fromkeys(SLOS)
        self.believes: dict[tuple[str, str], str | None] = {}
        self.pages: dict[tuple[str, str], list[int]] = {}

    def teardown(self) -> None:
        if hasattr(self, "db"):
            self.ends_well()
            self.db.close()

    # What happens.

    @rule(name=st.sampled_from(sorted(SLOS)), tier=st.sampled_from(sorted(SEVERITIES)))
    def fires(self, name: str, tier: str) -> None:
        self.bad_ms[name] = self.now_ms
        self.settle([self.fired(name, tier)])

    @rule(name=st.sampled_from(sorted(SLOS)), tier=st.sampled_from(sorted(SEVERITIES)))
    def resolves(self, name: str, tier: str) -> None:
        self.settle(cleared=[Cleared(name, tier, "recovered")])

    @rule(name=st.sampled_from(sorted(SLOS)))
    def fails_on(self, name: str) -> None:
        self.bad_ms[name] = self.now_ms

    @rule(minutes=st.sampled_from([1, 1, 5, 9, 11, 31, 61]))
    def time_passes(self, minutes: int) -> None:
        for _ in range(minutes):
            self.now_ms += MINUTE_MS
            self.settle()

    @rule(
        matchers=st.sampled_from(
            [
                Matchers(services=("shop",)),
                Matchers(slos=("ledger",)),
                Matchers(severities=("page",)),
                Matchers(probes=("cart",)),
            ]
        ),
        minutes=st.sampled_from([5, 40]),
    )
    def is_silenced(self, matchers: Matchers, minutes: int) -> None:
        silences.declare(
            self.db,
            from_ms=self.now_ms,
            to_ms=self.now_ms + minutes * MINUTE_MS,
            matchers=matchers,
            author="ops",
            reason="noise",
            declared_ms=self.now_ms,
        )
        self.settle()

    @rule()
    def silences_end(self) -> None:
        for silence in silences.active(self.db, self.now_ms):
            silences.end(
                self.db,
                silence.id,
                to_ms=self.now_ms,
                author="ops",
                reason="done",
                declared_ms=self.now_ms,
            )
        self.settle()

    @rule(
        receiver=st.sampled_from(RECEIVERS),
        outcome=st.sampled_from(["arrives", "arrives unheard", "is lost"]),
    )
    def is_sent(self, receiver: str, outcome: str) -> None:
        self.attempt(receiver, outcome)

    @rule()
    def all_is_sent(self) -> None:
        self.drain()

    @rule(name=st.sampled_from(sorted(SLOS)))
    def dies_before_the_commit(self, name: str) -> None:
        self.db.execute("BEGIN")
        self.change([self.fired(name, "fast")])
        self.db.execute("ROLLBACK")

    @rule()
    def restarts(self) -> None:
        self.quiet = Quiet.of(self.config)
        self.settle()

    # What always holds.

    @invariant()
    def a_service_has_one_incident_at_a_time(self) -> None:
        if hasattr(self, "db"):
            services = [one.service for one in incidents.still_open(self.db)]
            assert len(services) == len(set(services))

    @invariant()
    def what_is_owed_is_true_and_not_held(self) -> None:
        """A trigger that is still to be sent tells of something that fires and is not held."""
        if not hasattr(self, "db"):
            return
        holds = self.holds()
        for one in all_deliveries(self.db):
            if one.state == "owed" and one.event == Event.TRIGGER:
                free = [
                    alert
                    for alert in incidents.firing_of(self.db, one.incident_id)
                    if one.receiver in ever(self.config, alert) and holds.of(alert) is None
                ]
                assert one.severity in {alert.severity for alert in free}, one

    @invariant()
    def nobody_gets_more_pages_than_promised(self) -> None:
        """Two an hour, and of those above it one for each ten minutes that it goes on."""
        for times in getattr(self, "pages", {}).values():
            for time in times:
                within = [each for each in times if time - HOUR_MS < each <= time]
                assert len(within) <= RULES.pages_per_hour + HOUR_MS // PATIENCE_MS

    # How it is done.

    def fired(self, name: str, tier: str) -> Fired:
        severity = SEVERITIES[tier]
        return Fired(
            Message(
                id="",
                event=Event.TRIGGER,
                dedup_key="",
                incident=0,
                severity=Severity(severity),
                summary=f"{name} fails",
                location="tokyo",
                service=SLOS[name],
                service_name=SLOS[name],
                slo=name,
                tier=tier,
                probe=name,
                detected_ms=self.now_ms,
                objective=0.999,
            )
        )

    def sights(self) -> Sights:
        return Sights(last_bad_ms=dict(self.bad_ms))

    def holds(self) -> Holds:
        return Holds(
            self.db,
            replace(self.quiet, sights=self.sights()),
            RECEIVERS,
            self.now_ms,
        )

    def settle(self, fired: Sequence[Fired] = (), cleared: Sequence[Cleared] = ()) -> None:
        self.db.execute("BEGIN")
        self.change(fired, cleared)
        self.db.execute("COMMIT")

    def change(self, fired: Sequence[Fired], cleared: Sequence[Cleared] = ()) -> None:
        settle(
            self.db,
            fired=fired,
            cleared=cleared,
            routes=partial(audience, self.config),
            receivers=RECEIVERS,
            quiet=replace(self.quiet, sights=self.sights()),
            at_ms=self.now_ms,
            all_open=True,
        )

    def attempt(self, receiver: str, outcome: str) -> bool:
        owed = [one for one in all_deliveries(self.db) if one.state == "owed"]
        mine = next((one for one in owed if one.receiver == receiver), None)
        if mine is None:
            return False
        deliveries.claim(self.db, [mine.id], at_ms=self.now_ms)
        if outcome == "is lost":
            deliveries.failed(self.db, mine.id, maybe_arrived=False, reason="connect", detail="")
            return True
        self.hears(receiver, mine)
        if outcome == "arrives":
            deliveries.delivered(self.db, mine.id, at_ms=self.now_ms)
        return True

    def hears(self, receiver: str, one: Delivery) -> None:
        key = receiver, one.dedup_key
        if one.event == Event.RESOLVE:
            self.believes[key] = None
            return
        self.believes[key] = one.severity
        message = Message.from_json(one.message)
        if one.event == Event.TRIGGER and one.severity == "page" and one.unsure == 0:
            service = receiver, message.service
            self.pages.setdefault(service, []).append(one.owed_ms)

    def drain(self) -> None:
        for receiver in RECEIVERS:
            while self.attempt(receiver, "arrives"):
                pass
        self.believed()

    def believed(self) -> None:
        """With all of it delivered, everybody believes what is true."""
        holds = self.holds()
        for incident in incidents.between(self.db, 0, 2**60):
            alerts = incidents.alerts_of(self.db, incident.id)
            for receiver in RECEIVERS:
                mine = [a for a in alerts if receiver in ever(self.config, a)]
                believes = self.believes.get((receiver, incident.dedup_key))
                self.check(incident.id, receiver, mine, believes, holds)

    def check(
        self,
        incident_id: int,
        receiver: str,
        mine: list[Alert],
        believes: str | None,
        holds: Holds,
    ) -> None:
        firing = [alert for alert in mine if alert.resolved_ms is None]
        past = deliveries.of_incident(self.db, incident_id)
        story = Story.of([one for one in past if one.receiver == receiver])
        if not firing:
            waits = story.told and len(story.beginnings) >= RULES.flapping.times
            assert believes is None or waits
            return
        free = [alert for alert in firing if holds.of(alert) is None]
        kept = [
            one.at_ms
            for one in events.of_incident(self.db, incident_id)
            if one.kind == events.Kind.HELD_BACK and one.receiver == receiver
        ]
        if any(self.now_ms - each < PATIENCE_MS for each in kept):
            return
        worst = max((RANKS[alert.severity] for alert in free), default=0)
        assert RANKS.get(believes or "", 0) >= worst

    def ends_well(self) -> None:
        self.silences_end()
        for name in SLOS:
            for tier in SEVERITIES:
                self.resolves(name, tier)
        self.drain()
        self.time_passes(61)
        self.time_passes(61)
        self.drain()
        assert not incidents.still_open(self.db)
        assert set(self.believes.values()) <= {None}


Paging.TestCase.settings = settings(deadline=None, max_examples=60, stateful_step_count=40)
TestPaging = Paging.TestCase
