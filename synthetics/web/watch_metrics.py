"""Metrics of what the service sees of itself."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric

from synthetics.web.status import Watched


def families(watched: Watched) -> Iterator[Metric]:
    """All of them; those of guards and of heartbeats only where there are any."""
    firing = GaugeMetricFamily(
        "synthetics_watch_alerts_firing",
        "Alerts about the monitoring itself that fire.",
        labels=("tier",),
    )
    for tier, count in watched.firing.items():
        firing.add_metric([tier], count)
    yield firing
    yield CounterMetricFamily(
        "synthetics_deliveries_given_up",
        "Messages that were not delivered within their deadline.",
        value=watched.given_up,
    )
    if watched.guards:
        yield GaugeMetricFamily(
            "synthetics_location_blind",
            "Whether guards fail, so that samples of this location are void.",
            value=int(watched.blind),
        )
        yield CounterMetricFamily(
            "synthetics_guard_rounds",
            "How often the guards were asked before a failure was believed.",
            value=watched.guard_rounds,
        )
    if watched.heartbeat is not None:
        beat = watched.heartbeat
        yield CounterMetricFamily(
            "synthetics_heartbeats", "Heartbeats that were taken.", value=beat.sent
        )
        yield CounterMetricFamily(
            "synthetics_heartbeats_withheld",
            "Heartbeats that were not sent because the service was not well.",
            value=beat.withheld,
        )
        failures = CounterMetricFamily(
            "synthetics_heartbeat_failures", "Heartbeats that did not arrive.", labels=("reason",)
        )
        for reason, count in sorted(beat.failures.items()):
            failures.add_metric([reason], count)
        yield failures
        if beat.last_ms is not None:
            yield GaugeMetricFamily(
                "synthetics_heartbeat_last_timestamp_seconds",
                "When a heartbeat was last taken, in Unix time.",
                value=beat.last_ms / 1000,
            )
