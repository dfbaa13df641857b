"""Metrics of objectives and of the service itself, for prometheus-client to write."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)
from prometheus_client.metrics_core import Metric
from prometheus_client.process_collector import ProcessCollector
from prometheus_client.registry import Collector, CollectorRegistry

from slo.budget import Rate
from slo.counts import Counts
from synthetics import __version__, words
from synthetics.heartbeats.standing import JobStanding
from synthetics.web import heartbeat_metrics, watch_metrics
from synthetics.web.board import Board, Phase
from synthetics.web.status import Health, SloStatus

SLO = ("slo", "service")
VALID = ("good", "bad", "blip")
"""What an event that counts can be."""
WINDOW_EVENTS: Final = "synthetics_slo_window_events"
"""The metric that alert rules are made of: windows of several instances add up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """Everything that is written, as it was at *at_ms*."""

    at_ms: int
    board: Board
    slos: Sequence[SloStatus]
    health: Health
    heartbeats: Mapping[str, JobStanding] = field(default_factory=dict)


class _Collected(Collector):
    """Hands out what was gathered."""

    def __init__(self, families: Iterable[Metric]) -> None:
        self._families = list(families)

    def describe(self) -> list[Metric]:
        """None by name: a registry of one collector and one reader has no clashes."""
        return []

    def collect(self) -> list[Metric]:
        """See `Collector.collect`."""
        return self._families


def registry(snapshot: Snapshot) -> CollectorRegistry:
    """A registry that holds *snapshot*, to be written once."""
    found = CollectorRegistry(auto_describe=False)
    found.register(_Collected(families(snapshot)))
    ProcessCollector(registry=found)
    return found


def families(snapshot: Snapshot) -> Iterator[Metric]:
    """All metrics but those of probes and of the process."""
    yield from _slo_families(snapshot.slos)
    yield from _schedule_families(snapshot.health)
    yield from _store_families(snapshot.health)
    yield from _paging_families(snapshot)
    yield from watch_metrics.families(snapshot.health.watched)
    yield from heartbeat_metrics.families(snapshot.health.pings, snapshot.heartbeats)
    yield from _service_families(snapshot)


def _slo_families(slos: Sequence[SloStatus]) -> Iterator[Metric]:
    def gauge(
        name: str, documentation: str, read: Callable[[SloStatus], float | None]
    ) -> GaugeMetricFamily:
        family = GaugeMetricFamily(name, documentation, labels=SLO)
        for one in slos:
            value = read(one)
            if value is not None:
                family.add_metric(_labels(one), value)
        return family

    yield gauge(
        "synthetics_slo_objective_ratio",
        "Share of good events that is promised.",
        lambda one: float(one.slo.objective),
    )
    yield gauge(
        "synthetics_slo_sli_ratio",
        "Share of good events in the SLO's window; absent if nothing is known.",
        lambda one: _number(one.standing.sli),
    )
    yield gauge(
        "synthetics_slo_coverage_ratio",
        "Share of the window's time that is known.",
        lambda one: _number(one.standing.coverage),
    )
    yield gauge(
        "synthetics_slo_error_budget_remaining_ratio",
        "1 - burn rate over the SLO's window, of a period in progress over the events so far.",
        lambda one: _number(one.standing.budget.remaining),
    )
    yield gauge(
        "synthetics_slo_error_budget_period_remaining_ratio",
        "Share of the whole period's error budget that is left; below 0 when overspent.",
        lambda one: _number(one.standing.budget.period_remaining),
    )
    yield gauge(
        "synthetics_slo_error_budget_left_ratio",
        "The same if all that is not known was good; what alerts about the budget go by.",
        lambda one: _number(
            next((told.left for told in one.standing.budget_decisions), None),
        ),
    )
    yield gauge(
        "synthetics_slo_error_budget_seconds",
        "Downtime that the objective allows in the whole window.",
        lambda one: float(one.standing.budget.allowed_ms / 1000),
    )
    yield gauge(
        "synthetics_slo_downtime_seconds",
        "Downtime in the window so far.",
        lambda one: float(one.standing.budget.spent_ms / 1000),
    )
    events = GaugeMetricFamily(
        "synthetics_slo_events",
        "Samples in the SLO's window, by what they count as.",
        labels=(*SLO, "mark"),
    )
    burn = GaugeMetricFamily(
        "synthetics_slo_burn_rate",
        "How many times faster than allowed errors came in a window of an alert tier.",
        labels=(*SLO, "tier", "window"),
    )
    counted = GaugeMetricFamily(
        WINDOW_EVENTS,
        "Events that count in a window of an alert tier, by what they count as.",
        labels=(*SLO, "window", "mark"),
    )
    threshold = GaugeMetricFamily(
        "synthetics_slo_burn_rate_threshold",
        "The burn rate above which a tier fires.",
        labels=(*SLO, "tier", "severity"),
    )
    firing = GaugeMetricFamily(
        "synthetics_slo_firing",
        "Whether an alert tier, or an alert about the budget, fires.",
        labels=(*SLO, "tier", "severity"),
    )
    for one in slos:
        labels, counts = _labels(one), one.standing.counts
        for mark in ("good", "bad", "blip", "void", "excluded"):
            events.add_metric([*labels, mark], getattr(counts, mark))
        windows: dict[int, Counts] = {}
        for decision in one.standing.decisions:
            tier = decision.tier
            windows |= {tier.long_ms: decision.long, tier.short_ms: decision.short}
            rates = {tier.long_ms: decision.burn_long, tier.short_ms: decision.burn_short}
            for length_ms, rate in rates.items():
                if rate is not None:
                    burn.add_metric([*labels, tier.name, words.exactly(length_ms)], float(rate))
            threshold.add_metric([*labels, tier.name, tier.severity], float(tier.factor))
            firing.add_metric([*labels, tier.name, tier.severity], int(tier.name in one.firing))
        for of_budget in one.standing.budget_decisions:
            alert = of_budget.alert
            firing.add_metric([*labels, alert.name, alert.severity], int(alert.name in one.firing))
        for length_ms, held in windows.items():
            for mark in VALID:
                window = words.exactly(length_ms)
                counted.add_metric([*labels, window, mark], getattr(held, mark))
    yield from (events, burn, counted, threshold, firing)


def _schedule_families(health: Health) -> Iterator[Metric]:
    samples = CounterMetricFamily(
        "synthetics_samples",
        "Samples since the start, by outcome of the first attempt; of void ones the reason.",
        labels=("outcome", "reason"),
    )
    for (outcome, reason), count in sorted(health.schedule.samples.items()):
        samples.add_metric([outcome, reason], count)
    yield samples
    yield CounterMetricFamily(
        "synthetics_missed_beats",
        "Due times of probes that passed unasked: a machine that slept, a clock that was set.",
        value=health.schedule.missed_beats,
    )
    lateness = health.schedule.lateness
    yield HistogramMetricFamily(
        "synthetics_start_lateness_seconds",
        "How long after its due time a run began.",
        buckets=lateness.cumulative(),
        sum_value=lateness.total,
    )
    yield CounterMetricFamily(
        "synthetics_clock_jumps",
        "How often the wall clock was set, or the machine slept.",
        value=health.clock_jumps,
    )
    for name, documentation, value in (
        ("synthetics_in_flight", "Probe runs that have not ended.", health.in_flight),
        ("synthetics_in_flight_limit", "Probe runs that may ask at once.", health.capacity),
        ("synthetics_beats", "Groups of probes that start together.", health.beats),
    ):
        yield GaugeMetricFamily(name, documentation, value=value)


def _store_families(health: Health) -> Iterator[Metric]:
    store = health.store
    gauges: tuple[tuple[str, str, float], ...] = (
        (
            "synthetics_queue_samples",
            "Samples that wait to be stored.",
            health.waiting + store.queued,
        ),
        ("synthetics_store_bytes", "Size of the database.", store.file_bytes),
        ("synthetics_store_log_bytes", "Size of its write-ahead log.", store.wal_bytes),
        (
            "synthetics_store_last_commit_seconds",
            "How long the latest transaction took, fsync included.",
            store.last_commit_s,
        ),
        (
            "synthetics_store_disk_full",
            "Whether samples are being dropped because the disk is full.",
            int(store.disk_full),
        ),
    )
    for name, documentation, value in gauges:
        yield GaugeMetricFamily(name, documentation, value=value)
    for name, documentation, value in (
        (
            "synthetics_queue_waits",
            "How often a run waited because the queue was full.",
            health.waits + store.waits,
        ),
        ("synthetics_store_commits", "Transactions committed.", store.commits),
        ("synthetics_store_samples", "Samples committed.", store.stored),
        (
            "synthetics_store_dropped_samples",
            "Samples that were not stored because the disk was full.",
            store.dropped,
        ),
    ):
        yield CounterMetricFamily(name, documentation, value=value)


def _paging_families(snapshot: Snapshot) -> Iterator[Metric]:
    judge, courier = snapshot.health.judge, snapshot.health.courier
    alerts = GaugeMetricFamily(
        "synthetics_alerts_firing", "Alert tiers that fire.", labels=("severity",)
    )
    for severity, count in judge.firing.items():
        alerts.add_metric([severity], count)
    yield alerts
    yield CounterMetricFamily(
        "synthetics_decision_passes",
        "How often alerts were decided: every minute, and as samples arrive.",
        value=judge.passes,
    )
    yield GaugeMetricFamily(
        "synthetics_decision_last_duration_seconds",
        "How long the latest of these took.",
        value=judge.last_pass_s,
    )
    if judge.decided_ms is not None:
        yield GaugeMetricFamily(
            "synthetics_decision_last_timestamp_seconds",
            "The newest instant that alerts were decided at, in Unix time.",
            value=judge.decided_ms / 1000,
        )
    receiver = ("receiver",)
    owed = GaugeMetricFamily(
        "synthetics_deliveries_owed", "Messages that a receiver has not got yet.", labels=receiver
    )
    age = GaugeMetricFamily(
        "synthetics_deliveries_oldest_age_seconds",
        "How long the oldest of them has been owed; 0 if none is.",
        labels=receiver,
    )
    ended = CounterMetricFamily(
        "synthetics_deliveries",
        "Messages that a receiver took or refused for good.",
        labels=(*receiver, "result"),
    )
    attempts = CounterMetricFamily(
        "synthetics_delivery_attempts", "Attempts to deliver a message.", labels=receiver
    )
    failures = CounterMetricFamily(
        "synthetics_delivery_failures",
        "Attempts that did not deliver.",
        labels=(*receiver, "reason"),
    )
    for name, lane in courier.receivers.items():
        oldest_ms = snapshot.at_ms if lane.oldest_owed_ms is None else lane.oldest_owed_ms
        owed.add_metric([name], lane.owed)
        age.add_metric([name], max(0, snapshot.at_ms - oldest_ms) / 1000)
        ended.add_metric([name, "delivered"], lane.delivered)
        ended.add_metric([name, "refused"], lane.refused)
        attempts.add_metric([name], lane.attempts)
        for reason, count in sorted(lane.failures.items()):
            failures.add_metric([name, reason], count)
    yield from (owed, age, ended, attempts, failures)
    yield CounterMetricFamily(
        "synthetics_deliveries_orphaned",
        "Messages refused because their receiver is no longer configured.",
        value=courier.orphaned,
    )


def _service_families(snapshot: Snapshot) -> Iterator[Metric]:
    board = snapshot.board
    yield InfoMetricFamily(
        "synthetics_build", "Which version this is.", value={"version": __version__}
    )
    yield GaugeMetricFamily(
        "synthetics_ready",
        "Whether the history is read and probes are asked.",
        value=int(board.phase is Phase.RUNNING),
    )
    yield GaugeMetricFamily(
        "synthetics_probes", "Probes configured.", value=len(board.config.probes)
    )
    yield GaugeMetricFamily(
        "synthetics_config_last_reload_successful",
        "Whether the newest attempt to take a configuration succeeded.",
        value=int(board.reload.taken),
    )
    yield GaugeMetricFamily(
        "synthetics_config_last_reload_success_timestamp_seconds",
        "When a configuration was last taken, in Unix time.",
        value=board.reload.taken_ms / 1000,
    )


def _labels(one: SloStatus) -> list[str]:
    return [one.slo.id, one.slo.service]


def _number(rate: Rate | None) -> float | None:
    return None if rate is None else float(rate)
