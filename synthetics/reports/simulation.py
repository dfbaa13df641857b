"""What alert policies make of made-up trouble, for programs and for a terminal."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from slo.history import History
from slo.policy import Policy
from slo.simulate import Fault, Score, pooled, score, trace
from slo.timeline import Timeline
from synthetics import words
from synthetics.config.model import Probe, Slo
from synthetics.reports import columns, policy_text

CELLS = 80
SEVERITIES = ("page", "ticket")


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """
    What is tried.

    Attributes:
        fault: What goes wrong; ``None`` for losses alone ...
        quiet_ms: ... over so long.
        loss: Share of samples that are lost all the time.
        interval_ms: Distance of the samples.
        seeds: How often it is tried, if anything about it is random.
    """

    fault: Fault | None
    quiet_ms: int
    loss: Fraction
    interval_ms: int
    seeds: int

    @property
    def times(self) -> int:
        """How often it is tried."""
        random = self.loss or (self.fault is not None and self.fault.share < 1)
        return self.seeds if random else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fared:
    """How one severity of one policy fared."""

    policy: str
    severity: str
    score: Score


def simulated(
    noise: Noise,
    policies: Sequence[tuple[str, Policy]],
    seen: Callable[[Timeline], History] = pooled,
) -> list[Fared]:
    """
    How each severity of *policies*, given with their names, fares with *noise*.

    *seen* are the events that samples make.
    """
    looks_back_ms = max(
        (tier.looks_back_ms for _, policy in policies for tier in policy.tiers), default=0
    )
    alone = noise.fault is None
    traces = [
        trace(
            noise.fault,
            interval_ms=noise.interval_ms,
            before_ms=noise.quiet_ms if alone else looks_back_ms // 4,
            after_ms=0 if alone else looks_back_ms,
            loss=noise.loss,
            seed=seed,
        )
        for seed in range(noise.times)
    ]
    return [
        Fared(policy=name, severity=severity, score=score(policy, traces, severity, seen))
        for name, policy in policies
        for severity in SEVERITIES
        if any(tier.severity == severity for tier in policy.tiers)
    ]


def render(
    slo: Slo, probes: Mapping[str, Probe], noise: Noise, fared: Sequence[Fared], shape: str
) -> str:
    """In *shape*, ``text`` or ``json``."""
    if shape == "text":
        return "\n".join(_text(slo.id, noise, fared)) + "\n"
    document = {
        "format": 1,
        "slo": slo.id,
        "accounting": policy_text.of_slo(slo, probes),
        "every_s": words.seconds(noise.interval_ms),
        "times": noise.times,
        "policies": [
            {
                "policy": each.policy,
                "severity": each.severity,
                "alerts": each.score.pages,
                "alerts_per_week": each.score.pages_per_week,
                "precision": each.score.precision,
                "recall": each.score.recall,
                "detection_s": _seconds(each.score.detection_ms),
                "reset_s": _seconds(each.score.reset_ms),
            }
            for each in fared
        ],
    }
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _text(slo: str, noise: Noise, fared: Sequence[Fared]) -> Iterator[str]:
    often = "once" if noise.times == 1 else f"{noise.times} times, means"
    yield f"{slo}, a sample every {words.exactly(noise.interval_ms)}, tried {often}"
    yield ""
    rows = [["policy", "tells", "times", "a week", "right", "found", "after", "over after"]]
    rows += [
        [
            each.policy,
            each.severity,
            f"{each.score.pages:.2f}",
            f"{each.score.pages_per_week:.2f}",
            _share(each.score.precision),
            _share(each.score.recall),
            _time(each.score.detection_ms),
            _time(each.score.reset_ms),
        ]
        for each in fared
    ]
    yield from columns.table(rows, numbers=frozenset(range(2, 8)), cells=CELLS)


def _share(share: float | None) -> str:
    return "–" if share is None else f"{share:.0%}"


def _time(ms: float | None) -> str:
    return "–" if ms is None else words.about(round(ms / 1000) * 1000)


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000
