"""Why an SLO did or did not page at an instant: what was decided, what held it, who was told."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from slo.budget import Rate
from slo.policy import Cause, Decision, State, Tier
from synthetics import words
from synthetics.config.model import Config, Slo
from synthetics.store import deliveries, events, incidents
from synthetics.store.deliveries import Delivery
from synthetics.store.events import Event, Kind
from synthetics.store.exclusions import Exclusion
from synthetics.store.incidents import Alert

FORMAT = 1
"""Of the JSON; a key that is added does not change it."""

_BECAUSE = {
    Cause.BURNING: "both windows burn faster than that",
    Cause.LONG_WITHIN: "the long window does not burn faster than that",
    Cause.SHORT_WITHIN: "the short window does not burn faster than that any more",
    Cause.FEW_BAD: "fast enough, but too few confirmed bad samples",
    Cause.CHANCE: "fast enough, but chance alone could have brought these failures",
    Cause.GOES_ON: "nothing shows yet that it is over",
    Cause.OVER: "the samples since could hardly have come from an outage",
    Cause.NO_DATA_HELD: "a window holds nothing that counts, so it stays as it was",
    Cause.NO_DATA_RESOLVED: "a window holds nothing that counts, which ends it",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """
    What is on record of one tier up to an instant.

    Attributes:
        alert: Its newest alert.
        summary: Of the incident that it belongs to; empty where it belongs to none.
        events: What happened to it there, and to the receivers of all of it, in order.
        deliveries: What was owed for the incident since its present beginning.
    """

    alert: Alert
    summary: str = ""
    events: Sequence[Event] = ()
    deliveries: Sequence[Delivery] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """
    All there is to say of one SLO at *at_ms*.

    Attributes:
        stored: By tier; none for those that never fired before.
        counted: By tier of the policy as it is now, what the stored samples come to.
        excluded: What kept samples from counting then: who or what, from, to and why.
    """

    slo: Slo
    at_ms: int
    stored: Mapping[str, Stored]
    counted: Mapping[str, Decision]
    excluded: Sequence[str]

    def fires(self, tier: str) -> bool:
        """Whether *tier* fired at that instant, as it was decided then."""
        found = self.stored.get(tier)
        if found is None:
            return False
        over_ms = found.alert.resolved_ms
        return over_ms is None or over_ms > self.at_ms


def stored(db: sqlite3.Connection, slo: str, at_ms: int) -> dict[str, Stored]:
    """What is on record of each tier of *slo* that fired up to *at_ms*."""
    found = {}
    for alert in incidents.of_slo(db, slo, at_ms):
        incident = incidents.by_id(db, alert.incident_id) if alert.incident_id else None
        if incident is None:
            found[alert.tier] = Stored(alert=alert)
            continue
        found[alert.tier] = Stored(
            alert=alert,
            summary=f"{incident.id}: {incident.summary}",
            events=[
                one
                for one in events.of_incident(db, incident.id)
                if alert.fired_ms <= one.at_ms <= at_ms
                and (not one.slo or (one.slo, one.tier) == (slo, alert.tier))
            ],
            deliveries=_since_it_began(
                deliveries.of_incident(db, incident.id), alert.fired_ms, at_ms
            ),
        )
    return found


def _since_it_began(every: Sequence[Delivery], fired_ms: int, at_ms: int) -> list[Delivery]:
    """
    Those owed up to *at_ms*, without what each receiver heard the end of before *fired_ms*.

    An alert that joins an incident finds that its receivers were told already.
    """
    left: list[Delivery] = []
    for one in every:
        if one.owed_ms > at_ms:
            continue
        left.append(one)
        if one.event == "resolve" and one.owed_ms <= fired_ms:
            left = [each for each in left if each.receiver != one.receiver]
    return left


def states(found: Mapping[str, Stored], at_ms: int) -> dict[str, State]:
    """What each tier carried at *at_ms*, by what is on record."""
    carried = {}
    for tier, one in found.items():
        over_ms = one.alert.resolved_ms
        goes_on = over_ms is None or over_ms > at_ms
        since_ms = one.alert.fired_ms if goes_on or over_ms is None else over_ms
        began_ms = one.alert.began_ms if goes_on else None
        carried[tier] = State(firing=goes_on, since_ms=since_ms, began_ms=began_ms)
    return carried


def excluded(config: Config, slo: Slo, declared: Sequence[Exclusion], at_ms: int) -> Iterator[str]:
    """What kept the samples of *slo* from counting at *at_ms*: declared in a file, or later."""
    for one in config.maintenance:
        begin_ms, end_ms = (round(each.timestamp() * 1000) for each in (one.start, one.end))
        if begin_ms <= at_ms < end_ms and (not one.services or slo.service in one.services):
            yield f"maintenance, {_span(begin_ms, end_ms)}: {one.reason}"
    for each in declared:
        if each.from_ms <= at_ms < each.end_ms and each.concerns(slo.id, slo.service):
            span = _span(each.from_ms, each.end_ms)
            yield f"{each.kind} {each.id} by {each.author}, {span}: {each.reason}"


def lines(why: Why) -> Iterator[str]:
    """*why* as text: the answer, and then each tier."""
    yield f"{why.slo.id}, service {why.slo.service}, at {words.iso(why.at_ms)}: {_answer(why)}"
    for each in why.excluded:
        yield f"not counted  {each}"
    policy = {tier.name: tier for tier in why.slo.tiers}
    for name in dict.fromkeys([*policy, *why.stored]):
        yield ""
        yield from _tier(why, name, policy.get(name))


def _tier(why: Why, name: str, tier: Tier | None) -> Iterator[str]:
    found, counted = why.stored.get(name), why.counted.get(name)
    severity = tier.severity if tier else found.alert.severity if found else ""
    fires = why.fires(name)
    head = f"{name}, {severity}: {'fires' if fires else 'does not fire'}"
    if found is not None:
        fired = words.iso(found.alert.fired_ms)
        over_ms = found.alert.resolved_ms
        if fires:
            head += f" since {fired}"
        elif over_ms is not None:
            head += f"; it fired last from {fired} to {words.iso(over_ms)}"
    yield head
    if found is not None and fires:
        yield from _fires(found)
    if counted is not None:
        yield f"  counted   {_burning(counted)}: {_BECAUSE[counted.cause]}"


def _fires(found: Stored) -> Iterator[str]:
    message = json.loads(found.alert.message)
    said, failing = message.get("said", {}), message.get("failing")
    decided = "; ".join(part for part in (said.get("burn"), said.get("failed")) if part)
    if decided:
        yield f"  decided   {decided}"
    if failing:
        yield f"  failing   {message['probe']}: {failing['detail']}, trace {failing['trace_id']}"
    if found.summary:
        yield f"  incident  {found.summary}"
    for one in found.events:
        whom = f" {one.receiver}" if one.receiver else ""
        yield f"  {one.kind:<9} {words.iso(one.at_ms)}{whom}: {one.detail}"
    for each in found.deliveries:
        at = "" if each.finished_ms is None else f" {words.iso(each.finished_ms)}"
        failure = ": ".join(part for part in (each.reason, each.detail) if part)
        tail = f" ({failure})" if failure else ""
        yield f"  told      {each.receiver}: {each.event} {each.state.value}{at}{tail}"
    if found.summary and not found.deliveries:
        yield "  told      nobody"


def _answer(why: Why) -> str:
    """The one thing to know."""
    firing = [found for name, found in why.stored.items() if why.fires(name)]
    told = {
        one.receiver: None
        for found in firing
        for one in found.deliveries
        if one.event == "trigger" and one.state == "delivered"
    }
    if told:
        return f"{', '.join(told)} had been told"
    held = [_held(found) for found in firing]
    for said in held:
        if said:
            return f"nobody had been told: {said}"
    if any(found.deliveries for found in firing):
        return "nobody had been told: it was owed, see below"
    if firing:
        return "nobody was to be told"
    return "nothing fired" + (", for samples then do not count" if why.excluded else "")


def _held(found: Stored) -> str:
    """What held the alert last, if anything did still."""
    for one in reversed(found.events):
        if one.kind == Kind.RELEASED:
            break
        if one.kind in (Kind.HELD, Kind.HELD_BACK):
            return one.detail
    return ""


def _burning(decision: Decision) -> str:
    tier = decision.tier
    return (
        f"{_rate(decision.burn_long)} over {words.exactly(tier.long_ms)} and "
        f"{_rate(decision.burn_short)} over {words.exactly(tier.short_ms)}, fires above "
        f"{words.factor(tier.factor)}; {decision.long.failed} of {decision.long.valid} failed"
    )


def _rate(rate: Rate | None) -> str:
    if rate is None:
        return "unknown"
    return "infinitely fast" if isinstance(rate, float) else words.burn(rate)


def _span(from_ms: int, to_ms: int) -> str:
    return f"{words.iso(from_ms)} to {words.iso(to_ms)}"


def document(why: Why) -> dict[str, Any]:
    """*why* for programs: times in ISO 8601, unknown as null."""
    policy = {tier.name: tier.severity for tier in why.slo.tiers}
    return {
        "format": FORMAT,
        "slo": why.slo.id,
        "service": why.slo.service,
        "at": words.iso(why.at_ms),
        "answer": _answer(why),
        "not_counted": list(why.excluded),
        "tiers": [_as_json(why, name, policy) for name in dict.fromkeys([*policy, *why.stored])],
    }


def _as_json(why: Why, name: str, policy: Mapping[str, str]) -> dict[str, Any]:
    found, counted = why.stored.get(name), why.counted.get(name)
    alert = found.alert if found else None
    over_ms = alert.resolved_ms if alert else None
    return {
        "tier": name,
        "severity": policy.get(name) or (alert.severity if alert else None),
        "fires": why.fires(name),
        "fired_at": words.iso(alert.fired_ms) if alert else None,
        "resolved_at": None if over_ms is None else words.iso(over_ms),
        "incident": alert.incident_id if alert else None,
        "decided": json.loads(alert.message).get("said") if alert else None,
        "failing": json.loads(alert.message).get("failing") if alert else None,
        "counted": None
        if counted is None
        else {"cause": counted.cause.value, "said": _burning(counted)},
        "events": [
            {
                "at": words.iso(one.at_ms),
                "kind": one.kind,
                "receiver": one.receiver,
                "detail": one.detail,
            }
            for one in (found.events if found else ())
        ],
        "deliveries": [
            {
                "receiver": one.receiver,
                "event": one.event,
                "state": one.state.value,
                "reason": one.reason,
            }
            for one in (found.deliveries if found else ())
        ],
    }
