"""Healthchecks: checks, as its API lists them, as heartbeats of ours."""

from __future__ import annotations

import re
from typing import Any

from pydantic import TypeAdapter, ValidationError

from probes.heartbeat import Rhythm
from synthetics.convert.draft import Draft, duration
from synthetics.convert.tree import Item

_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_NO_UUID = "00000000-0000-4000-8000-000000000000"
_READ_ONLY = (
    "n_pings", "status", "started", "last_ping", "next_ping", "last_duration", "badge_url",
    "ping_url", "update_url", "pause_url", "resume_url", "slug", "unique_key",
    "subject", "subject_fail",
)  # fmt: skip
_BY_CONTENT = ("filter_subject", "filter_body", "filter_http_body")


def convert(root: Item, draft: Draft) -> None:
    """Add the checks in *root*, a list of them or the API's answer, to *draft*."""
    checks = root["checks"] if root.is_group else root
    for check in checks.items():
        if check.is_group:
            _check(check, draft)
        else:
            draft.note(check, "this is no check")


def _check(check: Item, draft: Draft) -> None:
    name = check["name"].text() or check["slug"].text() or "check"
    options: dict[str, Any] = {"uuid": _uuid(check, name, draft)}
    schedule = check["schedule"].text()
    if schedule:
        if "\n" in schedule or len(schedule.split()) != 5:
            what = (
                f"{name!r} is left out: `{schedule.splitlines()[0]}` is no cron expression of five"
            )
            draft.note(check["schedule"], what)
            return
        options |= {"cron": schedule, "timezone": check["tz"].text("UTC")}
    else:
        options["every"] = duration(check["timeout"].number(86_400))
    options["grace"] = duration(_grace_s(check, options, draft))
    if check["status"].text() == "paused":
        draft.note(check["status"], f"{name!r} was paused; here it is watched")
    if check["manual_resume"].flag():
        draft.note(check["manual_resume"], "`manual_resume` is left out: a report is always taken")
    if check["methods"].text():
        draft.note(check["methods"], "`methods` is left out: GET and HEAD report too")
    for key in _BY_CONTENT:
        if check[key].flag():
            what = f"`{key}` is left out: what a report says of success is in its address here"
            draft.note(check[key], what)
    if check["channels"].text():
        draft.note(check["channels"], "`channels` are left out: write receivers and routes")
    if check["desc"].text():
        draft.note(check["desc"], "`desc` is left out: probes have no description")
    check.skip(*_READ_ONLY, "tags", "start_kw", "success_kw", "failure_kw", "filter_default_fail")
    draft.rest(check)
    service = draft.service("healthchecks")
    written: dict[str, Any] = {"service": service, "heartbeat": options}
    if tags := check["tags"].text():
        written["labels"] = {"tags": tags}
    draft.probe(name, check.line, written)


def _grace_s(check: Item, options: dict[str, Any], draft: Draft) -> float:
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
            f"a grace of {duration(written_s)} becomes {duration(shortest_s)}: "
            "after that it is due again"
        )
        draft.note(check["grace"], what)
    return min(written_s, shortest_s)


def _uuid(check: Item, name: str, draft: Draft) -> str:
    for key in ("uuid", "ping_url", "update_url"):
        if found := _UUID.search(check[key].text()):
            return draft.secret(check[key], found[0], f"{name}_UUID")
    what = f"{name!r} has no UUID here, as with a read-only key: make one, and have the job use it"
    draft.note(check, what)
    return draft.secret(check, _NO_UUID, f"{name}_UUID")
