"""What depends on what, as one graph of objectives: only those alert, and wait for others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from synthetics.config.model import Config
from synthetics.config.model_quiet import DependsOn


@dataclass(frozen=True, slots=True)
class Target:
    """Something that others depend on."""

    what: Literal["service", "probe"]
    id: str

    def __str__(self) -> str:
        return f"{self.what} {self.id}"


@dataclass(frozen=True, slots=True)
class Declared:
    """One dependency and where it is written: *section* and *id* of what depends."""

    section: Literal["services", "probes", "slos"]
    id: str
    target: Target


class Dependencies:
    """
    The dependencies of a configuration.

    An objective depends on what is said of itself, of its service and of its probes.  It never
    depends on a probe that it counts itself, nor its service on itself.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._slos_of: dict[Target, list[str]] = {}
        for slo in config.slos.values():
            for target in (
                Target("service", slo.service),
                *(Target("probe", p) for p in slo.probes),
            ):
                self._slos_of.setdefault(target, []).append(slo.id)
        self._any = any(
            one.depends_on
            for section in (config.services, config.probes, config.slos)
            for one in section.values()
        )

    def __bool__(self) -> bool:
        """Whether anything depends on anything."""
        return self._any

    def slos_of(self, target: Target) -> Sequence[str]:
        """The objectives that alert when *target* is down."""
        return self._slos_of.get(target, ())

    def always(self, slo_id: str) -> tuple[Declared, ...]:
        """What an objective depends on, whichever of its probes fails."""
        slo = self._config.slos.get(slo_id)
        if slo is None:
            return ()
        service = self._config.services.get(slo.service)
        own = list(_declared("slos", slo_id, slo.depends_on))
        if service is not None:
            own += _declared("services", service.id, service.depends_on)
        return tuple(one for one in own if not self._counts(slo_id, one.target))

    def by_probe(self, slo_id: str, probe: str) -> tuple[Declared, ...]:
        """What an objective depends on besides while *probe* fails."""
        known = self._config.probes.get(probe)
        if known is None:
            return ()
        found = _declared("probes", probe, known.depends_on)
        return tuple(one for one in found if not self._counts(slo_id, one.target))

    def of(self, slo_id: str) -> tuple[Declared, ...]:
        """All that an objective depends on."""
        probes = self._config.slos[slo_id].probes
        return self.always(slo_id) + tuple(
            one for probe in probes for one in self.by_probe(slo_id, probe)
        )

    def written(self) -> Iterator[Declared]:
        """Every dependency as it is written."""
        config = self._config
        for service in config.services.values():
            yield from _declared("services", service.id, service.depends_on)
        for probe in config.probes.values():
            yield from _declared("probes", probe.id, probe.depends_on)
        for slo in config.slos.values():
            yield from _declared("slos", slo.id, slo.depends_on)

    def cycle(self) -> tuple[Declared, ...]:
        """Dependencies of which each leads to the next and the last to the first, if there are."""
        waits: Mapping[str, list[tuple[Declared, str]]] = {
            slo_id: [
                (one, other)
                for one in self.of(slo_id)
                for other in self.slos_of(one.target)
                if other != slo_id
            ]
            for slo_id in self._config.slos
        }
        done: set[str] = set()
        for start in waits:
            # A walk in depth, kept by hand: as deep as there are objectives.
            way: list[tuple[str, Iterator[tuple[Declared, str]]]] = [(start, iter(waits[start]))]
            by: list[Declared] = []
            while way:
                here, further = way[-1]
                step = None if here in done else next(further, None)
                if step is None:
                    done.add(here)
                    way.pop()
                    if by:
                        by.pop()
                    continue
                one, other = step
                on_the_way = [slo_id for slo_id, _ in way]
                if other in on_the_way:
                    return tuple(dict.fromkeys([*by[on_the_way.index(other) :], one]))
                by.append(one)
                way.append((other, iter(waits[other])))
        return ()

    def _counts(self, slo_id: str, target: Target) -> bool:
        return target.what == "probe" and target.id in self._config.slos[slo_id].probes


def _declared(
    section: Literal["services", "probes", "slos"], id_: str, depends_on: DependsOn
) -> Iterator[Declared]:
    for service in depends_on.services:
        yield Declared(section, id_, Target("service", service))
    for probe in depends_on.probes:
        yield Declared(section, id_, Target("probe", probe))
