"""
Whether failures are more than chance, and whether an incident is over (`Reset.EVIDENCE`).

Synthetic samples are few, so the two windows of R7 are often decided by one or two
of them.  Two questions are therefore asked of the samples themselves.

*Is it more than chance?*  Of a service that just keeps its objective each sample
fails with chance *p* = 1 − objective.  That one fails, as at least the *k*-th of the
last *n* samples, happens at a share ``p · P(Bin(n − 1, p) >= k − 1)`` of all samples.
A group of failures is more than chance where that share is at most
1 / (`ONCE_IN` · i(i + 1)), the groups that are looked at being numbered *i* = 1, 2, …
As 1/2 + 1/6 + 1/12 + … = 1, chance alone makes at most one sample in `ONCE_IN` look
like an incident, however many groups are looked at.

*Is it over?*  Fisher's exact test: had the failures since the incident began fallen
anywhere among the samples since, every order being as likely, how likely were so few
at the end?  At most 1 / (`SURE` · i(i + 1)) for one of the ends that are looked at.
And since what flaps fails half of the time, however total it looks, the end must be
one that coins, too, would hardly bring.

Both answers follow from nothing but the samples and two instants, to the digit
(`slo.tails`).  Samples that do not count, maintenance and void ones, are not there:
a gap neither is evidence nor weakens any.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from itertools import count
from math import exp, inf, log
from typing import Final

from slo.history import History
from slo.tails import CLOSE, HALF, few_at_end_are_rare, log_at_least, many_are_rare

ONCE_IN: Final = 432_000
"""Samples within which chance pages at most once: 300 days of one a minute."""
SURE: Final = 64
"""How unlikely it must be that an incident goes on: once in so many, at the most."""
MOST: Final = 1000
"""Failures that are looked at, the newest ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """
    Failures that came together.

    Attributes:
        from_ms: When the first of them was due; ``None`` if nothing failed.
        failed: How many they are, >= 0.
        samples: How many samples there were since the first of them.
        more_than_chance: Whether an objective that is just kept would hardly bring them.
        margin: By how much they are not, as a logarithm; below 0 where they are.
    """

    from_ms: int | None
    failed: int
    samples: int
    more_than_chance: bool
    margin: float = inf


def strongest(history: History, objective: Fraction, after_ms: int, at_ms: int) -> Group:
    """
    The group of failures since *after_ms* that chance explains least.

    Of a history made of parts, the first group that is more than chance in one of them.
    """
    groups = [_strongest(part, objective, after_ms, at_ms) for part in history.apart()]
    if len(groups) == 1:
        return groups[0]
    sure = [group for group in groups if group.more_than_chance]
    if sure:
        return min(sure, key=lambda group: inf if group.from_ms is None else group.from_ms)
    return min(groups, key=lambda group: group.margin)


def is_over(history: History, after_ms: int, at_ms: int) -> bool:
    """
    Whether what has failed since *after_ms* has stopped, or nearly so.

    Of a history made of parts, whether it has in every part in which something failed.
    """
    parts = history.apart()
    if len(parts) > 1:
        parts = [part for part in parts if part(after_ms, at_ms).failed] or [history]
    return all(_is_over(part, after_ms, at_ms) for part in parts)


def _strongest(history: History, objective: Fraction, after_ms: int, at_ms: int) -> Group:
    chance = 1 - objective
    failures = history.failures(after_ms, at_ms, MOST)
    found, rarest = Group(from_ms=None, failed=0, samples=0, more_than_chance=False), inf
    for number, least in enumerate(_ladder(2 if failures[1:] else 1, len(failures), 4), start=1):
        from_ms = failures[-least]
        counts = history(from_ms - 1, at_ms)
        others = counts.failed - 1, counts.valid - 1
        sure = ONCE_IN * number * (number + 1)
        share = log_at_least(*others, float(chance)) + log(sure) if chance else -inf
        # Of two that chance explains as little the earlier one here, whatever was rounded.
        if share < rarest - CLOSE:
            rarest = share
            found = Group(
                from_ms=from_ms,
                failed=counts.failed,
                samples=counts.valid,
                more_than_chance=counts.failed > 1
                and many_are_rare(*others, chance, 1 / (sure * chance) if chance else Fraction(1)),
                margin=share + log(chance) if counts.failed > 1 and chance else -inf,
            )
    return found


def stays_chance(history: History, objective: Fraction, after_ms: int, at_ms: int) -> bool:
    """
    Whether no group since *after_ms* becomes more than chance until another failure arrives.

    Until then each has ever more samples, which makes chance the likelier, and groups only
    get out of sight; so one whose share is clearly too large now stays so.
    """
    return strongest(history, objective, after_ms, at_ms).margin > 2 * CLOSE


def cannot_be_over(history: History, after_ms: int, at_ms: int) -> bool:
    """Whether there are too few good samples since *after_ms* for any end to show it."""
    return history(after_ms, at_ms).good < fewest_good(0, 1)


def _is_over(history: History, after_ms: int, at_ms: int) -> bool:
    whole = history(after_ms, at_ms)
    if not whole.failed:
        return whole.valid >= fewest_good(0, 1)
    failures = history.failures(after_ms, at_ms, MOST)
    for number, index in enumerate(_ladder(1, len(failures), 2), start=1):
        end = history(failures[-index], at_ms)
        fewer = end.failed * whole.valid < whole.failed * end.valid
        if not fewer or end.valid < fewest_good(end.failed, number):
            continue
        limit = Fraction(1, SURE * number * (number + 1))
        if few_at_end_are_rare(end.failed, end.valid, whole.failed, whole.valid, limit):
            return True
    return False


@cache
def fewest_bad(objective: Fraction) -> int:
    """How many samples must fail one after the other to be more than chance, up to `MOST`."""
    chance = 1 - objective
    for number, failed in enumerate(_ladder(2, MOST, 4), start=1):
        if chance**failed <= Fraction(1, ONCE_IN * number * (number + 1)):
            return failed
    return MOST + 1


def chance_pages(objective: Fraction, loss: Fraction, most: int) -> float:
    """
    At what share of samples, at the most, losses alone are taken for more than chance.

    Args:
        objective: Share of good events that is promised.
        loss: Share of samples that are lost, each independently of the others.
        most: How many samples are looked back over.
    """
    total = 0.0
    for number, failed in enumerate(_ladder(2, min(MOST, most), 4), start=1):
        samples = _widest(failed, number, 1 - objective, most)
        if samples >= failed:
            total += float(loss) * exp(log_at_least(failed - 1, samples - 1, float(loss)))
    return total


def _widest(failed: int, number: int, chance: Fraction, most: int) -> int:
    """Among how many samples, up to *most*, group *number* of *failed* is more than chance."""
    if not chance:
        return most
    limit = Fraction(1, ONCE_IN * number * (number + 1)) / chance
    return (
        failed
        - 1
        + bisect_left(
            range(failed, most + 1),
            1,
            key=lambda samples: not many_are_rare(failed - 1, samples - 1, chance, limit),
        )
    )


def fewest_good_after(failed: int) -> int:
    """How many good samples end a total outage of so many bad ones."""
    limit = Fraction(1, 2 * SURE)
    return next(
        good
        for good in count(fewest_good(0, 1))
        if few_at_end_are_rare(0, good, failed, failed + good, limit)
    )


@cache
def fewest_good(failed: int, number: int) -> int:
    """How many samples the end number *number* must hold so that coins hardly bring it."""
    limit = Fraction(1, SURE * number * (number + 1))
    return next(
        samples
        for samples in count(failed)
        if many_are_rare(samples - failed, samples, HALF, limit)
    )


def _ladder(least: int, most: int, part: int) -> Iterator[int]:
    """
    Numbers from *least* to *most*, each larger by one *part* of it, or by 1.

    Groups that hardly differ say the same.
    """
    number = least
    while number <= most:
        yield number
        number += max(number // part, 1)
