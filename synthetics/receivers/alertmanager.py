"""Receiver ``alertmanager``: alerts of Alertmanager's API v2, to every member of a cluster."""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import AfterValidator, ConfigDict
from yarl import URL

from probes.fields import Refused, Secret
from synthetics.config.model import Severity
from synthetics.language.speech import speech
from synthetics.receivers.base import Event, Fate, Message, Verdict
from synthetics.receivers.chat import links
from synthetics.receivers.fields import Headers, Url
from synthetics.receivers.post import judge, mask_of, post_json
from synthetics.receivers.text import iso, shorten

if TYPE_CHECKING:
    import aiohttp

SUMMARY = "Alertmanager, which routes from there"

REPEAT_S = 60.0
"""How often what goes on is sent again: it keeps alerts in memory, so a restart forgets them."""

LASTS_MS = 3_600_000
"""What is not sent again for so long is over; Prometheus says four minutes, which would end every
page while this process is down."""

UPDATES = True
"""It is told again all the time anyway, and tells nobody of what is no news."""

_TOLD = frozenset({Event.TRIGGER, Event.UPDATE, Event.RESOLVE})
_TEXT = 1024
_SEVERITIES = (Severity.PAGE, Severity.TICKET)
_OURS = frozenset({"alertname", "incident", "service", "severity"})

logger = logging.getLogger(__name__)


def _check_labels(labels: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in labels.items():
        if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name):
            raise Refused(
                f"`{name}` is not a label's name",
                mend="use letters, digits and _, a letter first",
                at=(name,),
            )
        if name in _OURS:
            raise Refused(f"{name} is set by the receiver itself", mend="leave it out", at=(name,))
        if not value:
            raise Refused("a label without a value is none", mend="leave it out", at=(name,))
    return labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Attributes:
        url: Where it is, such as `http://alertmanager:9093`; without `/api/v2`.
        peers: The other members of its cluster; all are told, since they do not tell each other.
        headers: Sent as well, for a gateway that wants a token.
        labels: Put on every alert, to route by.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    url: Url
    peers: tuple[Url, ...] = ()
    headers: Headers = field(default_factory=dict)
    labels: Annotated[Mapping[str, str], AfterValidator(_check_labels)] = field(
        default_factory=dict
    )


async def send(options: Options, message: Message, session: aiohttp.ClientSession) -> Verdict:
    """Tell every member; one that takes it is enough, since the others are told again soon."""
    if message.event not in _TOLD:
        return Verdict.delivered()
    body = alerts(options, message, now_ms=time.time_ns() // 1_000_000)
    members = [options.url, *options.peers]
    verdicts = await asyncio.gather(*(_tell(options, one, body, session) for one in members))
    failed = [one for one in verdicts if one.fate is not Fate.DELIVERED]
    if len(failed) == len(verdicts):
        return next((one for one in failed if one.fate is Fate.RETRY), failed[0])
    for one in failed:
        logger.warning(
            "%d of %d members did not take an alert: %s", len(failed), len(members), one.detail,
            extra={"action": "member_failing", "reason": one.reason},
        )  # fmt: skip
    return Verdict.delivered()


async def _tell(
    options: Options, url: Secret, body: list[dict[str, Any]], session: aiohttp.ClientSession
) -> Verdict:
    target = Secret(str(URL(url.reveal()) / "api" / "v2" / "alerts"))
    headers = {name: value.reveal() for name, value in options.headers.items()}
    answer = await post_json(session, target, body, headers)
    if isinstance(answer, Verdict):
        return answer
    mask = mask_of(url, *options.headers.values())
    return judge(answer, detail=mask(answer.body.decode(errors="replace")))


def alerts(options: Options, message: Message, *, now_ms: int) -> list[dict[str, Any]]:
    """
    *message* as alerts: one for each severity, of which the one that is told goes on.

    Labels are an alert's identity there, so they hold only what an incident keeps; and since
    people route by the severity, an incident that gets worse is another alert, which ends
    the first.  An alert that ends and was never known is not told to anybody.
    """
    began_ms = min(message.detected_ms, now_ms)
    if message.since_ms is not None:
        began_ms = min(message.since_ms, began_ms)
    return [
        {
            "labels": {
                **options.labels,
                "alertname": "SyntheticsIncident",
                "service": message.service,
                "severity": severity.value,
                "incident": _text(message.dedup_key),
            },
            "annotations": _annotations(message),
            "startsAt": iso(began_ms),
            "endsAt": iso(now_ms + LASTS_MS if _goes_on(message, severity) else now_ms),
            "generatorURL": message.url,
        }
        for severity in _SEVERITIES
    ]


def _goes_on(message: Message, severity: Severity) -> bool:
    return message.event is not Event.RESOLVE and severity is message.severity


def _annotations(message: Message) -> dict[str, str]:
    failing = message.failing
    found = {
        "summary": message.summary,
        "service_name": message.service_name,
        "slo": message.slo,
        "tier": message.tier,
        "probe": message.probe,
        "step": message.step,
        "reason": message.reason,
        "location": message.location,
        "failing_since": iso(message.since_ms) or "",
        "objective": message.said.objective,
        "burn_rate": message.said.burn,
        "budget": message.said.budget,
        "last_failure": failing.detail if failing else "",
        "also_failing": ", ".join(message.also[:50]),
        "resolution": message.resolution,
    }
    names = speech(message.language, message.zone).phrases.links
    named = {names.runbook: "runbook_url", names.dashboard: "dashboard_url"}
    for link in links(message, 10):
        if link.text in named:
            found[named[link.text]] = link.href
    return {name: _text(value) for name, value in found.items() if value}


def _text(text: str) -> str:
    return shorten(text, _TEXT)
