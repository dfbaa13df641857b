"""Healthchecks: checks, as its API lists them, as heartbeats of ours."""

from __future__ import annotations

import re
from typing import Any

from pydantic import TypeAdapter, ValidationError

from probes.heartbeat import Rhythm
from synthetics.convert.draft import Draft
from synthetics.convert.healthchecks.calendar import Unsaid, as_cron
from synthetics.convert.tree import Item
from synthetics.convert.written import duration

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_READ_ONLY = (
    "n_pings", "status", "started", "last_ping", "next_ping", "last_duration", "badge_url",
    "ping_url", "update_url", "pause_url", "resume_url", "unique_key", "name", "uuid",
    "subject", "subject_fail", "start_kw", "success_kw", "failure_kw",
)  # fmt: skip
_BY_CONTENT = (
    "filter_subject", "filter_body", "filter_http_body", "filter_default_fail",
)  # fmt: skip
_HINTS = {
    "manual_resume": "a report is always taken",
    "methods": "GET and HEAD report too",
    "channels": "an API tells no address of an integration; write `receivers` and `routes`",
    "desc": "probes have no description",
    "slug": "the job reports by its UUID; one that reports by a ping key wants `ping_key` too",
} | dict.fromkeys(_BY_CONTENT, "what a report says of success is in its address: /fail or a code")


def convert(root: Item, draft: Draft) -> None:
    """Add the checks in *root*, one, a list of them or the API's answer, to *draft*."""
    listed = root["checks"] if root.is_group and "checks" in root else root
    for check in listed.items():
        if check.is_group and (check["timeout"] or check["schedule"] or check["grace"]):
            _check(check, draft)
        else:
            draft.note(check, "this is no check")
    draft.rest(root)


def _check(check: Item, draft: Draft) -> None:
    name = check["name"].text() or check["slug"].text() or "check"
    schedule = check["schedule"].text()
    options: dict[str, Any] = {"uuid": _uuid(check, name, draft)}
    if schedule:
        try:
            cron, zone = _cron(schedule)
        except Unsaid as unsaid:
            what = (
                f"{name!r} is left out: `{schedule.splitlines()[0]}` is said by no cron "
                f"expression: {unsaid}; write a `heartbeat` for each of its times"
            )
            draft.note(check, what)
            return
        options |= {"cron": cron, "timezone": zone or check["tz"].text("UTC")}
    else:
        options["every"] = duration(check["timeout"].number(86_400))
    options["grace"] = duration(_grace_s(check, options, name, draft))
    if check["status"].text() == "paused":
        draft.note(check["status"], f"{name!r} was paused; here it is watched")
    for key in check.names:
        if not check.holds(key):
            check.skip(key)
    if name == check["slug"].text() or check["name"].text().lower() == check["slug"].text():
        check.skip("slug")
    written: dict[str, Any] = {"service": draft.service("healthchecks"), "heartbeat": options}
    if tags := check["tags"].text().split():
        written["labels"] = dict.fromkeys(tags, "yes")
    check.skip(*_READ_ONLY)
    draft.rest(check, repr(name), hints=_HINTS)
    draft.probe(name, check.line, written)


def _cron(schedule: str) -> tuple[str, str]:
    """Five fields as they are; anything else is a calendar expression, one on each line."""
    if "\n" not in schedule and len(schedule.split()) == 5 and ":" not in schedule:
        return " ".join(schedule.split()), ""
    return as_cron(schedule)


def _grace_s(check: Item, options: dict[str, Any], name: str, draft: Draft) -> float:
    """No longer than from one time of a cron expression to the next."""
    written_s = check["grace"].number(3600)
    try:
        rhythm = TypeAdapter(Rhythm).validate_python(
            {key: options[key] for key in ("cron", "timezone")}
        )
    except (KeyError, ValidationError):
        return written_s  # every so often; or our loader says what is wrong with it
    shortest_s = rhythm.shortest.total_seconds()
    if written_s > shortest_s:
        what = (
            f"{name!r}: a grace of {duration(written_s)} becomes {duration(shortest_s)}: "
            "after that it is due again"
        )
        draft.note(check["grace"], what)
    return min(written_s, shortest_s)


def _uuid(check: Item, name: str, draft: Draft) -> str:
    for key in ("uuid", "ping_url", "update_url"):
        if found := _UUID.search(check[key].text()):
            return draft.secret(check[key].line, found[0], f"{name}_UUID")
    what = f"{name!r} has no UUID here, as with a read-only key: make one, and have the job use it"
    draft.note(check.line, what)
    return draft.uuid(check.line, name)
