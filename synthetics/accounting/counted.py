"""What one SLO counts, kept up to date as its samples come: samples, slices, or other SLOs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from slo.composite import Composite as Whole
from slo.counts import NOTHING
from slo.history import History, Pool
from slo.shares import TimeShares, averaged
from slo.slices import Gaps
from slo.slices import Slices as Sliced
from slo.spans import Spans
from slo.timeline import Timeline
from synthetics.accounting.accounts import MILLISECOND, Account
from synthetics.config.model import Composite, Slices, Slo

NEVER_ASKED = Timeline()


class Counted(Protocol):
    """What an SLO counts; *excluded* is what does not count for it."""

    def history(self, excluded: Spans) -> History:
        """Its events; good until the next of the two below."""
        ...

    def time(self, from_ms: int, to_ms: int, excluded: Spans) -> TimeShares:
        """How ``[from_ms, to_ms)``, which lies in the past, divides."""
        ...

    def down_spans(self, from_ms: int, to_ms: int, excluded: Spans) -> Spans:
        """When in ``[from_ms, to_ms)`` it was down."""
        ...

    def touch(self, at_ms: int) -> None:
        """A sample of one of its probes, due at *at_ms*, has come or gone."""
        ...

    def reset(self) -> None:
        """Samples have come or gone in bulk, or something else was declared."""
        ...


class Lines(Protocol):
    """What has series of its own, by which slices can be judged."""

    def lines(self) -> Sequence[Timeline]:
        """All of them, as they are now."""
        ...

    def touch(self, at_ms: int) -> None:
        """See `Counted.touch`."""
        ...

    def reset(self) -> None:
        """See `Counted.reset`."""
        ...


@dataclass(frozen=True, slots=True)
class Share:
    """An account as one SLO uses it: *valid_for_ms* is how long a sample speaks (R9)."""

    account: Account
    valid_for_ms: int


class Pooled:
    """
    The samples of all probes and locations of an SLO together (R12).

    Args:
        shares: Of each probe.
        here: The configured location.
    """

    def __init__(self, shares: Sequence[Share], here: str) -> None:
        self._shares = shares
        self._here = here

    def lines(self) -> Sequence[Timeline]:
        """The series of each probe and location."""
        return [line for share in self._shares for line in share.account.timelines.values()]

    def history(self, excluded: Spans) -> History:
        """See `Counted`."""
        return Pool(self.lines(), excluded)

    def time(self, from_ms: int, to_ms: int, excluded: Spans) -> TimeShares:
        """
        The mean of its series.

        A location that is not the configured one takes part where it has anything to say, so
        one that was given up long ago does not make the SLO look blind.
        """
        return averaged(
            [
                timeline.time(from_ms, to_ms, valid_for_ms, excluded)
                for timeline, valid_for_ms in self._series(from_ms, to_ms)
            ]
        )

    def down_spans(self, from_ms: int, to_ms: int, excluded: Spans) -> Spans:
        """When any series was down."""
        return Spans.of(
            pair
            for timeline, valid_for_ms in self._series(from_ms, to_ms)
            for pair in timeline.down_spans(from_ms, to_ms, valid_for_ms, excluded)
        )

    def touch(self, at_ms: int) -> None:
        """Samples are looked at as they are."""

    def reset(self) -> None:
        """The same."""

    def _series(self, from_ms: int, to_ms: int) -> Iterator[tuple[Timeline, int]]:
        """The timelines that count for a stretch of time, and how long each speaks."""
        here = self._here
        for share in self._shares:
            timelines, valid_for_ms = share.account.timelines, share.valid_for_ms
            yield timelines.get(here, NEVER_ASKED), valid_for_ms
            for location, timeline in timelines.items():
                if location != here and timeline.counts(from_ms - valid_for_ms, to_ms) != NOTHING:
                    yield timeline, valid_for_ms


class SloSlices:
    """
    The slices of one SLO.

    Args:
        slo: One that counts slices.
        of: *sli* of it.
        source: The samples or rounds that its slices are judged by.
        accounts: Where those come from.
    """

    def __init__(self, slo: Slo, of: Slices, source: Lines, accounts: Sequence[Account]) -> None:
        self._of = of
        self._source = source
        self._accounts = accounts
        valid_for = slo.accounting.valid_for
        self._valid_for_ms = None if valid_for is None else valid_for // MILLISECOND
        self._lines: Sequence[Timeline] = ()
        self._sliced: dict[Spans, Sliced] = {}

    def history(self, excluded: Spans) -> History:
        """See `Counted`."""
        return self._slices(excluded)

    def time(self, from_ms: int, to_ms: int, excluded: Spans) -> TimeShares:
        """A slice speaks for twice its length at most, unless the SLO says otherwise."""
        return self._slices(excluded).time(from_ms, to_ms, self._valid_for_ms)

    def down_spans(self, from_ms: int, to_ms: int, excluded: Spans) -> Spans:
        """See `Counted`."""
        return self._slices(excluded).down_spans(from_ms, to_ms, self._valid_for_ms)

    def touch(self, at_ms: int) -> None:
        """See `Counted`."""
        self._source.touch(at_ms)
        for sliced in self._sliced.values():
            sliced.touch(at_ms)

    def reset(self) -> None:
        """See `Counted`."""
        self._source.reset()
        self._sliced.clear()

    def _slices(self, excluded: Spans) -> Sliced:
        lines = self._source.lines()
        if len(lines) != len(self._lines) or any(map(_differ, lines, self._lines)):
            self._lines = lines
            self._sliced.clear()
        known = self._sliced.get(excluded)
        if known is None:
            of = self._of
            known = self._sliced[excluded] = Sliced(
                lines,
                of.length_ms,
                of.rule,
                gaps=of.gaps,
                excluded=excluded,
                since_ms=self._since_ms(),
            )
        return known

    def _since_ms(self) -> int | None:
        """From when on a slice without a sample is a gap."""
        began = [each.origin_ms for each in self._accounts if each.origin_ms is not None]
        known = [each.since_ms for each in self._accounts if each.since_ms is not None]
        if self._of.gaps is Gaps.UNKNOWN or not began:
            return None
        return max(min(began), min(known, default=min(began)))


class SloComposite:
    """
    The parts of one SLO.

    Args:
        of: What it is made of.
        parts: What each part counts.
        excluded: What does not count for a part, by its identifier.
    """

    def __init__(
        self, of: Composite, parts: Sequence[Counted], excluded: Callable[[str], Spans]
    ) -> None:
        self._of = of
        self._parts = parts
        self._excluded = excluded
        self._united: dict[Spans, list[Spans]] = {}

    def history(self, excluded: Spans) -> History:
        """See `Counted`."""
        return Whole([part.history(aside) for part, aside in self._each(excluded)], self._of.mix)

    def time(self, from_ms: int, to_ms: int, excluded: Spans) -> TimeShares:
        """The mean of its parts, each by its weight; or the part that was down most."""
        shares = [part.time(from_ms, to_ms, aside) for part, aside in self._each(excluded)]
        if not self._of.mix.worst:
            return averaged(shares, self._of.mix.weights)
        known = [share for share in shares if share.availability is not None]
        return min(known or shares, key=lambda share: share.availability or 0)

    def down_spans(self, from_ms: int, to_ms: int, excluded: Spans) -> Spans:
        """When any part was down."""
        return Spans.of(
            pair
            for part, aside in self._each(excluded)
            for pair in part.down_spans(from_ms, to_ms, aside)
        )

    def touch(self, at_ms: int) -> None:
        """Its parts are told themselves."""

    def reset(self) -> None:
        """See `Counted`."""
        self._united.clear()

    def _each(self, excluded: Spans) -> Iterator[tuple[Counted, Spans]]:
        """Each part, and what does not count for it, nor for the whole."""
        united = self._united.get(excluded)
        if united is None:
            united = [excluded.union(self._excluded(name)) for name in self._of.parts]
            self._united[excluded] = united
        return zip(self._parts, united, strict=True)


def _differ(one: object, other: object) -> bool:
    return one is not other
