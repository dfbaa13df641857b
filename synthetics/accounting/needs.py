"""What an SLO needs to be known, and by what it is counted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slo.slices import Age, Gaps
from synthetics.accounting.accounts import MILLISECOND, Account, Key
from synthetics.accounting.counted import Counted, Pooled, Share, SloSlices
from synthetics.accounting.rounds import SloRounds
from synthetics.accounting.views import View, parts
from synthetics.config.model import Composite, Config, Slices, Slo


@dataclass(slots=True)
class Needs:
    """
    What all SLOs that look alike at a probe need of it.

    Attributes:
        reach_ms: How far back samples must be known.
        origin: Whether it matters when the first one ever was due.
    """

    reach_ms: int = 0
    origin: bool = False


def reaches(config: Config) -> dict[Key, Needs]:
    """What is needed of each probe in each view."""
    looks_back: dict[str, int] = {}
    for slo in config.slos.values():
        longest_ms = max([slo.window.longest_ms, *(tier.looks_back_ms for tier in slo.tiers)])
        for name in (slo.id, *parts(config, slo)):
            looks_back[name] = max(looks_back.get(name, 0), longest_ms)
    found: dict[Key, Needs] = {}
    for slo in config.slos.values():
        if isinstance(slo.sli, Composite):
            continue
        for probe in slo.probes:
            needs = found.setdefault((probe, View.of(slo)), Needs())
            further_ms = _valid_for_ms(config, slo, probe) + _event_ms(config, slo, probe)
            needs.reach_ms = max(needs.reach_ms, looks_back[slo.id] + further_ms)
            needs.origin |= isinstance(slo.sli, Slices) and slo.sli.gaps is not Gaps.UNKNOWN
    return found


def counted_by(config: Config, slo: Slo, accounts: Sequence[Account]) -> Counted:
    """What *slo*, which is no composite, counts; *accounts* are those of its probes, in order."""
    source: Pooled | SloRounds
    if slo.accounting.in_rounds:
        source = SloRounds(config, slo, [account.timelines for account in accounts])
    else:
        shares = [
            Share(account, _valid_for_ms(config, slo, probe))
            for probe, account in zip(slo.probes, accounts, strict=True)
        ]
        source = Pooled(shares, config.location)
    if isinstance(slo.sli, Slices):
        return SloSlices(slo, slo.sli, source, accounts)
    return source


def _valid_for_ms(config: Config, slo: Slo, probe: str) -> int:
    return (slo.accounting.valid_for or 2 * config.probes[probe].every) // MILLISECOND


def _event_ms(config: Config, slo: Slo, probe: str) -> int:
    """How long before the end of an event its samples can have been due."""
    round_ms = config.probes[probe].every // MILLISECOND if slo.accounting.in_rounds else 0
    if not isinstance(slo.sli, Slices):
        return round_ms
    rule = slo.sli.rule
    return round_ms + slo.sli.length_ms + (rule.most_ms if isinstance(rule, Age) else 0)
