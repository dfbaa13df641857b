"""Composites: made of members' samples round by round, early, late, and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import probes.composite
from probes.composite import Options
from probes.result import Outcome, Result
from synthetics.clock import HeldClock, instant
from synthetics.config.model import Config, Confirm, Probe
from synthetics.kinds import kind_of
from synthetics.sample import Sample
from synthetics.schedule.composites import KEPT_ROUNDS, Composites
from tests.schedule.support import a_config, a_probe

MINUTE = 60_000
ROUND = 100 * MINUTE
"""When a round begins."""
LATE = 5_000 + 5_000
"""How long after its end a member may still come: its timeout, and the grace of a beat."""

KINDS: dict[str, Any] = {"composite": kind_of("composite", probes.composite, "run")}


def composite(name: str = "both", **written: Any) -> Probe:
    options = Options(**written)
    return replace(a_probe(name), kind="composite", options=options, members=options.members)


@dataclass
class Room:
    """A room of composites whose samples come back to it, as those that are stored do."""

    config: Config
    clock: HeldClock = field(default_factory=lambda: HeldClock(ROUND))
    made: list[Sample] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.composites = Composites(
            clock=self.clock, kinds=KINDS, sink=self._keep, config=self.config
        )

    async def _keep(self, samples: Sequence[Sample]) -> None:
        self.made += samples
        await self.composites.see(samples)

    def shown(self) -> list[str]:
        return [
            f"{one.probe} {(one.scheduled_ms - ROUND) // MINUTE} {one.result.outcome}"
            f"{'' if one.confirmed is one.result.outcome else f' then {one.confirmed}'}"
            for one in self.made
        ]


def room(*composites: Probe, members: Sequence[Probe] = ()) -> Room:
    return Room(a_config(*(members or (a_probe("a"), a_probe("b"))), *composites))


def sample(
    probe: str,
    outcome: Outcome = Outcome.GOOD,
    *,
    at: int = 0,
    confirmed: Outcome | None = None,
    location: str = "here",
) -> Sample:
    """A member's sample, half a minute into its round."""
    due_ms = ROUND + at * MINUTE + MINUTE // 2
    return Sample(
        probe=probe,
        location=location,
        scheduled_ms=due_ms,
        result=Result(
            started_at=instant(due_ms),
            duration_s=0.1,
            outcome=outcome,
            reason="" if outcome is Outcome.GOOD else "timeout",
        ),
        confirmed=confirmed or outcome,
    )


async def test_a_round_is_made_once_all_members_are_there_whatever_their_order() -> None:
    both = room(composite(all=("a", "b")))

    await both.composites.see([sample("b"), sample("b", at=1)])
    assert both.shown() == []
    await both.composites.see([sample("a", at=1), sample("a")])

    assert both.shown() == ["both 1 good", "both 0 good"]
    assert both.made[0].location == "here"


async def test_a_round_that_is_bad_in_any_case_waits_for_nobody() -> None:
    both = room(composite(all=("a", "b")))

    await both.composites.see([sample("a", Outcome.BAD)])
    assert both.shown() == ["both 0 bad"]

    await both.composites.see([sample("b")])
    assert both.shown() == ["both 0 bad", "both 0 bad"]
    assert both.made[1].result.detail == "1 of 2 good: a: timeout"


async def test_a_member_that_never_comes_is_waited_for_as_long_as_it_can() -> None:
    either = room(composite("either", any=("a", "b")), composite(all=("a", "b")))
    await either.composites.see([sample("a")])

    either.clock.advance((MINUTE + LATE - 1) / 1000)
    await either.composites.look()
    assert either.shown() == []
    either.clock.advance(0.001)
    await either.composites.look()
    await either.composites.look()

    assert either.shown() == ["either 0 good", "both 0 void"]
    assert either.made[1].result.reason == "members-unknown"


async def test_confirmations_of_members_are_waited_for() -> None:
    slow = a_probe("b", confirm=Confirm(attempts=2, after=timedelta(seconds=10)))
    either = room(composite("either", any=("a", "b")), members=(a_probe("a"), slow))
    await either.composites.see([sample("a", Outcome.BAD)])

    either.clock.advance((MINUTE + LATE + 30_000 - 1) / 1000)
    await either.composites.look()
    assert either.shown() == []
    either.clock.advance(0.001)
    await either.composites.look()

    assert either.shown() == ["either 0 void"]


async def test_a_sample_that_comes_late_or_again_makes_the_round_anew() -> None:
    either = room(composite("either", any=("a", "b")))
    await either.composites.see([sample("a", Outcome.BAD)])
    either.clock.advance((MINUTE + LATE) / 1000)
    await either.composites.look()

    await either.composites.see([sample("b", Outcome.BAD)])
    await either.composites.see([sample("b", Outcome.BAD)])
    await either.composites.see([sample("a", Outcome.GOOD)])

    assert either.shown() == ["either 0 void", "either 0 bad", "either 0 good"]
    assert len({(one.probe, one.scheduled_ms) for one in either.made}) == 1


async def test_what_comes_too_late_changes_nothing_and_nothing_is_kept() -> None:
    either = room(composite("either", any=("a", "b")))
    await either.composites.see([sample("a")])
    either.clock.advance((MINUTE + LATE + KEPT_ROUNDS * MINUTE) / 1000)
    await either.composites.look()
    made = either.shown()

    await either.composites.see([sample("b", Outcome.BAD)])
    await either.composites.look()

    assert either.shown() == made == ["either 0 good"]


async def test_what_members_take_back_the_composite_takes_back() -> None:
    both = room(composite(all=("a", "b")))

    await both.composites.see([sample("a", Outcome.BAD, confirmed=Outcome.GOOD), sample("b")])

    assert both.shown() == ["both 0 bad then good"]


async def test_composites_of_composites_follow_and_inversion_is_theirs() -> None:
    none = replace(composite("none", any=("both", "either")), invert=True)
    nested = room(composite(all=("a", "b")), composite("either", any=("a", "b")), none)

    await nested.composites.see([sample("a", Outcome.BAD), sample("b", Outcome.BAD)])

    assert nested.shown()[-1] == "none 0 good"
    assert nested.made[-1].result.detail.startswith("fails as it should: too-few-good")


async def test_of_a_faster_member_the_last_sample_of_the_round_counts() -> None:
    slow = replace(a_probe("b"), every=timedelta(minutes=5))
    whole = replace(composite(all=("a", "b")), every=timedelta(minutes=5))
    both = room(whole, members=(a_probe("a"), slow))

    await both.composites.see([sample("a", Outcome.BAD, at=minute) for minute in range(4)])
    await both.composites.see([sample("b", at=1)])
    assert both.shown() == []
    await both.composites.see([sample("a", at=4)])

    assert both.shown() == ["both 0 good"]


async def test_a_round_of_a_member_that_ends_after_this_one_is_waited_for() -> None:
    inner = replace(composite("inner", any=("a",)), every=timedelta(minutes=1))
    slow = replace(a_probe("b"), every=timedelta(seconds=90))
    outer = replace(composite("outer", any=("inner", "b")), every=timedelta(seconds=90))
    nested = room(inner, outer, members=(a_probe("a"), slow))

    await nested.composites.see([sample("b", Outcome.BAD, at=-1)])
    nested.clock.advance((MINUTE + LATE) / 1000)
    await nested.composites.look()
    assert nested.shown() == []
    await nested.composites.see([sample("a")])

    assert nested.shown() == ["inner 0 good", "outer -1 good"]


async def test_only_samples_of_the_own_location_are_taken() -> None:
    both = room(composite(all=("a", "b")))

    await both.composites.see([sample("a", location="osaka"), sample("b", location="osaka")])

    assert both.shown() == []


async def test_what_was_stored_before_a_start_counts() -> None:
    both = room(composite(all=("a", "b")))

    both.composites.remember([sample("a")])
    assert both.shown() == []
    await both.composites.see([sample("b")])

    assert both.shown() == ["both 0 good"]


async def test_a_reload_keeps_open_rounds_of_what_stays_the_same() -> None:
    both = room(composite(all=("a", "b")), composite("either", any=("a", "b")))
    await both.composites.see([sample("a")])

    changed = composite("either", all=("a", "b"))
    both.composites.use(a_config(a_probe("a"), a_probe("b"), composite(all=("a", "b")), changed))
    await both.composites.see([sample("b")])

    assert both.shown() == ["both 0 good"]
