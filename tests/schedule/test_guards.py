"""Guards: a failure is theirs only if we can see."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from probes.result import Outcome, Result
from probes.watch import Shared, Watch
from synthetics.clock import HeldClock
from synthetics.config.model import Config, Confirm, Probe
from synthetics.config.model_watch import Blind
from synthetics.config.model_watch import Watch as Watched
from synthetics.schedule import guards
from synthetics.schedule.runner import Runner
from tests.schedule.support import Taken, Told, a_config, a_probe


@dataclass
class World:
    """Targets that fail as told; a guard is asked by its options, its name."""

    failing: set[str] = field(default_factory=set)
    hanging: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)
    on_ask: Callable[[str], None] = lambda _: None

    async def __call__(self, name: Any, watch: Watch) -> Result:
        self.asked.append(name)
        self.on_ask(name)
        if name in self.hanging:
            await asyncio.sleep(60)
        if name in self.failing:
            return watch.bad("connect", "no connection: network is unreachable")
        return watch.good()


def named(name: str, **more: Any) -> Probe:
    return replace(a_probe(name, **more), options=name)


def guard(name: str) -> Probe:
    return replace(named(name), guard=True)


def configured(*probes: Probe, needed: int | None = None) -> Config:
    return replace(a_config(*probes), watch=Watched(blind=Blind(guards=needed)))


def a_runner(world: World, taken: Taken, config: Config, clock: HeldClock | None = None) -> Runner:
    return Runner(
        clock=clock or HeldClock(),
        kinds={"told": Told(world)},
        shared=Shared(),
        sink=taken,
        config=config,
    )


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(guards, "APART_S", 0.0)


async def test_a_failure_that_guards_share_is_void_and_says_why() -> None:
    home, one = named("home"), guard("one")
    world, taken = World(failing={"home", "one"}), Taken()
    runner = a_runner(world, taken, configured(home, one))

    runner.beat([home], 60_000)
    await runner.idle()

    [sample] = taken.samples
    assert (sample.result.outcome, sample.result.reason) == (Outcome.VOID, "blind")
    assert sample.confirmed is Outcome.VOID
    assert sample.result.detail == (
        "guards failed: one (connect); this one: no connection: network is unreachable"
    )
    assert runner.guards.sight().since_ms is not None


async def test_a_failure_is_theirs_while_the_guard_answers() -> None:
    home, one = named("home"), guard("one")
    world, taken = World(failing={"home"}), Taken()
    runner = a_runner(world, taken, configured(home, one))

    runner.beat([home], 60_000)
    await runner.idle()

    assert taken.shown() == ["60000 bad connect"]
    assert world.asked == ["home", "one"], "the guard is asked before a failure is believed"


async def test_good_answers_ask_no_guard() -> None:
    home, one = named("home"), guard("one")
    world, taken = World(), Taken()
    runner = a_runner(world, taken, configured(home, one))

    runner.beat([home], 60_000)
    await runner.idle()

    assert world.asked == ["home"]


async def test_a_network_that_is_back_before_the_guard_is_asked_still_voids_the_run() -> None:
    """The guard's own turn failed while the target was being asked."""
    home, one = named("home"), guard("one")
    world, taken, clock = World(failing={"home", "one"}), Taken(), HeldClock()
    runner = a_runner(world, taken, configured(home, one), clock)

    def mends_once_the_guard_has_failed(name: str) -> None:
        if name == "home":
            runner.guards.saw(one, Watch(clock=clock, timeout_s=1, shared=Shared()).bad("dns", ""))
            clock.advance(1)
            world.failing.discard("one")

    world.on_ask = mends_once_the_guard_has_failed
    runner.beat([home], 60_000)
    await runner.idle()

    assert taken.shown() == ["60000 void blind"]
    assert runner.guards.sight().since_ms is None


async def test_a_good_answer_while_blind_is_void_and_one_after_it_counts() -> None:
    home, one = named("home"), guard("one")
    world, taken = World(failing={"one"}), Taken()
    runner = a_runner(world, taken, configured(home, one))
    runner.beat([one], 30_000)
    await runner.idle()

    runner.beat([home], 60_000)
    await runner.idle()
    world.failing.clear()
    runner.beat([home], 120_000)
    await runner.idle()

    assert taken.shown() == ["30000 bad connect", "60000 void blind", "120000 good"]


@pytest.mark.parametrize(
    ("needed", "failing", "outcome"),
    [
        pytest.param(None, {"one"}, "bad connect", id="all must fail, and one does not"),
        pytest.param(None, {"one", "two", "three"}, "void blind", id="all fail"),
        pytest.param(2, {"one", "three"}, "void blind", id="a quorum fails"),
        pytest.param(2, {"three"}, "bad connect", id="a quorum does not fail"),
    ],
)
async def test_as_many_guards_must_fail_as_are_wanted(
    needed: int | None, failing: set[str], outcome: str
) -> None:
    home, three = named("home"), [guard("one"), guard("two"), guard("three")]
    world, taken = World(failing={"home", *failing}), Taken()
    runner = a_runner(world, taken, configured(home, *three, needed=needed))

    runner.beat([home], 60_000)
    await runner.idle()

    assert taken.shown() == [f"60000 {outcome}"]


async def test_a_guard_that_hangs_holds_nobody_up_once_another_has_answered() -> None:
    home = named("home")
    world, taken = World(failing={"home"}, hanging={"slow"}), Taken()
    runner = a_runner(world, taken, configured(home, guard("slow"), guard("quick")))

    async with asyncio.timeout(2):
        runner.beat([home], 60_000)
        await runner.idle()

    assert taken.shown() == ["60000 bad connect"]


async def test_many_failures_share_the_questions() -> None:
    homes = [named(f"home-{i}") for i in range(50)]
    world, taken = World(failing={probe.id for probe in homes}), Taken()
    runner = a_runner(world, taken, configured(*homes, guard("one")))

    runner.beat(homes, 60_000)
    await runner.idle()

    assert len(taken.samples) == 50
    assert world.asked.count("one") <= 2


async def test_guards_are_asked_again_after_the_confirmations() -> None:
    """The network can break between the first attempt and the last."""
    confirm = Confirm(attempts=1, after=a_probe().timeout / 1000)
    home, one = named("home", confirm=confirm), guard("one")
    world, taken = World(failing={"home"}), Taken()
    runner = a_runner(world, taken, configured(home, one))

    def breaks_with_the_confirmation(name: str) -> None:
        if world.asked.count("home") == 2:
            world.failing.add("one")

    world.on_ask = breaks_with_the_confirmation
    runner.beat([home], 60_000)
    await runner.idle()

    assert world.asked == ["home", "one", "home", "one"]
    assert taken.shown() == ["60000 void blind"]


async def test_what_a_guard_sees_is_never_void_for_blindness() -> None:
    one = guard("one")
    world, taken = World(failing={"one"}), Taken()
    runner = a_runner(world, taken, configured(one))

    runner.beat([one], 60_000)
    await runner.idle()

    assert taken.shown() == ["60000 bad connect"]


async def test_nothing_is_known_until_guards_were_asked() -> None:
    """A start in the middle of blindness must not end its alert."""
    one, two = guard("one"), guard("two")
    world, taken = World(), Taken()
    runner = a_runner(world, taken, configured(one, two))
    assert not runner.guards.sight().known

    runner.beat([one], 60_000)
    await runner.idle()

    assert runner.guards.sight().known, "with all needed, one that answers is enough"


async def test_a_reload_without_guards_ends_blindness() -> None:
    home, one = named("home"), guard("one")
    world, taken = World(failing={"one", "home"}), Taken()
    runner = a_runner(world, taken, configured(home, one))
    runner.beat([one], 30_000)
    await runner.idle()
    assert runner.guards.blind

    runner.configure(configured(home))
    runner.beat([home], 60_000)
    await runner.idle()

    assert taken.shown()[-1] == "60000 bad connect"
