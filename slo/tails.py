"""
Chances of many and of few, and exact answers to whether they are small enough.

A chance is reckoned as a logarithm in floats, right to far better than `CLOSE`, and
compared.  Only where it comes closer to the limit than that it is reckoned again,
in fractions; so no decision is a matter of rounding, and none is slow.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from math import comb, exp, lgamma, log, log1p
from typing import Final

CLOSE: Final = 1e-6
"""Logarithms closer than this do not decide; they are right to 1e-8."""
HALF: Final = Fraction(1, 2)
_NEGLIGIBLE = 1e-17


def many_are_rare(failed: int, samples: int, chance: Fraction, limit: Fraction) -> bool:
    """Whether P(Bin(*samples*, *chance*) >= *failed*) <= *limit*."""
    if not 0 < chance < 1:
        return _at_least(failed, samples, chance) <= limit
    estimate = log_at_least(failed, samples, float(chance))
    return _within(estimate, limit, lambda: _at_least(failed, samples, chance))


def few_at_end_are_rare(
    failed: int, samples: int, all_failed: int, all_samples: int, limit: Fraction
) -> bool:
    """
    Fisher's exact test, one-sided: are there hardly by chance so few failures at the end?

    Of *all_samples*, in which *all_failed* failed, the last *samples* hold *failed*
    of them.  Were every order as likely: are so few or fewer at most as likely as *limit*?
    """
    estimate = _log_ends(failed, samples, all_failed, all_samples)
    return _within(estimate, limit, lambda: _ends(failed, samples, all_failed, all_samples))


def log_at_least(failed: int, samples: int, chance: float) -> float:
    """The logarithm of P(Bin(*samples*, *chance*) >= *failed*), 0 < *chance* < 1."""
    if failed <= 0:
        return 0.0
    if failed <= samples * chance:
        # The other tail is the smaller one, and its sum the shorter.
        return log1p(-exp(log_at_least(samples - failed + 1, samples, 1 - chance)))
    first = _log_ways(samples, failed) + failed * log(chance) + (samples - failed) * log1p(-chance)
    odds = chance / (1 - chance)
    total = term = 1.0
    for more in range(failed, samples):
        term *= (samples - more) / (more + 1) * odds
        total += term
        if term < total * _NEGLIGIBLE:
            break
    return first + log(total)


def _within(estimate: float, limit: Fraction, exactly: Callable[[], Fraction]) -> bool:
    margin = estimate - (log(limit.numerator) - log(limit.denominator))
    return margin < 0 if abs(margin) > CLOSE else exactly() <= limit


def _at_least(failed: int, samples: int, chance: Fraction) -> Fraction:
    fewer = (
        comb(samples, few) * chance**few * (1 - chance) ** (samples - few) for few in range(failed)
    )
    return 1 - sum(fewer, Fraction(0))


def _log_ends(failed: int, samples: int, all_failed: int, all_samples: int) -> float:
    others = all_samples - samples
    most, least = min(failed, samples, all_failed), max(all_failed - others, 0)
    first = (
        _log_ways(samples, most)
        + _log_ways(others, all_failed - most)
        - _log_ways(all_samples, all_failed)
    )
    total = term = 1.0
    for few in range(most, least, -1):
        term *= few / (samples - few + 1)
        term *= (others - all_failed + few) / (all_failed - few + 1)
        total += term
        if term < total * _NEGLIGIBLE:
            break
    return first + log(total)


def _ends(failed: int, samples: int, all_failed: int, all_samples: int) -> Fraction:
    others = all_samples - samples
    so_few = sum(
        comb(samples, few) * comb(others, all_failed - few)
        for few in range(min(failed, all_failed) + 1)
    )
    return Fraction(so_few, comb(all_samples, all_failed))


def _log_ways(samples: int, failed: int) -> float:
    """The logarithm of the number of ways to choose *failed* of *samples*."""
    return lgamma(samples + 1) - lgamma(failed + 1) - lgamma(samples - failed + 1)
