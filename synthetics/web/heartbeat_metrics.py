"""Metrics of jobs that report to us."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from probes.heartbeat_parts.facts import Word
from synthetics.heartbeats.standing import JobStanding, PingStats


def families(stats: PingStats, jobs: Mapping[str, JobStanding]) -> Iterator[Metric]:
    """Of all *jobs*, by probe; none where there are no jobs."""
    if not jobs:
        return
    pings = CounterMetricFamily(
        "synthetics_job_pings", "Reports of jobs that were stored.", labels=["word"]
    )
    for word in Word:
        pings.add_metric([word.value], stats.pings[word.value])
    yield pings
    yield CounterMetricFamily(
        "synthetics_job_unknown_pings",
        "Reports to an address that no job has.",
        value=stats.unknown,
    )

    def gauge(
        name: str, about: str, read: Callable[[JobStanding], float | None]
    ) -> GaugeMetricFamily:
        family = GaugeMetricFamily(f"synthetics_job_{name}", about, labels=["probe"])
        for probe, job in jobs.items():
            value = read(job)
            if value is not None:
                family.add_metric([probe], value)
        return family

    yield gauge(
        "last_heard_timestamp_seconds",
        "When the job last said anything, in Unix time; absent if it never did.",
        lambda job: _seconds(job.heard_ms),
    )
    yield gauge(
        "last_success_timestamp_seconds",
        "When the job last ended with success, in Unix time; absent if it never did.",
        lambda job: _seconds(job.success_ms),
    )
    yield gauge(
        "due_timestamp_seconds",
        "When the job is due next, in Unix time.",
        lambda job: _seconds(job.due_ms),
    )
    yield gauge(
        "deadline_timestamp_seconds",
        "By when the job must have ended then, in Unix time.",
        lambda job: _seconds(job.deadline_ms),
    )
    yield gauge(
        "running",
        "Runs of the job that have started and not ended.",
        lambda job: len(job.running_ms),
    )


def _seconds(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000
