"""What the runs of one due time come to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from probes.heartbeat_parts.facts import Run, Slot
from probes.result import Evidence, Outcome, Result, StepResult

if TYPE_CHECKING:
    from probes.heartbeat import Options

STEPS = ("wait", "start", "run", "finish")
"""From queued to started, the start, from start to end, and the end."""

WAIT, START, RUN, FINISH = STEPS
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    What is said of one due time; a later one of the same replaces it.

    Attributes:
        due_ms: When the job was due.
        result: Of the first run that was not good, or of the first one.
        confirmed: Of the run that ended last: whether what failed was done again and came right.
        attempts: How many runs there were.
    """

    due_ms: int
    result: Result
    confirmed: Outcome
    attempts: int


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that is wrong, and at which step."""

    reason: str
    detail: str
    step: str
    outcome: Outcome = Outcome.BAD


def verdict(slot: Slot, options: Options) -> Verdict | None:
    """What *slot* comes to so far; ``None`` while nothing can be said."""
    judged = [run for run in slot.runs if run.judged]
    if not judged:
        trouble = _nothing(slot, options)
        if trouble is None:
            return None
        return Verdict(
            due_ms=slot.due_ms,
            result=_result(slot, None, options, [trouble]),
            confirmed=trouble.outcome,
            attempts=0 if trouble.outcome is Outcome.VOID else 1,
        )
    results = [_result(slot, run, options, list(_troubles(slot, run, options))) for run in judged]
    first = min(results, key=lambda result: _RANK[result.outcome])
    last = max(range(len(judged)), key=lambda n: (judged[n].ended_ms or slot.deadline_ms, n))
    return Verdict(
        due_ms=slot.due_ms,
        result=first,
        confirmed=results[last].outcome if first.outcome is Outcome.BAD else first.outcome,
        attempts=len(judged),
    )


_RANK = {Outcome.BAD: 0, Outcome.VOID: 1, Outcome.GOOD: 2}


def _nothing(slot: Slot, options: Options) -> Trouble | None:
    """What is wrong where no run has ended."""
    begun = next((run for run in slot.runs if run.began_ms is not None), None)
    if slot.passed and slot.unheard:
        detail = "nothing came, and we could not hear all the time"
        return Trouble("unheard", detail, FINISH, Outcome.VOID)
    if slot.passed and begun is not None:
        detail = f"started, and not ended {_time(options.grace_ms)} after it was due"
        return Trouble("unfinished", detail, FINISH)
    if slot.passed:
        detail = f"nothing ended within {_time(slot.deadline_ms - slot.due_ms)} of being due"
        return Trouble("missing", detail, FINISH)
    if slot.not_started and begun is None:
        detail = f"nothing started within {_time(options.start_ms or 0)} of being due"
        return Trouble("not-started", detail, START)
    return None


def _troubles(slot: Slot, run: Run, options: Options) -> Iterator[Trouble]:
    """What is wrong with a run, the worst first."""
    took_ms = _took_ms(run)
    if run.ended_ms is not None and not run.good:
        code = "" if run.exit_code is None else f" with exit code {run.exit_code}"
        yield Trouble("job-failed", f"failed{code}{_after(took_ms)}", RUN)
    longest, said = options.longest_ms, f"of {_time(options.longest_ms or 0)} that are allowed"
    if run.ended_ms is None:
        yield Trouble("too-long", f"still runs at the end {said}", RUN)
    elif longest is not None and took_ms is not None and took_ms > longest:
        if run.unsure:
            detail = "ran for too long, or we could not hear its end"
            yield Trouble("unheard", detail, RUN, Outcome.VOID)
        else:
            yield Trouble("too-long", f"ran {_time(took_ms)} {said}", RUN)
    elif took_ms is not None and took_ms < options.shortest_ms:
        detail = f"ran {_time(took_ms)}, less than {_time(options.shortest_ms)}"
        yield Trouble("too-short", detail, RUN)
    if run.ended_ms is not None and run.ended_ms > slot.deadline_ms and not run.again:
        if run.unsure or slot.unheard:
            detail = "came late, or we could not hear it before"
            yield Trouble("unheard", detail, FINISH, Outcome.VOID)
        else:
            late = run.ended_ms - slot.deadline_ms
            yield Trouble("late", f"ended {_time(late)} too late", FINISH)
    if options.start_ms is not None and run.began_ms is not None and run is slot.runs[0]:
        late = run.began_ms - slot.due_ms - options.start_ms
        if late > 0:
            yield Trouble("late-start", f"started {_time(late)} too late", START)


def _result(slot: Slot, run: Run | None, options: Options, troubles: Sequence[Trouble]) -> Result:
    """Of a run, or of none."""
    trouble = min(troubles, key=lambda one: _RANK[one.outcome], default=None)
    began_ms = slot.due_ms
    if run is not None:
        began_ms = run.began_ms or run.ended_ms or slot.due_ms
    return Result(
        started_at=EPOCH + timedelta(milliseconds=max(began_ms, slot.due_ms)),
        duration_s=0.0 if run is None else _duration_s(run, options),
        outcome=Outcome.GOOD if trouble is None else trouble.outcome,
        reason="" if trouble is None else trouble.reason,
        detail="" if trouble is None else trouble.detail,
        failed_step=trouble.step if trouble and trouble.outcome is Outcome.BAD else "",
        steps=tuple(_steps(slot, run, options, troubles)),
        evidence=Evidence(request="what the job said", body=run.body)
        if trouble is not None and run is not None and run.body
        else None,
    )


def _steps(
    slot: Slot, run: Run | None, options: Options, troubles: Sequence[Trouble]
) -> Iterator[StepResult]:
    """What is known of each step; one of which nothing is known is left out."""
    wrong = {one.step: one for one in reversed(troubles)}
    took: dict[str, float] = {}
    if run is not None:
        if run.queued_ms is not None and run.began_ms is not None:
            took[WAIT] = (run.began_ms - run.queued_ms) / 1000
        if run.began_ms is not None:
            took[START] = max(0, run.began_ms - slot.due_ms) / 1000
        took[RUN] = _duration_s(run, options)
        if run.ended_ms is not None:
            took[FINISH] = max(0, run.ended_ms - slot.due_ms) / 1000
    for name in STEPS:
        trouble = wrong.get(name)
        if name in took or trouble is not None:
            yield StepResult(
                name=name,
                outcome=Outcome.GOOD if trouble is None else trouble.outcome,
                reason="" if trouble is None else trouble.reason,
                detail="" if trouble is None else trouble.detail,
                duration_s=took.get(name, 0.0),
            )


def _took_ms(run: Run) -> int | None:
    """From its start to its end; ``None`` if it did not say both."""
    if run.began_ms is None or run.ended_ms is None:
        return None
    return run.ended_ms - run.began_ms


def _duration_s(run: Run, options: Options) -> float:
    """How long it ran, as far as that is known; one that still does, as long as it may."""
    if run.ended_ms is None:
        return (options.longest_ms or 0) / 1000
    return (_took_ms(run) or 0) / 1000


def _after(took_ms: int | None) -> str:
    return "" if took_ms is None else f" after {_time(took_ms)}"


def _time(ms: int) -> str:
    """``90 s``, ``2 h 5 min``: what a person takes in."""
    seconds = ms / 1000
    if seconds < 120:
        return f"{seconds:.3g} s" if seconds < 100 else f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours < 48:
        return f"{hours} h {minutes} min" if minutes else f"{hours} h"
    days, hours = divmod(hours, 24)
    return f"{days} d {hours} h" if hours else f"{days} d"
