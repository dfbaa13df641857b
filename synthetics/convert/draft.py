"""A configuration of ours that is being written, and what had to be left out of it."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any

from synthetics.convert.tree import Item
from synthetics.convert.written import dumped, identifier, plain

_TELLING = re.compile(r"pass|secret|token|key|auth|sig|session|credential|cookie", re.IGNORECASE)
_NOT_ENV = re.compile(r"[^A-Z0-9]+")
NO_HINTS: Mapping[str, str] = MappingProxyType({})
NOTHING_LIKE_IT = "there is nothing like it here"
OBJECTIVE = "99.9%"
SHORTEST_SECRET = 4
WINDOW = "30d"


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """A difference in meaning: its file, the line in it, from 1, and what it is."""

    file: str
    line: int
    what: str


@dataclass(slots=True)
class Draft:
    """
    What was written so far.

    Attributes:
        file: The file that is read.
        services, probes, templates, receivers, hours: By identifier, as in a configuration.
        maintenance: As in a configuration.
        notes: Differences, as they were found.
        env: What has to be in the environment: names and the values that the file had.
        told: By service, who is to hear of it, after how many failures.
        places: File and line of what has an identifier.
        samples: A target by template, so that our loader can look at one that nobody uses.
    """

    file: str
    services: dict[str, dict[str, Any]] = field(default_factory=dict)
    probes: dict[str, dict[str, Any]] = field(default_factory=dict)
    templates: dict[str, dict[str, Any]] = field(default_factory=dict)
    receivers: dict[str, dict[str, Any]] = field(default_factory=dict)
    hours: dict[str, dict[str, Any]] = field(default_factory=dict)
    maintenance: list[dict[str, Any]] = field(default_factory=list)
    told: dict[str, dict[str, int]] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)
    env: dict[str, tuple[str, int]] = field(default_factory=dict)
    places: dict[str, tuple[str, int]] = field(default_factory=dict)
    samples: dict[str, str] = field(default_factory=dict)

    def note(self, at: Item | int, what: str, *, file: str = "") -> None:
        """
        Name a difference at *at*, a line of the file that is read, or of *file*.

        An item instead of a line is accounted for as a whole then.
        """
        if isinstance(at, Item):
            at.done()
            at = at.line
        found = Note(file or self.file, at, what)
        if found not in self.notes:
            self.notes.append(found)

    def rest(
        self,
        item: Item,
        who: str = "",
        *,
        hints: Mapping[str, str] = NO_HINTS,
        otherwise: str = NOTHING_LIKE_IT,
    ) -> None:
        """
        Name what of *item* nobody looked at, and that says something.

        Args:
            item: What has been converted.
            who: What it is called, where its line alone may not say so.
            hints: What to do instead, by key below *item*.
            otherwise: Why everything else is left out.
        """
        for each in item.rest():
            if each.value in (None, "", [], {}):
                continue
            below = each.keys[len(item.keys) :]
            key = ".".join(part for part in below if not part.isdecimal())
            why = hints.get(key) or hints.get(key.partition(".")[0]) or otherwise
            owner = f"{who}: " if who else ""
            self.note(each, f"{owner}`{key or 'all of it'}` is left out: {why}")

    def service(self, name: str) -> str:
        """The identifier of the service of that *name*, made if it is new."""
        name = name.replace("${", "{")
        for known, written in self.services.items():
            if written["name"] == name:
                return known
        new = identifier(name, self.services, "service")
        self.services[new] = {"name": name}
        return new

    def place(self, new: str, line: int) -> None:
        """What is called *new* stands on *line*."""
        self.places[new] = self.file, line

    def probe(self, name: str, line: int, written: dict[str, Any]) -> str:
        """Add a probe that is called *name* and stands on *line*; its identifier."""
        name = name.replace("${", "{")  # where a template is used, a name may refer to it
        new = identifier(name, self.probes, "probe")
        self.probes[new] = written if new == name else {"name": name, **written}
        self.place(new, line)
        return new

    def tell(self, service: str, receiver: str, failures: int) -> None:
        """*receiver* is to hear of *service* after so many *failures*."""
        told = self.told.setdefault(service, {})
        told[receiver] = max(failures, told.get(receiver, 0))

    def secret(self, item: Item | int, value: str, name: str) -> str:
        """A reference to *value*, which is no longer written: ``${env:…}`` of a new *name*."""
        line = item if isinstance(item, int) else item.line
        wanted = _NOT_ENV.sub("_", name.upper()).strip("_") or "SECRET"
        wanted = wanted if wanted[0].isalpha() else f"X_{wanted}"
        number, chosen = 1, wanted
        while chosen in self.env and self.env[chosen][0] != value:
            number += 1
            chosen = f"{wanted}_{number}"
        self.env.setdefault(chosen, (value, line))
        return f"${{env:{chosen}}}"

    def uuid(self, line: int, name: str) -> str:
        """A reference to a UUID that is yet to be made, for what is called *name* on *line*."""
        new = f"00000000-0000-4000-8000-{len(self.env):012}"
        return self.secret(line, new, f"{name}_UUID")

    def login(
        self, options: dict[str, Any], user: str, password: str, line: int, name: str
    ) -> None:
        """
        Add to *options* of HTTP that *user* logs in by name and *password*.

        One that is empty or too short to be masked is said in a header, as a whole.
        """
        if len(password) >= SHORTEST_SECRET:
            kept = self.secret(line, password, f"{name}_PASSWORD")
            options["auth"] = {"basic": {"username": plain(user), "password": kept}}
            return
        said = self.basic(user, password, line, name)
        options.setdefault("headers", {})["Authorization"] = said

    def basic(self, user: str, password: str, line: int, name: str) -> str:
        """What the header ``Authorization`` has for *user* and *password*, as a reference."""
        both = base64.b64encode(f"{user}:{password}".encode()).decode()
        return self.secret(line, f"Basic {both}", f"{name}_AUTHORIZATION")

    def headers(self, pairs: Mapping[str, tuple[str, int]], owner: str) -> dict[str, str]:
        """Header values; those that are likely to be secret as references."""
        return {
            name: self.secret(line, value, f"{owner}_{name}")
            if _TELLING.search(name) and "${" not in value
            else value
            for name, (value, line) in pairs.items()
        }

    def slos(self) -> dict[str, dict[str, Any]]:
        """
        An objective for each service that somebody is to hear of.

        Probes of one objective are asked at the same times, so there are more where they are not.
        """
        slos: dict[str, dict[str, Any]] = {}
        for service, told in self.told.items():
            by_hours: dict[str, list[str]] = {}
            for name, one in self.probes.items():
                if told and one.get("service") == service:
                    by_hours.setdefault(one.get("only", ""), []).append(name)
            for probes in by_hours.values():
                slos[identifier(service, slos, "service")] = {
                    "service": service,
                    "probes": probes,
                    "objective": OBJECTIVE,
                    "window": WINDOW,
                    "alerting": {"min_bad": max(told.values())},
                }
        return slos

    def document(self) -> dict[str, Any]:
        """The whole, with one objective for each service that somebody is to hear of."""
        slos = self.slos()
        routes = [
            {"services": [service], "severity": "page", "to": list(self.told[service])}
            for service in dict.fromkeys(one["service"] for one in slos.values())
        ]
        used = {one.get("service") for one in self.probes.values()}
        services = {key: value for key, value in self.services.items() if key in used}
        whole = {
            "services": services,
            "templates": self.templates,
            "probes": self.probes,
            "slos": slos,
            "receivers": {
                key: value
                for key, value in self.receivers.items()
                if any(key in route["to"] for route in routes)
            },
            "hours": self.hours,
            "routes": routes,
            "maintenance": self.maintenance,
        }
        return {key: value for key, value in whole.items() if value}

    def needed(self) -> dict[str, int]:
        """What has to be in the environment, and the line that it was on."""
        whole = str(self.document())
        return {name: line for name, (_, line) in self.env.items() if f"${{env:{name}}}" in whole}

    def yaml(self) -> str:
        """The whole as text."""
        head = f"# From {Path(self.file).name} by `synthetics convert`.\n"
        if used := self.needed():
            names = "\n".join(f"#   {name}" for name in used)
            head += f"# The file has secrets; these must be in the environment:\n{names}\n"
        return head + dumped(self.document())
