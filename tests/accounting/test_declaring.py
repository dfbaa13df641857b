"""What commands declare: checked as the configuration is, and counted as R2 says."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from slo.counts import Counts
from slo.spans import Spans
from synthetics import words
from synthetics.accounting.declaring import ACTS, NotDeclaredError, as_json
from synthetics.accounting.ledger import Ledger
from synthetics.store import Reader, Store
from synthetics.store.exclusions import Exclusion, Kind
from tests.accounting.support import MINUTE, NOW, config, minutes, slo, stored

BOTH = config(slo(), slo("vault", service="bank"))


def asked(**more: Any) -> dict[str, Any]:
    return {
        "from": words.iso(NOW - 3 * MINUTE + 5_000),
        "to": words.iso(NOW - 2 * MINUTE + 5_000),
        "reason": "our own network",
        "author": "ada",
        **more,
    }


async def declared(path: Path, *acts: tuple[str, dict[str, Any]]) -> list[Exclusion]:
    """What each act comes to, on the database at *path*."""
    store = await Store.open(path, linger_s=0)
    try:
        return [await store.write(ACTS[act](BOTH, body, NOW)) for act, body in acts]
    finally:
        await store.close()


@pytest.fixture
async def database(tmp_path: Path) -> Path:
    path = tmp_path / "a.db"
    await stored(path, minutes("...xx."))
    return path


def ledger(path: Path) -> Ledger:
    found = Ledger(BOTH)
    with Reader.open(path) as reader:
        found.load(reader, NOW)
    return found


async def test_a_correction_leaves_whole_minutes_out_and_results_as_they_were(
    database: Path,
) -> None:
    before = ledger(database).counts("home", 0, NOW)
    await declared(database, ("corrections", asked(services=["shop"])))

    after = ledger(database)

    assert before == Counts(good=4, bad=2)
    assert after.excluded("home") == Spans.of([(NOW - 3 * MINUTE, NOW - MINUTE)])
    assert after.counts("home", 0, NOW) == Counts(good=3, bad=1, excluded=2)
    assert after.counts("vault", 0, NOW) == before
    assert after.time("home", NOW - 5 * MINUTE, NOW).excluded_ms == 2 * MINUTE


async def test_one_slo_can_be_corrected_by_itself(database: Path) -> None:
    await declared(database, ("corrections", asked(slos=["vault"])))

    after = ledger(database)

    assert after.excluded("home") == Spans.EMPTY
    assert after.counts("vault", 0, NOW) == Counts(good=3, bad=1, excluded=2)


async def test_what_names_nothing_is_for_all(database: Path) -> None:
    await declared(database, ("maintenance", asked()))

    after = ledger(database)

    assert after.excluded("home") == after.excluded("vault") != Spans.EMPTY


async def test_a_correction_that_is_taken_back_is_as_if_it_never_was(database: Path) -> None:
    before = ledger(database).counts("home", 0, NOW)
    (made, _) = await declared(
        database,
        ("corrections", asked()),
        ("corrections/withdraw", {"id": 1, "reason": "it was them", "author": "bo"}),
    )

    after = ledger(database)

    assert made.id == 1
    assert after.counts("home", 0, NOW) == before
    assert [(one.author, one.end and one.end.author) for one in after.declared] == [("ada", "bo")]


async def test_maintenance_ends_when_it_is_said_and_stays_ended(database: Path) -> None:
    ending = {"id": 1, "reason": "done", "author": "bo", "at": words.iso(NOW - 4 * MINUTE)}
    (_, done) = await declared(
        database,
        ("maintenance", asked(**{"from": words.iso(NOW - 5 * MINUTE)})),
        ("maintenance/end", ending),
    )

    assert (done.from_ms, done.end_ms) == (NOW - 5 * MINUTE, NOW - 4 * MINUTE)
    with pytest.raises(NotDeclaredError, match="maintenance 1 is over by then already"):
        await declared(database, ("maintenance/end", {**ending, "at": words.iso(NOW)}))


async def test_an_end_without_a_time_is_now(database: Path) -> None:
    (_, done) = await declared(
        database,
        ("maintenance", asked(to=words.iso(NOW + 60 * MINUTE))),
        ("maintenance/end", {"id": 1, "reason": "done", "author": "bo"}),
    )

    assert done.end_ms == NOW


def test_what_was_declared_stays_through_a_reload() -> None:
    books = Ledger(BOTH)
    made = Exclusion(
        id=1,
        kind=Kind.CORRECTION,
        from_ms=NOW,
        to_ms=NOW + MINUTE,
        services=(),
        slos=("home",),
        author="ada",
        reason="ours",
        declared_ms=NOW,
    )
    books.declare([made])

    books.adopt(config(slo(), slo("other")))

    assert books.excluded("home") == Spans.of([(NOW, NOW + MINUTE)])
    assert books.excluded("other") == Spans.EMPTY


@pytest.mark.parametrize(
    ("act", "body", "said"),
    [
        pytest.param(
            "maintenance",
            asked(services=["shpo"]),
            "there is no service `shpo`\n  to mend: did you mean `shop`?",
            id="a service that is not there",
        ),
        pytest.param(
            "corrections",
            asked(slos=["hom"]),
            "there is no SLO `hom`\n  to mend: did you mean `home`?",
            id="an SLO that is not there",
        ),
        pytest.param(
            "maintenance",
            asked(to=words.iso(NOW - 9 * MINUTE)),
            "it ends before it begins\n  to mend: exchange the two, or write a later end",
            id="the wrong way round",
        ),
        pytest.param(
            "corrections",
            asked(to=words.iso(NOW + 1)),
            "a correction is of what was, and this one ends in the future\n"
            "  to mend: declare maintenance instead, or write an earlier end",
            id="a correction of the future",
        ),
        pytest.param("maintenance", asked(reason=" \n "), "reason: ", id="no reason"),
        pytest.param("maintenance", asked(**{"from": "2026-10-01"}), "from: ", id="no instant"),
        pytest.param("maintenance", asked(why="x"), "why: ", id="an unknown key"),
        pytest.param("maintenance", {}, "from: ", id="nothing"),
    ],
)
def test_what_makes_no_sense_is_refused(act: str, body: dict[str, Any], said: str) -> None:
    with pytest.raises(NotDeclaredError) as caught:
        ACTS[act](BOTH, body, NOW)

    assert str(caught.value).startswith(said)


@pytest.mark.parametrize("number", [1, 7])
async def test_only_what_is_there_can_be_ended(database: Path, number: int) -> None:
    """Number 1 is a correction, which `maintenance end` does not touch."""
    await declared(database, ("corrections", asked()))

    with pytest.raises(NotDeclaredError, match=f"there is no maintenance {number}\n"):
        await declared(
            database, ("maintenance/end", {"id": number, "reason": "done", "author": "bo"})
        )


async def test_programs_read_all_of_it(database: Path) -> None:
    (_, done) = await declared(
        database,
        ("corrections", asked(slos=["home"], reason=" our\nown  network ")),
        ("corrections/withdraw", {"id": 1, "reason": "it was them", "author": "bo"}),
    )

    assert as_json(done) == {
        "id": 1,
        "kind": "correction",
        "from": words.iso(NOW - 3 * MINUTE + 5_000),
        "to": words.iso(NOW - 3 * MINUTE + 5_000),
        "services": [],
        "slos": ["home"],
        "author": "ada",
        "reason": "our own network",
        "declared_at": words.iso(NOW),
        "taken_back": True,
        "ended": {"author": "bo", "reason": "it was them", "declared_at": words.iso(NOW)},
    }
