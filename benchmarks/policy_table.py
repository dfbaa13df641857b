"""
How often the two ways to judge a tier page, and how soon: the table of decision 0009.

    python benchmarks/policy_table.py [--seeds 200]

99.9 %, a sample a minute, a window of 30 days and the default tiers; pages are times
that the severity ``page`` begins to fire, whichever of its tiers does.  "The book" is
``reset: window`` with ``min_bad: 1``.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from fractions import Fraction

from slo.history import Pool
from slo.policy import Policy, Reset, default_tiers
from slo.replay import replay
from slo.runs import Mark
from slo.simulate import Fault, Score, Trace, score, trace
from slo.spans import Spans

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
OBJECTIVE = Fraction("0.999")
TIERS = default_tiers(30 * DAY_MS, MINUTE_MS, OBJECTIVE)
PAGING = tuple(tier for tier in TIERS if tier.severity == "page")
BOOK = Policy(
    objective=OBJECTIVE,
    tiers=tuple(replace(tier, min_bad=1) for tier in PAGING),
    reset=Reset.WINDOW,
)
ALONE = Policy(objective=OBJECTIVE, tiers=PAGING, reset=Reset.WINDOW)
OURS = Policy(objective=OBJECTIVE, tiers=PAGING, reset=Reset.EVIDENCE)
POLICIES = (("the book", BOOK), ("window", ALONE), ("evidence", OURS))


def one(fault: Fault) -> list[Trace]:
    """A trace of *fault* alone."""
    return [trace(fault, interval_ms=MINUTE_MS, before_ms=DAY_MS, after_ms=2 * DAY_MS)]


def rows(seeds: int) -> Sequence[tuple[str, Callable[[], list[Trace]]]]:
    """The kinds of traces, and how each is made."""
    percent, three_days = Fraction(1, 100), 3 * DAY_MS
    return (
        ("one lost sample", lambda: one(Fault(lasting_ms=MINUTE_MS))),
        (
            "0.1 % random loss for 30 d",
            lambda: [
                trace(
                    None,
                    interval_ms=MINUTE_MS,
                    before_ms=30 * DAY_MS,
                    after_ms=0,
                    loss=Fraction(1, 1000),
                    seed=seed,
                )
                for seed in range(seeds)
            ],
        ),
        (
            "1 % random errors for 3 d",
            lambda: [
                trace(
                    Fault(lasting_ms=three_days, share=percent),
                    interval_ms=MINUTE_MS,
                    before_ms=DAY_MS,
                    after_ms=2 * DAY_MS,
                    seed=seed,
                )
                for seed in range(seeds)
            ],
        ),
        (
            "every hundredth for 3 d",
            lambda: one(Fault(lasting_ms=three_days, share=percent, even=True)),
        ),
        ("total outage of 2 min", lambda: one(Fault(lasting_ms=2 * MINUTE_MS))),
        ("total outage of 3 min", lambda: one(Fault(lasting_ms=3 * MINUTE_MS))),
        ("total outage of 10 min", lambda: one(Fault(lasting_ms=10 * MINUTE_MS))),
        ("total outage of 2 h", lambda: one(Fault(lasting_ms=2 * HOUR_MS))),
        (
            "flapping 5 min for 2 h",
            lambda: one(Fault(lasting_ms=2 * HOUR_MS, bad_ms=5 * MINUTE_MS, good_ms=5 * MINUTE_MS)),
        ),
        (
            "flapping 10 min for 2 h",
            lambda: one(
                Fault(lasting_ms=2 * HOUR_MS, bad_ms=10 * MINUTE_MS, good_ms=10 * MINUTE_MS)
            ),
        ),
    )


def said(found: Score) -> str:
    """One cell: pages, and how soon they came and went."""
    times = [
        "-" if each is None else f"{each / MINUTE_MS:.0f}m"
        for each in (found.detection_ms, found.reset_ms)
    ]
    return f"{found.pages:6.2f} {times[0]:>6} {times[1]:>6}"


def interrupted(policy: Policy, *, blind: bool) -> int:
    """Pages of a total outage of three hours with an hour of maintenance, or blindness, in it."""
    [made] = one(Fault(lasting_ms=3 * HOUR_MS))
    assert made.fault is not None
    start = made.fault[0] // HOUR_MS * HOUR_MS + HOUR_MS
    if blind:
        for at_ms in range(start, start + HOUR_MS, MINUTE_MS):
            made.timeline.add(at_ms, Mark.VOID)
    aside = Spans.EMPTY if blind else Spans.of([(start, start + HOUR_MS)])
    history = Pool([made.timeline], aside)
    return len(replay(policy, history, 0, made.to_ms).by_severity("page"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=200)
    seeds: int = parser.parse_args().seeds
    began = time.process_time()
    print(f"pages, detection and reset; means over {seeds} seeds where there is chance")
    print(f"{'':28} " + "   ".join(f"{name:>20}" for name, _ in POLICIES))
    for name, make in rows(seeds):
        traces = make()
        cells = "   ".join(said(score(policy, traces)) for _, policy in POLICIES)
        print(f"{name:28} {cells}", flush=True)
    for name, blind in (("outage through maintenance", False), ("outage while we are blind", True)):
        cells = "   ".join(
            f"{interrupted(policy, blind=blind):6d} {'':13}" for _, policy in POLICIES
        )
        print(f"{name:28} {cells}")
    print(f"{time.process_time() - began:.1f} s of CPU")


if __name__ == "__main__":
    main()
