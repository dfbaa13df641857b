"""
Follows one job: from what it says, and from the time that passes, what each due time comes to.

Knows no clock and keeps nothing: the same pings and the same silence give the same verdicts, so
after a crash they are simply told again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from operator import itemgetter
from typing import TYPE_CHECKING

from probes.heartbeat_parts.facts import Ping, Run, Slot, State, Word
from probes.heartbeat_parts.verdict import Verdict, verdict

if TYPE_CHECKING:
    from probes.heartbeat import Options

SLOTS_KEPT = 20
"""Due times with runs that never ended; older ones are forgotten."""

OPEN_KEPT = 100
"""Runs that go on; of more, the oldest are taken to have ended unheard."""

QUEUED_KEPT = 100
DEAF_KEPT = 20

Event = tuple[int, int, Callable[[], Slot | None]]
"""When it happens, its rank among those of one instant, and what it changes."""


_when = itemgetter(0, 1)


class Follower:
    """
    Follows one job.

    Args:
        options: What is expected of it.
        state: What is known; changed as it goes on.
    """

    def __init__(self, options: Options, state: State) -> None:
        self._options = options
        self.state = state
        rhythm = f"{options} {options.grace_ms} {options.start_ms}"
        if state.pending is None or state.rhythm != rhythm:
            state.rhythm = rhythm
            state.pending = self._slot(self._first_due_ms())

    @property
    def expected(self) -> Slot:
        """What is due next."""
        assert self.state.pending is not None
        return self.state.pending

    @property
    def next_ms(self) -> int:
        """When time changes something the next time, if nothing is said before."""
        return min(at_ms for at_ms, _, _ in self._events())

    def deaf(self, from_ms: int, to_ms: int) -> None:
        """Note that nothing could be heard then; before `advance` goes beyond."""
        self.state.deaf = [*self.state.deaf, (from_ms, to_ms)][-DEAF_KEPT:]

    def advance(self, now_ms: int) -> list[Verdict]:
        """Let time pass until and including *now_ms*; what follows from that."""
        found = []
        while True:
            at_ms, _, change = min(self._events(), key=_when)
            if at_ms > now_ms:
                break
            self.state.now_ms = max(self.state.now_ms, at_ms)
            found += self._said_of(change())
        self.state.now_ms = max(self.state.now_ms, now_ms)
        return found

    def hear(self, ping: Ping) -> list[Verdict]:
        """Take what the job says; what follows from that, and from the time until then."""
        at_ms = max(ping.at_ms, self.state.now_ms)
        found = self.advance(at_ms - 1)
        state = self.state
        state.now_ms = at_ms
        state.heard = Ping(at_ms=at_ms, word=ping.word, rid=ping.rid, exit_code=ping.exit_code)
        match ping.word:
            case Word.QUEUED:
                state.queued.pop(ping.rid, None)
                if len(state.queued) >= QUEUED_KEPT:
                    del state.queued[next(iter(state.queued))]
                state.queued[ping.rid] = at_ms
            case Word.START:
                self._start(ping.rid, at_ms)
            case Word.SUCCESS | Word.FAIL:
                found += self._said_of(self._end(ping, at_ms))
            case Word.LOG:
                pass
        return found

    def _start(self, rid: str, at_ms: int) -> None:
        going_on = [run for slot in self.state.slots for run in slot.runs if run.open]
        for run in going_on:
            run.lost = run.rid == rid
        if len(going_on) >= OPEN_KEPT:
            going_on[0].lost = True
        queued_ms = self.state.queued.pop(rid, None)
        meant_for = self._slot_of(at_ms)
        if meant_for is not None:
            meant_for.add(Run(rid=rid, queued_ms=queued_ms, began_ms=at_ms))

    def _end(self, ping: Ping, at_ms: int) -> Slot | None:
        slot, run = self._running(ping.rid)
        if run is None:
            slot = self._slot_of(at_ms)
            run = Run(rid=ping.rid, queued_ms=self.state.queued.pop(ping.rid, None))
            if slot is not None:
                slot.add(run)
        run.ended_ms = at_ms
        run.good = ping.word is Word.SUCCESS
        run.exit_code = ping.exit_code
        run.body = "" if run.good else ping.body
        run.unsure = run.began_ms is not None and self._was_deaf(run.began_ms, at_ms)
        if run.good:
            self.state.success_ms = at_ms
        return slot

    def _running(self, rid: str) -> tuple[Slot | None, Run | None]:
        for slot in reversed(self.state.slots):
            for run in reversed(slot.runs):
                if run.open and run.rid == rid:
                    return slot, run
        return None, None

    def _slot_of(self, begin_ms: int) -> Slot | None:
        """The due time that a run is meant for which begins now; ``None`` before the first."""
        last = self.state.slots[-1] if self.state.slots else None
        pending = self.expected
        every_ms = self._options.every_ms
        if every_ms:
            new = last is None or 2 * (begin_ms - last.due_ms) >= every_ms
            if new:
                pending.due_ms = min(pending.due_ms, begin_ms)
                self._keep(pending)
            self.state.pending = self._slot(begin_ms + every_ms)
            return pending if new else last
        if begin_ms < pending.due_ms - self._options.early_ms:
            return last
        self._keep(pending)
        self.state.pending = self._slot(self._options.next_ms(pending.due_ms))
        return pending

    def _events(self) -> Iterator[Event]:
        """What time will change, in no order."""
        pending, options = self.expected, self._options
        yield pending.deadline_ms, 1, self._miss
        if options.start_ms is not None and not pending.start_checked:
            yield pending.due_ms + options.start_ms, 0, self._check_start
        for slot in self.state.slots:
            if not slot.passed and not slot.ended:
                yield slot.deadline_ms, 1, partial(self._pass, slot)
            if options.longest_ms is None:
                continue
            for run in slot.runs:
                if run.open and not run.overran and not run.unsure and run.began_ms is not None:
                    over_ms = run.began_ms + options.longest_ms
                    yield over_ms, 0, partial(self._overrun, slot, run)

    def _check_start(self) -> Slot:
        pending = self.expected
        pending.start_checked = True
        pending.not_started = not self._was_deaf(self._listened_from_ms(), self.state.now_ms)
        return pending

    def _miss(self) -> Slot:
        """The next one has not begun, and now it is too late."""
        pending, options = self.expected, self._options
        pending.passed = True
        listened_from_ms = self._listened_from_ms()
        heard_again_ms = self._heard_again_ms(listened_from_ms, pending.deadline_ms)
        pending.unheard = heard_again_ms is not None
        self._keep(pending)
        # After a long time of deafness one void sample is enough: the rest is unknown time.
        if options.every_ms:
            due_ms = max(pending.due_ms, heard_again_ms or 0) + options.every_ms
        else:
            due_ms = options.next_ms(max(pending.due_ms, (heard_again_ms or 0) - options.grace_ms))
        self.state.pending = self._slot(due_ms)
        return pending

    def _pass(self, slot: Slot) -> Slot:
        """One has begun, and has not ended in time."""
        slot.passed = True
        began_ms = min(run.began_ms or slot.due_ms for run in slot.runs)
        slot.unheard = self._was_deaf(began_ms, slot.deadline_ms)
        self._forget_settled()
        return slot

    def _overrun(self, slot: Slot, run: Run) -> Slot | None:
        assert run.began_ms is not None
        run.unsure = self._was_deaf(run.began_ms, self.state.now_ms)
        run.overran = not run.unsure
        return slot if run.overran else None

    def _listened_from_ms(self) -> int:
        """From when on a ping would have been for what is pending."""
        options, last = self._options, self.state.slots[-1:]
        if not options.every_ms:
            return self.expected.due_ms - options.early_ms
        return last[0].due_ms + options.every_ms // 2 if last else self.state.since_ms

    def _heard_again_ms(self, from_ms: int, to_ms: int) -> int | None:
        """The end of the last deafness that lies in a time at least in part."""
        return max(
            (end for start, end in self.state.deaf if start < to_ms and end > from_ms), default=None
        )

    def _was_deaf(self, from_ms: int, to_ms: int) -> bool:
        return self._heard_again_ms(from_ms, to_ms) is not None

    def _keep(self, slot: Slot) -> None:
        self.state.slots.append(slot)
        self._forget_settled()

    def _forget_settled(self) -> None:
        """Keep the last, and those that something can still come of."""
        *before, last = self.state.slots
        alive = [
            slot
            for slot in before
            if any(run.open for run in slot.runs) or not (slot.passed or slot.ended)
        ]
        self.state.slots = [*alive[-SLOTS_KEPT:], last]

    def _first_due_ms(self) -> int:
        """When it is due, by what is known where the rhythm is new."""
        state, options = self.state, self._options
        if not options.every_ms:
            return options.next_ms(state.now_ms)
        began_ms = state.slots[-1].due_ms if state.slots else state.since_ms
        return max(began_ms + options.every_ms, state.now_ms)

    def _slot(self, due_ms: int) -> Slot:
        return Slot(due_ms=due_ms, deadline_ms=due_ms + self._options.grace_ms)

    def _said_of(self, slot: Slot | None) -> list[Verdict]:
        said = None if slot is None else verdict(slot, self._options)
        return [] if said is None else [said]
