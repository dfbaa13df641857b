"""Uptime Kuma: the monitors of a backup, of its API, or of its database, as ours."""

from __future__ import annotations

from urllib.parse import quote

from synthetics.convert.draft import Draft
from synthetics.convert.kuma import maintenance
from synthetics.convert.kuma.monitors import Monitor, Surroundings
from synthetics.convert.kuma.notifications import Notifications
from synthetics.convert.kuma.rows import named_as_by_the_api
from synthetics.convert.tree import Item

_SERVER_SIDE = {
    "statusPageList": "the page of this service shows every probe",
    "dockerHostList": "`docker` on the machine that probes is asked",
    "apiKeyList": "keys are of Uptime Kuma",
    "settings": "they are about Uptime Kuma itself",
}


def convert(root: Item, draft: Draft) -> None:
    """Add the monitors in *root* to *draft*."""
    listed = root["monitorList"] if root.is_group and "monitorList" in root else root
    monitors = [one for _, one in listed.pairs()] if listed.is_group else listed.items()
    for one in monitors:
        if not one.is_group:
            draft.note(one, f"`{one.keys[-1]}` is no monitor")
    monitors = [one for one in monitors if one.is_group]
    for one in monitors:
        named_as_by_the_api(one)
    groups = {one["id"].text(): one for one in monitors if one["type"].text() == "group"}
    around = Surroundings(
        groups={number: _path(group, groups) for number, group in groups.items()},
        proxies=_proxies(root["proxyList"], draft),
        notifications=Notifications(root["notificationList"], draft),
        only=maintenance.read(root["maintenanceList"], draft),
    )
    for one in monitors:
        if one["type"].text() != "group":
            Monitor(one, draft, around).write()
    for number, group in groups.items():
        around.of_group(group, around.groups[number], draft)
    root.skip("version")
    if listed is not root:
        draft.rest(root, hints=_SERVER_SIDE)


def _path(group: Item, groups: dict[str, Item]) -> str:
    """The names of *group* and of those that it is in, the outermost first."""
    names, seen = [group["name"].text()], {group["id"].text()}
    while (parent := group["parent"].text()) in groups and parent not in seen:
        group = groups[parent]
        seen.add(parent)
        names.insert(0, group["name"].text())
    return " / ".join(names)


def _proxies(listed: Item, draft: Draft) -> dict[str, str]:
    """URLs by the number of the proxy."""
    found = {}
    for each in listed.items():
        login = ""
        if each["auth"].flag():
            password = quote(each["password"].text(), safe="")
            login = f"{quote(each['username'].text(), safe='')}:{password}@"
        where = f"{each['host'].text()}:{int(each['port'].number())}"
        url = f"{each['protocol'].text('http')}://{login}{where}"
        name = f"proxy_{each['host'].text()}"
        found[each["id"].text()] = draft.secret(each.line, url, name) if login else url
        each.skip("userId", "active", "default", "createdDate", "auth", "username", "password")
    return found
