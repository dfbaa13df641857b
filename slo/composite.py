"""
Several objectives as one: weighted, or the worst of them.

The error ratio of the whole is made of those of its parts, and not of their samples: a part that
is asked every ten seconds weighs no more than one that is asked every minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from heapq import merge

from slo.counts import Counts
from slo.history import History


@dataclass(frozen=True, slots=True, kw_only=True)
class Mix:
    """
    How the parts make the whole.

    Attributes:
        weights: Of each part, >= 1; they say nothing where *worst* is set.
        worst: The whole is as bad as its worst part, and not the weighted mean.
        needs_all: The whole is unknown while any part is; else the others make it.
    """

    weights: tuple[int, ...]
    worst: bool = False
    needs_all: bool = False

    def __post_init__(self) -> None:
        if not self.weights or min(self.weights) < 1:
            raise ValueError(f"not the weights of parts: {self.weights}")

    def of(self, ratios: Sequence[Fraction | None]) -> Fraction | None:
        """The ratio of the whole; ``None`` if it is unknown."""
        known = [
            (weight, ratio)
            for weight, ratio in zip(self.weights, ratios, strict=True)
            if ratio is not None
        ]
        if not known or (self.needs_all and len(known) < len(ratios)):
            return None
        if self.worst:
            return max(ratio for _, ratio in known)
        weights = sum(weight for weight, _ in known)
        return sum((weight * ratio for weight, ratio in known), Fraction(0)) / weights


@dataclass(frozen=True, slots=True, kw_only=True)
class Mixed(Counts):
    """
    Counts of all parts added up, with the ratio that the mix makes of them.

    Attributes:
        parts: Each by itself.
        mix: How they make the whole.
    """

    parts: tuple[Counts, ...]
    mix: Mix

    @classmethod
    def made(cls, parts: tuple[Counts, ...], mix: Mix) -> Mixed:
        """The whole that *parts* make."""
        return cls(
            good=sum(part.good for part in parts),
            bad=sum(part.bad for part in parts),
            blip=sum(part.blip for part in parts),
            void=sum(part.void for part in parts),
            excluded=sum(part.excluded for part in parts),
            parts=parts,
            mix=mix,
        )

    @property
    def valid(self) -> int:
        """What says something of any part; 0 where the whole is unknown."""
        each = [part.valid for part in self.parts]
        return 0 if self.mix.needs_all and not all(each) else sum(each)

    @property
    def confirmed(self) -> int:
        """
        Confirmed failures of the part that has most.

        Two parts may count the same sample, which then is one failure and not two.
        """
        return max(part.confirmed for part in self.parts)

    @property
    def error_ratio(self) -> Fraction | None:
        """What the mix makes of the error ratios of the parts."""
        return self.mix.of([part.error_ratio for part in self.parts])

    @property
    def sli(self) -> Fraction | None:
        """1 − error ratio."""
        ratio = self.error_ratio
        return None if ratio is None else 1 - ratio

    def passes(self, above: int, below: int) -> bool:
        """Whether the error ratio is greater than *above* ÷ *below*."""
        ratio = self.error_ratio
        return ratio is not None and ratio * below > above

    def may_pass(self, fewest: Counts, above: int, below: int) -> bool:
        """
        See `Counts.may_pass`.

        A part that may become known or unknown meanwhile changes how much the others weigh; but
        no mean is above the greatest.
        """
        assert isinstance(fewest, Mixed)
        most = [
            min(Fraction(now.failed, least.valid), Fraction(1))
            if least.valid
            else Fraction(bool(now.failed))
            for now, least in zip(_leaves(self), _leaves(fewest), strict=True)
        ]
        plain = all(least.valid for least in fewest.parts) and len(most) == len(self.parts)
        ratio = self.mix.of(most) if plain else max(most)
        return ratio is not None and ratio * below > above

    def must_pass(self, most: Counts, above: int, below: int) -> bool:
        """
        See `Counts.must_pass`.

        Every part must be known by what is here, so that no weight changes meanwhile; and no
        mean of means is below the least.
        """
        assert isinstance(most, Mixed)
        here = _leaves(self)
        if not all(part.valid for part in here):
            return False
        least = [
            Fraction(now.failed, more.valid) for now, more in zip(here, _leaves(most), strict=True)
        ]
        ratio = self.mix.of(least) if len(least) == len(self.parts) else min(least)
        return ratio is not None and ratio * below > above

    def __add__(self, other: Counts) -> Mixed:
        if not isinstance(other, Mixed):
            return self._with(other)
        pairs = zip(self.parts, other.parts, strict=True)
        return Mixed.made(tuple(one + two for one, two in pairs), self.mix)

    def __radd__(self, other: Counts) -> Mixed:
        return self._with(other)

    def _with(self, other: Counts) -> Mixed:
        if other != Counts():
            raise TypeError("counts without parts cannot be added to counts of parts")
        return self


def _leaves(counts: Mixed) -> list[Counts]:
    """Its parts, and where one is made of parts those."""
    found: list[Counts] = []
    for part in counts.parts:
        found += _leaves(part) if isinstance(part, Mixed) else [part]
    return found


class Composite:
    """
    A history made of those of other objectives.

    Args:
        parts: Each of them.
        mix: How they make the whole.
    """

    def __init__(self, parts: Sequence[History], mix: Mix) -> None:
        self._parts = parts
        self._mix = mix

    def __call__(self, after_ms: int, until_ms: int, /) -> Mixed:
        """Counts of the parts in ``(after_ms, until_ms]``, and what the mix makes of them."""
        return Mixed.made(tuple(part(after_ms, until_ms) for part in self._parts), self._mix)

    def failures(self, after_ms: int, until_ms: int, most: int) -> Sequence[int]:
        """When the last *most* events that failed in any part were due."""
        each = (part.failures(after_ms, until_ms, most) for part in self._parts)
        return list(merge(*each))[-most:]

    def apart(self) -> Sequence[History]:
        """Those of the parts: whether failures are more than chance is asked of each."""
        return [one for part in self._parts for one in part.apart()]
