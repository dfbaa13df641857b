"""
The numbers of an SLO by a second method: SQL over raw rows, written from the rules alone.

Nothing of ours counts here but the ledger that is held against it.  Rows lie as they were
delivered, repeated and late ones among them; corrections and maintenance as they were declared.
"""

from __future__ import annotations

import sqlite3
from fractions import Fraction

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from slo.budget import burn_rate
from slo.window import Rolling
from synthetics.accounting.ledger import Ledger
from synthetics.clock import instant
from synthetics.config.model import Maintenance
from synthetics.store.exclusions import Exclusion, Kind
from tests.accounting.support import LETTERS, MINUTE, NOW, config, sample, slo

WINDOW_MS = 60 * MINUTE
VALID_MS = 2 * MINUTE
OBJECTIVE = Fraction("0.99")

Delivery = tuple[int, str]
"""When a sample was due, from a window before now on, and what it came to."""

SCHEMA = """
    CREATE TABLE delivered (seq INTEGER PRIMARY KEY, due INTEGER, first TEXT, confirmed TEXT);
    CREATE TABLE aside (began INTEGER, ended INTEGER);
"""

# R3: the last delivery of an instant is the sample.  R2: bounds go outward to whole minutes.
SAMPLES = """
    WITH kept AS (
        SELECT due, first, confirmed FROM delivered
        WHERE seq IN (SELECT max(seq) FROM delivered GROUP BY due)
    ), bounds AS (
        SELECT began / 60000 * 60000 AS began, (ended + 59999) / 60000 * 60000 AS ended
        FROM aside WHERE ended > began
    )
"""

# R1: a rolling window is after its beginning and up to now.  R10: the first attempt counts.
EVENTS = (
    SAMPLES
    + """
    SELECT
        sum(NOT out AND first = 'good'),
        sum(NOT out AND first = 'bad' AND confirmed = 'bad'),
        sum(NOT out AND first = 'bad' AND confirmed <> 'bad'),
        sum(NOT out AND first = 'void'),
        sum(out)
    FROM (
        SELECT first, confirmed, EXISTS (
            SELECT 1 FROM bounds WHERE due >= began AND due < ended
        ) AS out
        FROM kept WHERE due > :after AND due <= :now
    )
"""
)

# R9: a sample speaks until the next one, for `valid_for` at the most.  Time that is cut by every
# bound there is has pieces of one kind each, so a piece is what its first millisecond is.
TIME = (
    SAMPLES
    + """
    , spoken AS (
        SELECT due, first, min(
            due + :valid, coalesce(lead(due) OVER (ORDER BY due), due + :valid)
        ) AS until
        FROM kept
    ), cuts AS (
        SELECT :after AS at UNION SELECT :now
        UNION SELECT due FROM spoken UNION SELECT until FROM spoken
        UNION SELECT began FROM bounds UNION SELECT ended FROM bounds
    ), pieces AS (
        SELECT at, lead(at) OVER (ORDER BY at) AS following
        FROM cuts WHERE at BETWEEN :after AND :now
    ), known AS (
        SELECT following - at AS length,
            EXISTS (SELECT 1 FROM bounds WHERE at >= began AND at < ended) AS out,
            (SELECT first FROM spoken WHERE at >= due AND at < until) AS said
        FROM pieces WHERE following IS NOT NULL
    )
    SELECT
        sum(CASE WHEN NOT out AND said = 'good' THEN length ELSE 0 END),
        sum(CASE WHEN NOT out AND said = 'bad' THEN length ELSE 0 END),
        sum(CASE WHEN out THEN length ELSE 0 END),
        sum(CASE WHEN NOT out AND coalesce(said, 'void') = 'void' THEN length ELSE 0 END)
    FROM known
"""
)

# Exactly on minutes, a little off them, and anywhere; from before the window to after now.
instants = st.one_of(
    st.integers(-5, 62).map(lambda minute: minute * MINUTE),
    st.tuples(st.integers(-5, 62), st.sampled_from([-1, 1, 30_000])).map(
        lambda at: at[0] * MINUTE + at[1]
    ),
    st.integers(-5 * MINUTE, 62 * MINUTE),
)
deliveries = st.lists(st.tuples(instants, st.sampled_from(sorted(LETTERS))), max_size=60)
steady = st.text(".......xbuo ", max_size=70).map(
    lambda letters: [
        ((index - 4) * MINUTE, letter) for index, letter in enumerate(letters) if letter != " "
    ]
)
spans = st.lists(
    st.tuples(instants, st.integers(1, 12 * MINUTE)).map(lambda span: (span[0], sum(span))),
    max_size=3,
)


def by_sql(
    delivered: list[Delivery], aside: list[tuple[int, int]]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Good, bad, blip, void and excluded events; up, down, excluded and unknown time."""
    start = NOW - WINDOW_MS
    with sqlite3.connect(":memory:") as db:
        db.executescript(SCHEMA)
        db.executemany(
            "INSERT INTO delivered (due, first, confirmed) VALUES (?, ?, ?)",
            [
                (start + at_ms, *(outcome.value for outcome in LETTERS[letter]))
                for at_ms, letter in delivered
            ],
        )
        db.executemany(
            "INSERT INTO aside VALUES (?, ?)", [(start + a, start + b) for a, b in aside]
        )
        known = {"after": start, "now": NOW, "valid": VALID_MS}
        events = db.execute(EVENTS, known).fetchone()
        time = db.execute(TIME, known).fetchone()
    db.close()
    return tuple(value or 0 for value in events), tuple(value or 0 for value in time)


def kept(
    delivered: list[Delivery], maintenance: list[tuple[int, int]], corrected: list[tuple[int, int]]
) -> Ledger:
    """The ledger, told sample by sample; corrections come when all else is there."""
    start = NOW - WINDOW_MS
    declared = tuple(
        Maintenance(start=instant(start + a), end=instant(start + b), reason="moving")
        for a, b in maintenance
    )
    watched = slo(window=Rolling(WINDOW_MS), objective=str(float(OBJECTIVE)), tiers=())
    ledger = Ledger(config(watched, maintenance=declared))
    for at_ms, letter in delivered:
        ledger.apply(sample(start + at_ms, letter))
    ledger.declare(
        [
            Exclusion(
                id=number,
                kind=Kind.CORRECTION,
                from_ms=start + a,
                to_ms=start + b,
                services=(),
                slos=("home",),
                author="aiko",
                reason="our network",
                declared_ms=NOW,
            )
            for number, (a, b) in enumerate(corrected, start=1)
        ]
    )
    return ledger


histories = st.one_of(
    deliveries,
    st.tuples(steady, deliveries).map(lambda parts: [*parts[0], *parts[1][:10]]),
)


@settings(max_examples=300, deadline=None)
@given(histories, spans, spans)
@example([(0, "x"), (60 * MINUTE, "x"), (30 * MINUTE, ".")], [], [])
@example([(minute * MINUTE, "x") for minute in range(61)], [(10 * MINUTE, 20 * MINUTE)], [])
@example([(5 * MINUTE, "x"), (4 * MINUTE, "."), (5 * MINUTE, ".")], [], [(MINUTE + 1, MINUTE + 2)])
def test_sql_over_raw_rows_agrees(
    delivered: list[Delivery],
    maintenance: list[tuple[int, int]],
    corrected: list[tuple[int, int]],
) -> None:
    events, time = by_sql(delivered, [*maintenance, *corrected])

    standing = kept(delivered, maintenance, corrected).standing("home", NOW)

    counts = standing.counts
    assert (counts.good, counts.bad, counts.blip, counts.void, counts.excluded) == events
    shares = standing.time
    assert (shares.up_ms, shares.down_ms, shares.excluded_ms, shares.unknown_ms) == time
    good, bad, blip, *_ = events
    valid = good + bad + blip
    assert standing.sli == (Fraction(good, valid) if valid else None)
    burnt = Fraction(bad + blip, valid) / (1 - OBJECTIVE) if valid else None
    assert standing.burn == standing.budget.consumed == burnt == burn_rate(counts, OBJECTIVE)


def test_the_second_method_counts_what_it_should() -> None:
    """By hand: the bound is out at its beginning and in at now, and a correction goes outward."""
    delivered = [(0, "x"), (MINUTE, "x"), (2 * MINUTE, "."), (60 * MINUTE, "b")]

    events, time = by_sql(delivered, [(MINUTE + 1, MINUTE + 2)])

    assert events == (1, 0, 1, 0, 1)
    # Up from 2 to 4; down from 0 to 1, after which a minute does not count; unknown is the rest.
    assert time == pytest.approx((2 * MINUTE, MINUTE, MINUTE, 56 * MINUTE), abs=0)
