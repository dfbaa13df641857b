"""SLOs that count rounds (R12): the same sample by sample, after a restart, and one by one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.counts import Counts
from slo.spans import Spans
from synthetics.accounting.ledger import Ledger
from synthetics.clock import instant
from synthetics.config.model import Accounting, Combine, Config, Maintenance, Slo
from synthetics.sample import Sample
from synthetics.store import Reader
from tests.accounting.support import MINUTE, NOW, config, probe, sample, slo, stored

START = NOW - 10 * MINUTE
PHASES = {"home": 7_000, "cart": 41_000}


def in_rounds(
    *, combine: Combine = Combine.POOL, bad_if: int | None = None, valid_for: int | None = None
) -> Slo:
    one = slo(probes=("home", "cart"))
    lasts = None if valid_for is None else timedelta(milliseconds=valid_for)
    return replace(one, accounting=Accounting(combine=combine, bad_if=bad_if, valid_for=lasts))


def asked(letters: str, *, name: str = "home", location: str = "here") -> list[Sample]:
    """One sample a minute from `START` on, each probe at its own second; a space is none."""
    return [
        sample(START + index * MINUTE + PHASES[name], letter, name=name, location=location)
        for index, letter in enumerate(letters)
        if letter != " "
    ]


def ledger(of: Config, *samples: list[Sample]) -> Ledger:
    found = Ledger(of)
    for some in samples:
        for each in some:
            found.apply(each)
    return found


def test_a_round_of_several_probes_is_bad_if_any_is() -> None:
    books = ledger(
        config(in_rounds(combine=Combine.ALL)),
        asked("..x.b.o."),
        asked("...x..x ", name="cart"),
    )

    # The last but one is bad although a probe could not ask; in the last, one did not report.
    assert books.counts("home", START, NOW) == Counts(good=3, bad=3, blip=1, void=1)


def test_a_round_counts_where_its_slot_ends_so_a_part_of_one_decides_nothing() -> None:
    books = ledger(config(in_rounds(combine=Combine.ALL)), asked("x"), asked(".", name="cart"))

    assert books.counts("home", 0, START + MINUTE - 2) == Counts()
    assert books.counts("home", 0, START + MINUTE - 1) == Counts(bad=1)


def test_a_round_that_was_due_at_one_instant_counts_there_once_all_reported() -> None:
    """R1: nothing more is waited for, so a page is not later than without rounds."""
    one = replace(in_rounds(bad_if=2), probes=("home",))
    due = START + PHASES["home"]
    books = ledger(config(one), asked("xx"), asked("x ", location="there"))

    assert books.counts("home", due - 1, due) == Counts(bad=1)
    # In the second round one location has not reported: it may still.
    assert books.counts("home", due, START + 2 * MINUTE - 2) == Counts()
    assert books.counts("home", due, START + 2 * MINUTE - 1) == Counts(void=1)
    books.apply(sample(due + MINUTE, ".", location="there"))
    assert books.counts("home", due, due + MINUTE) == Counts(good=1)


def test_a_round_is_bad_if_enough_locations_are() -> None:
    one = replace(in_rounds(bad_if=2), probes=("home",))
    books = ledger(
        config(one),
        asked("..xx.o"),
        asked("...xx ", location="there"),
        asked("...x. ", location="far"),
    )

    assert books.counts("home", START, NOW) == Counts(good=4, bad=1, void=1)


def test_locations_come_together_before_probes_do() -> None:
    books = ledger(
        config(in_rounds(combine=Combine.ALL, bad_if=2)),
        asked("xx."),
        asked(".x.", location="there"),
        asked("...", name="cart"),
        asked("...", name="cart", location="there"),
    )

    assert books.counts("home", START, NOW) == Counts(good=2, bad=1)


def test_where_locations_are_pooled_each_has_rounds_of_its_own() -> None:
    books = ledger(
        config(in_rounds(combine=Combine.ALL)),
        asked("x."),
        asked("..", name="cart"),
        asked("..", location="there"),
    )

    assert books.counts("home", START, NOW) == Counts(good=3, bad=1)


def test_a_round_that_maintenance_touches_is_left_out_as_a_whole() -> None:
    every = timedelta(minutes=5)
    declared = Maintenance(
        start=instant(START + MINUTE), end=instant(START + 2 * MINUTE), reason="upgrade"
    )
    books = Ledger(
        config(
            in_rounds(combine=Combine.ALL),
            probes=[probe("home", every=every), probe("cart", every=every)],
            maintenance=(declared,),
        )
    )
    for name, phase in PHASES.items():
        for at_ms in (START, START + 5 * MINUTE):
            books.apply(sample(at_ms + phase, "x", name=name))

    assert books.counts("home", START, NOW) == Counts(bad=1, excluded=1)
    assert books.time("home", START, NOW).excluded_ms == 5 * MINUTE


def test_downtime_is_that_of_bad_rounds() -> None:
    books = ledger(
        config(in_rounds(combine=Combine.ALL)), asked("..xx."), asked(".....", name="cart")
    )

    shares = books.time("home", START, START + 5 * MINUTE)

    assert (shares.up_ms, shares.down_ms, shares.unknown_ms) == (3 * MINUTE, 2 * MINUTE, 0)
    assert books.down_spans("home", START, NOW) == Spans.of(
        [(START + 2 * MINUTE, START + 4 * MINUTE)]
    )


histories = st.lists(
    st.tuples(
        st.integers(0, 9),
        st.sampled_from([*PHASES]),
        st.sampled_from(["here", "there", "far"]),
        st.sampled_from(".xbo"),
    ),
    max_size=30,
)
rules = st.tuples(st.sampled_from(Combine), st.sampled_from([None, 1, 2, 3]))


@given(histories, rules, st.lists(st.integers(0, 29), max_size=5))
def test_it_is_the_same_however_samples_arrive(
    history: list[tuple[int, str, str, str]],
    rule: tuple[Combine, int | None],
    looks: list[int],
) -> None:
    """Kept up round by round, with questions in between, or worked out at once in the end."""
    known = config(in_rounds(combine=rule[0], bad_if=rule[1]))
    live = Ledger(known)
    samples = [
        sample(START + minute * MINUTE + PHASES[name], letter, name=name, location=location)
        for minute, name, location, letter in history
    ]
    for number, each in enumerate(samples):
        live.apply(each)
        if number in looks:
            live.standing("home", NOW)

    at_once = ledger(known, samples)

    assert live.counts("home", START - 1, NOW) == at_once.counts("home", START - 1, NOW)
    assert live.time("home", START, NOW) == at_once.time("home", START, NOW)
    last = live.history("home").failures(START, NOW, 99)
    assert last == at_once.history("home").failures(START, NOW, 99)


@pytest.mark.parametrize("archive_at_ms", [None, NOW + 86_400_000])
async def test_a_restart_and_the_archive_change_nothing(
    tmp_path: Path, archive_at_ms: int | None
) -> None:
    samples = [
        *asked("..x.b.o"),
        *asked("..x..x ", name="cart"),
        *asked("xx", location="there"),
    ]
    known = config(in_rounds(combine=Combine.ALL, bad_if=1))
    await stored(tmp_path / "a.db", samples, archive_at_ms=archive_at_ms)
    read = Ledger(known)
    with Reader.open(tmp_path / "a.db") as reader:
        read.load(reader, NOW)

    live = ledger(known, samples)

    assert read.standing("home", NOW) == live.standing("home", NOW)
    assert read.counts("home", 0, NOW).valid == 6
