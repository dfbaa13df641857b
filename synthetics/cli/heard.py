"""What ``synthetics probe`` says of jobs that report to us: not asked, but what was heard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import tzinfo
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from synthetics.config.model import Config, Probe
    from synthetics.heartbeats.standing import JobStanding
    from synthetics.sample import Sample
    from synthetics.store.pings import StoredPing

NOT_YET = "not yet"
_COLOURS = {"good": "green", "bad": "red", "void": "yellow", NOT_YET: "bright_black"}
_SIGNS = {"good": "✓", "bad": "✗", "void": "?", NOT_YET: "·"}


FOREVER_MS = 1 << 62
REPORTS = 5
"""That are shown, with the last line of what came with each."""

BODY_SHOWN = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """
    What is known of one job.

    Attributes:
        job: How it stands; ``None`` where nobody has listened yet.
        newest: Its newest sample, if there is one.
        reports: The newest ones, the newest first.
    """

    probe: Probe
    job: JobStanding | None = None
    newest: Sample | None = None
    reports: Sequence[StoredPing] = ()

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
    from synthetics.heartbeats.remembered import Remembered, known_of
    from synthetics.heartbeats.standing import standing
    from synthetics.store import Reader, pings

    if not database.exists():
        return [Heard(probe=probe) for probe in probes]
    found = []
    with Reader.open(database) as reader:
        remembered = Remembered.read(reader)
        series = {(one.probe, one.location): one.id for one in reader.series()}
        for probe in probes:
            number = series.get((probe.id, config.location))
            newest = [] if number is None else reader.samples(number, -1, FOREVER_MS, limit=1)
            state = known_of(probe, remembered)
            found.append(
                Heard(
                    probe=probe,
                    job=None if state is None else standing(state),
                    newest=newest[0].sample if newest else None,
                    reports=reader.read(partial(pings.newest, probe=probe.id, most=REPORTS)),
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
        "reports": [
            {
                "at": words.iso(report.at_ms),
                "said": report.word,
                "exit_code": report.exit_code,
                "rid": report.rid,
                "body": report.body,
            }
            for report in one.reports
        ],
    }


def text(one: Heard, at_ms: int) -> Iterator[str]:
    """*one* as lines for a terminal."""
    from synthetics.clock import instant

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
    if one.reports:
        yield ""
    for report in one.reports:
        at = instant(report.at_ms).astimezone(one.probe.options.timezone)
        said = report.word if report.exit_code is None else f"{report.word} {report.exit_code}"
        last = " ".join(report.body.splitlines()[-1:])
        yield f"    {at:%m-%d %H:%M:%S}  {said:9}  {last[:BODY_SHOWN]}".rstrip()


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
