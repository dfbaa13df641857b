"""What ``synthetics probe`` says of jobs that report to us: not asked, but what was heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from synthetics.config.model import Config, Probe
    from synthetics.heartbeats.standing import JobStanding
    from synthetics.sample import Sample

NOT_YET = "not yet"
_COLOURS = {"good": "green", "bad": "red", "void": "yellow", NOT_YET: "bright_black"}
_SIGNS = {"good": "✓", "bad": "✗", "void": "?", NOT_YET: "·"}


FOREVER_MS = 1 << 62


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """A job, how it stands, and its newest sample; ``None`` where nobody has listened yet."""

    probe: Probe
    job: JobStanding | None
    newest: Sample | None

    @property
    def outcome(self) -> str:
        """Of the newest sample."""
        return NOT_YET if self.newest is None else self.newest.result.outcome.value


def read(config: Config, probes: Sequence[Probe], database: Path) -> list[Heard]:
    """
    What *database* knows of *probes*.

    Raises:
        StoreError: It cannot be read; one that is not there knows nothing.
    """
    from probes.heartbeat_parts.facts import State
    from synthetics.heartbeats.standing import standing
    from synthetics.store import Reader, pings

    if not database.exists():
        return [Heard(probe=probe, job=None, newest=None) for probe in probes]
    found = []
    with Reader.open(database) as reader:
        saved = reader.read(pings.saved)
        series = {(one.probe, one.location): one.id for one in reader.series()}
        for probe in probes:
            number = series.get((probe.id, config.location))
            newest = [] if number is None else reader.samples(number, -1, FOREVER_MS, limit=1)
            known = saved.get(probe.id)
            found.append(
                Heard(
                    probe=probe,
                    job=None if known is None else standing(State.loads(known.state)),
                    newest=newest[0].sample if newest else None,
                )
            )
    return found


def as_json(one: Heard) -> dict[str, Any]:
    """*one* as JSON values, except for times and outcomes."""
    from synthetics import words
    from synthetics.heartbeats import standing

    newest = one.newest
    return {
        "probe": one.probe.id,
        "service": one.probe.service,
        "kind": one.probe.kind,
        "heartbeat": None if one.job is None else standing.as_json(one.job),
        "newest": None
        if newest is None
        else {"at": words.iso(newest.scheduled_ms), **asdict(newest.result)},
    }


def text(one: Heard, at_ms: int) -> Iterator[str]:
    """*one* as lines for a terminal."""
    colour = _COLOURS[one.outcome]
    result = None if one.newest is None else one.newest.result
    verdict = f"{one.outcome}: {result.reason}" if result and result.reason else one.outcome
    yield (
        f"{click.style(_SIGNS[one.outcome], fg=colour, bold=True)} "
        f"{click.style(one.probe.id, bold=True)}  {click.style(verdict, fg=colour)}"
    )
    if result is not None and result.detail:
        yield f"    {result.detail}"
    yield ""
    for name, value in _facts(one, at_ms):
        yield f"    {click.style(f'{name:9}', dim=True)}  {value}"


def _facts(one: Heard, at_ms: int) -> Iterator[tuple[str, str]]:
    from synthetics import words
    from synthetics.clock import instant

    zone: tzinfo = one.probe.options.timezone

    def when(ms: int) -> str:
        away = f"in {words.about(ms - at_ms)}" if ms > at_ms else f"{words.about(at_ms - ms)} ago"
        return f"{instant(ms).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}, {away}"

    job, newest = one.job, one.newest
    if job is None:
        yield "heard", "never: no service with this database has listened yet"
        return
    yield "heard", "never" if job.heard_ms is None else f"{when(job.heard_ms)}: {job.word}"
    if job.success_ms is not None and job.word != "success":
        yield "success", when(job.success_ms)
    for began_ms in job.running_ms:
        yield "runs", f"since {when(began_ms)}"
    if newest is not None:
        yield "was due", when(newest.scheduled_ms)
        for step in newest.result.steps:
            said = f"{step.outcome.value}, {words.about(round(step.duration_s * 1000))}"
            yield f"  {step.name}", said
    yield "due next", when(job.due_ms)
    yield "  done by", when(job.deadline_ms)
