"""What one receiver of an incident should know and does not."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import timedelta

from synthetics.config.model import Severity
from synthetics.paging.owing import RANKS, Story, plan
from synthetics.paging.rhythm import HOUR_MS, PATIENCE_MS, REMEMBERED_MS, calm, flapping
from synthetics.paging.routing import Told
from synthetics.paging.scene import Scene
from synthetics.paging.words import acknowledge_link, resolved, told
from synthetics.receivers.base import Event, Message
from synthetics.store import acknowledgements, deliveries, events, incidents
from synthetics.store.deliveries import Delivery, State
from synthetics.store.incidents import Alert, Incident

_MS = timedelta(milliseconds=1)

WAY = "/acknowledge/"
"""Where the links lead by which an incident is taken on."""


class Ear:
    """
    One receiver of one incident.

    Args:
        goes_on: What goes on that concerns it, held or not.
        tell: What of it may be told.
        alerts: All of the incident, in the order of firing.
        own: Those of them that the receiver could be told of.
        held: Those that nobody is told of now.
        past: All that it was ever owed of the incident, in order.
        acknowledged: When somebody took the incident on.
        kept_from: When the quota kept a page of the incident from it.
    """

    def __init__(
        self,
        db: sqlite3.Connection,
        incident: Incident,
        scene: Scene,
        *,
        receiver: str,
        goes_on: Told | None,
        tell: Told | None,
        alerts: Sequence[Alert],
        own: Sequence[Alert],
        held: Collection[int],
        past: Sequence[Delivery],
        acknowledged: Sequence[int],
        kept_from: Sequence[int],
    ) -> None:
        self._db = db
        self._incident = incident
        self._scene = scene
        self._receiver = receiver
        self._goes_on = goes_on
        self._tell = tell
        self._of_all = alerts
        self._past = past
        self._kept_from = kept_from
        self._rules = scene.rules(incident.service)
        self._story = Story.of(past)
        self._alerts = own or alerts
        firing = [alert for alert in self._alerts if alert.resolved_ms is None]
        self._free = [alert for alert in firing if alert.id not in held]
        began_ms = min((alert.fired_ms for alert in firing), default=0)
        self._answered = any(each >= began_ms for each in acknowledged)

    def tell(self) -> bool:
        """Owe what is missing; whether the incident stays open for this receiver's sake."""
        story, known = self._story, self._tell
        severity = self._goes_on.alert.severity if self._goes_on else None
        waits_for_calm = severity is None and self._flaps_still()
        if waits_for_calm:
            severity = story.severity
        again_ms = self._again_ms(known) if known else None
        step = plan(story, severity, known.alert.severity if known else None, again_ms)
        for delivery_id in step.supersede:
            deliveries.supersede(self._db, delivery_id, at_ms=self._scene.at_ms)
        if self._receiver not in self._scene.receivers:
            return False
        if step.owe is Event.TRIGGER and known is not None:
            self._trigger(known)
        elif step.owe is Event.RESOLVE or (severity is None and self._untold()):
            self._end()
        elif known is not None and not step.supersede:
            self._update()
        return waits_for_calm

    def _again_ms(self, known: Told) -> int | None:
        """When it was to be told for the last time though it may know: nobody has answered."""
        told = [
            one for one in self._past if one.event == Event.TRIGGER and one.state is State.DELIVERED
        ]
        every = self._rules.repeat_interval.get(known.alert.severity)
        due = [] if known.again_ms is None else [known.again_ms]
        if every is not None and told and self._story.told and not self._answered:
            due_ms = told[-1].owed_ms + every // _MS
            due += [due_ms] if due_ms <= self._scene.at_ms else []
        return max(due, default=None)

    def _flaps_still(self) -> bool:
        """Whether it is too early to tell the end of what began again and again."""
        rule = self._rules.flapping
        ended = [alert.resolved_ms for alert in self._alerts if alert.resolved_ms is not None]
        return bool(
            self._story.told
            and ended
            and flapping(self._story.beginnings, rule)
            and not calm(max(ended), rule, self._scene.at_ms)
        )

    def _trigger(self, known: Told) -> None:
        """Tell of the worst, unless there were so many pages that it can wait a little."""
        at_ms, story, worst = self._scene.at_ms, self._story, known.alert
        again = bool(story.told and RANKS[worst.severity] <= story.told)
        before = story.beginnings if story.began_ms is None else story.beginnings[:-1]
        waited = False
        if worst.severity == Severity.PAGE and not known.unanswered_ms and self._quota_is_spent():
            if again:
                return
            since_ms = min((alert.fired_ms for alert in self._free), default=at_ms)
            held_ms = next((each for each in self._kept_from if each >= since_ms), None)
            if held_ms is None:
                self._note(
                    events.Kind.HELD_BACK,
                    f"{self._rules.pages_per_hour} pages within an hour were enough",
                )
            if held_ms is None or at_ms - held_ms < PATIENCE_MS:
                return
            waited = True
        flaps = not story.told and flapping((*before, at_ms), self._rules.flapping)
        if flaps and self._incident.flapping_ms is None:
            incidents.flaps(self._db, self._incident.id, at_ms=at_ms)
            self._note(events.Kind.FLAPPING, f"began {len(before) + 1} times")
        service = self._incident.service
        after_ms = at_ms - REMEMBERED_MS
        held_back = events.held_back_after(self._db, self._receiver, service, after_ms)
        if held_back:
            last_ms = deliveries.last_page_ms(self._db, self._receiver, service, after_ms)
            held_back = events.held_back_after(
                self._db, self._receiver, service, last_ms or after_ms
            )
        message = Message.from_json(worst.message)
        message = replace(
            message,
            id=_new_id(),
            also=self._others(message),
            again=len(before),
            flapping=flaps or (again and self._incident.flapping_ms is not None),
            reminder=self._reminders() + 1 if again and not known.unanswered_ms else 0,
            unanswered_ms=known.unanswered_ms or 0,
            held_back=max(held_back - waited, 0),
        )
        self._owe(self._with_link(replace(message, summary=told(message, at_ms))))

    def _others(self, message: Message) -> tuple[str, ...]:
        """
        What else there is to know of: SLOs that fire too, and those that fail and do not yet.

        An outage of a whole service trips its SLOs one by one within moments, and a page does
        not wait for company.
        """
        quiet, service = self._scene.quiet, self._incident.service
        fires = {alert.slo for alert in self._of_all if alert.resolved_ms is None}
        firing = dict.fromkeys(alert.slo for alert in self._free)
        # An alert about a budget speaks of weeks, and not of what fails now.
        failing = quiet.failing(service) if message.probe else ()
        both = [*firing, *(slo for slo in failing if slo not in fires)]
        return tuple(slo for slo in both if slo != message.slo)

    def _reminders(self) -> int:
        """How often it was told again what it was told."""
        trigger = self._story.trigger
        return 0 if trigger is None else Message.from_json(trigger.message).reminder

    def _update(self) -> None:
        """Add to what was told, where that can be mended without telling anybody again."""
        last = self._story.last
        updates = self._receiver in self._scene.quiet.updating
        unsent = last is not None and last.state is State.OWED and last.unsure == 0
        if last is None or last.state is State.REFUSED or not (updates or unsent):
            return
        known = Message.from_json(last.message)
        joined = [alert.slo for alert in self._free if alert.slo not in (known.slo, *known.also)]
        flaps = self._incident.flapping_ms is not None and not known.flapping
        if not joined and not flaps:
            return
        more = replace(
            known,
            also=(*known.also, *dict.fromkeys(joined)),
            flapping=known.flapping or flaps,
        )
        more = replace(more, summary=told(self._first_words(more), last.owed_ms))
        if unsent:
            deliveries.revise(self._db, last.id, more.to_json())
            return
        for one in self._story.unsent:
            if one.event == Event.UPDATE:
                deliveries.supersede(self._db, one.id, at_ms=self._scene.at_ms)
        self._owe(replace(more, id=_new_id(), event=Event.UPDATE, detected_ms=self._scene.at_ms))

    def _end(self) -> None:
        """Tell that it is over, and all that it was."""
        at_ms, story = self._scene.at_ms, self._story
        known = next((one for one in reversed(self._past) if one.event == Event.TRIGGER), None)
        if known is not None:
            message = Message.from_json(known.message)
        else:
            concerning = self._alerts or self._of_all
            message = Message.from_json(max(concerning, key=lambda a: RANKS[a.severity]).message)
        ended = [a for a in self._alerts if a.resolved_ms is not None]
        if not ended and all(alert.resolved_ms is not None for alert in self._of_all):
            ended = list(self._of_all)
        newest = max(ended, key=lambda a: a.resolved_ms or 0, default=None)
        resolution = newest.resolution if newest else "rerouted"
        since_ms = story.began_ms or 0
        also = dict.fromkeys(
            alert.slo
            for alert in ended
            if alert.slo != message.slo and (alert.resolved_ms or 0) >= since_ms
        )
        message = replace(
            self._first_words(message),
            id=_new_id(),
            event=Event.RESOLVE,
            resolution=resolution,
            also=tuple(also),
            reminder=0,
            held_back=self._untold(),
            links=tuple(link for link in message.links if WAY not in link.href),
        )
        summary = resolved(message, at_ms, resolution)
        self._owe(replace(message, summary=summary, detected_ms=at_ms))

    def _first_words(self, message: Message) -> Message:
        """*message* with the summary of its alert: not that of a reminder, say."""
        for alert in reversed(self._of_all):
            if (alert.slo, alert.tier) == (message.slo, message.tier):
                return replace(message, summary=Message.from_json(alert.message).summary)
        return message

    def _with_link(self, message: Message) -> Message:
        """
        *message* with a link by which its reader can take the incident on.

        One that tells others of a page that somebody did not get has the link of that page: it
        is the outage that is to be taken on.
        """
        base = self._scene.public_url.rstrip("/")
        if not base or any(each.href.startswith(f"{base}{WAY}") for each in message.links):
            return message
        token = acknowledgements.link(
            self._db, self._incident.id, self._receiver, token=secrets.token_urlsafe(24)
        )
        link = acknowledge_link(message, f"{base}{WAY}{token}")
        return replace(message, links=(link, *message.links))

    def _quota_is_spent(self) -> bool:
        pages = deliveries.pages_since(
            self._db, self._receiver, self._incident.service, self._scene.at_ms - HOUR_MS
        )
        return pages >= self._rules.pages_per_hour

    def _untold(self) -> int:
        """How many pages of the incident the quota kept from it since it heard of it last."""
        spoke_ms = self._story.spoke_ms
        return sum(1 for each in self._kept_from if spoke_ms is None or each > spoke_ms)

    def _note(self, kind: events.Kind, detail: str) -> None:
        events.note(
            self._db,
            self._incident.id,
            kind,
            at_ms=self._scene.at_ms,
            receiver=self._receiver,
            detail=detail,
        )

    def _owe(self, message: Message) -> None:
        deliveries.owe(
            self._db,
            incident_id=self._incident.id,
            receiver=self._receiver,
            event=message.event,
            severity=message.severity,
            dedup_key=message.dedup_key,
            message=message.to_json(),
            owed_ms=self._scene.at_ms,
        )


def _new_id() -> str:
    return f"msg_{secrets.token_hex(12)}"
