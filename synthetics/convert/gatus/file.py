"""A configuration file of Gatus as one of ours."""

from __future__ import annotations

from synthetics.convert.draft import Draft
from synthetics.convert.gatus import quiet
from synthetics.convert.gatus.alerts import Alerts
from synthetics.convert.gatus.endpoints import endpoint, external
from synthetics.convert.gatus.requests import HINTS
from synthetics.convert.gatus.suites import suite
from synthetics.convert.tree import Item

_SERVER_SIDE = (
    "metrics", "debug", "storage", "security", "web", "ui", "remote", "announcements",
    "concurrency", "disable-monitoring-lock", "skip-invalid-config-update",
)  # fmt: skip
_HINTS = {
    "connectivity": "mark a probe of something well known as `guard`",
    "tunneling": "run `synthetics` where the targets can be reached, as another location",
}


def convert(root: Item, draft: Draft) -> None:
    """Add what *root*, a configuration file of Gatus, says to *draft*."""
    for key in _SERVER_SIDE:
        if root[key]:
            draft.note(root[key], f"`{key}` is left out: it is about Gatus itself")
    everywhere = quiet.windows(root["maintenance"], draft)
    alerts = Alerts(root["alerting"], draft)
    for section, make in (("endpoints", endpoint), ("external-endpoints", external)):
        for each in root[section].items():
            if not _enabled(each, draft):
                continue
            known = set(draft.probes)
            if (written := make(each, draft)) is None:
                each.done()
                continue
            own = quiet.windows(each["maintenance-windows"], draft)
            if section == "endpoints" and (only := quiet.only(draft, everywhere + own, each.line)):
                for name in draft.probes.keys() - known:  # what Gatus asks besides of it
                    draft.probes[name]["only"] = only
                written = {**written, "only": only}
            elif everywhere + own:
                draft.note(each.line, "maintenance is left out: a heartbeat is always due")
            draft.probe(each["name"].text(), each.line, written)
            alerts.of(each, written["service"])
            each.skip("name", "group", "ui")
            draft.rest(each, repr(each["name"].text()), hints=HINTS)
    for each in root["suites"].items():
        if _enabled(each, draft):
            written = suite(each, draft, alerts)
            if only := quiet.only(draft, everywhere, each.line):
                written = {**written, "only": only}
            draft.probe(each["name"].text(), each.line, written)
            each.skip("group", "name")
    root.skip(*(key for key in root.names if key.startswith(("x-", "_", "."))))  # for anchors
    draft.rest(root, hints=_HINTS, otherwise="Gatus does not know it")


def _enabled(item: Item, draft: Draft) -> bool:
    if not item["enabled"].flag(default=True):
        what = f"{item['name'].text()!r} is left out: it is not enabled"
        draft.note(item["enabled"], what)
        item.done()
        return False
    return True
