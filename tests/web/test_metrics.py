"""Metrics: readable by Prometheus, under the names that dashboards know."""

from __future__ import annotations

import subprocess

import pytest
from prometheus_client.openmetrics.parser import (
    text_string_to_metric_families as read_openmetrics,
)
from prometheus_client.parser import text_string_to_metric_families as read_text

from synthetics.web.probe_metrics import escape
from tests.tools import program
from tests.web.support import NOW_MS, Rig, a_journey, a_sample

OPENMETRICS = "application/openmetrics-text; version=1.0.0"
HOME = {"probe": "home", "kind": "http", "service": "shop"}


async def scrape(rig: Rig) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    """Every sample of ``/metrics``, by name and labels."""
    text = await rig.text("/metrics")
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in read_text(text)
        for sample in family.samples
    }


def of(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


async def test_a_probe_is_shown_under_blackbox_exporters_names(rig: Rig) -> None:
    await rig.take(a_sample())

    seen = await scrape(rig)

    assert seen[of("probe_success", **HOME)] == 1
    assert seen[of("probe_duration_seconds", **HOME)] == 0.084
    assert seen[of("probe_http_status_code", **HOME)] == 200
    assert seen[of("probe_http_version", **HOME)] == 2
    assert seen[of("probe_http_ssl", **HOME)] == 1
    assert seen[of("probe_ip_protocol", **HOME)] == 4
    assert seen[of("probe_http_uncompressed_body_length", **HOME)] == 1234
    assert seen[of("probe_ssl_earliest_cert_expiry", **HOME)] == NOW_MS / 1000 + 30 * 86_400
    assert seen[of("probe_http_duration_seconds", phase="processing", **HOME)] == 0.05
    assert seen[of("probe_failed_due_to_regex", **HOME)] == 0


async def test_void_is_not_failure(rig: Rig) -> None:
    """An alert on ``probe_success == 0`` must not fire because *we* were overloaded."""
    await rig.take(
        a_sample(due_ms=NOW_MS - 120_000),
        a_sample(due_ms=NOW_MS - 60_000, outcome="void", reason="overload"),
    )

    seen = await scrape(rig)

    assert of("probe_success", **HOME) not in seen
    assert seen[of("probe_duration_seconds", **HOME)] == 0.084
    why = {"outcome": "void", "reason": "overload", "step": "", **HOME}
    assert seen[of("probe_failure_info", **why)] == 1


async def test_a_journey_shows_its_steps(rig: Rig) -> None:
    await rig.take(a_journey())

    seen = await scrape(rig)

    labels = {"probe": "checkout", "kind": "journey", "service": "shop"}
    assert seen[of("probe_step_success", step="login", **labels)] == 1
    assert seen[of("probe_step_success", step="order", **labels)] == 0
    assert of("probe_step_success", step="thanks", **labels) not in seen
    assert seen[of("probe_step_duration_seconds", step="order", **labels)] == 0.3


async def test_an_slo_shows_where_it_stands(rig: Rig) -> None:
    await rig.take(
        *(
            a_sample(due_ms=NOW_MS - 60_000 * n, outcome="bad" if n == 5 else "good")
            for n in range(10)
        )
    )

    seen = await scrape(rig)

    slo = {"slo": "home-ok", "service": "shop"}
    assert seen[of("synthetics_slo_objective_ratio", **slo)] == 0.999
    assert seen[of("synthetics_slo_sli_ratio", **slo)] == 0.9
    assert seen[of("synthetics_slo_error_budget_remaining_ratio", **slo)] == pytest.approx(-99)
    assert seen[of("synthetics_slo_events", mark="bad", **slo)] == 1
    burn = of("synthetics_slo_burn_rate", tier="fast", window="1h", **slo)
    assert seen[burn] == pytest.approx(100)
    assert seen[of("synthetics_slo_firing", tier="fast", severity="page", **slo)] == 0


async def test_what_is_not_known_is_left_out(rig: Rig) -> None:
    seen = await scrape(rig)

    slo = {"slo": "home-ok", "service": "shop"}
    assert of("synthetics_slo_sli_ratio", **slo) not in seen
    assert of("probe_success", **HOME) not in seen


async def test_a_refused_configuration_is_visible(rig: Rig) -> None:
    rig.board.refused("s.yaml:1:1: no")

    seen = await scrape(rig)

    assert seen[of("synthetics_config_last_reload_successful")] == 0
    taken = of("synthetics_config_last_reload_success_timestamp_seconds")
    assert seen[taken] == NOW_MS / 1000


async def test_lateness_is_a_histogram(rig: Rig) -> None:
    for value in (0.004, 0.03, 30):
        rig.schedule.lateness.observe(value)

    seen = await scrape(rig)

    name = "synthetics_start_lateness_seconds"
    assert seen[of(f"{name}_bucket", le="0.005")] == 1
    assert seen[of(f"{name}_bucket", le="0.05")] == 2
    assert seen[of(f"{name}_count")] == 3
    assert seen[of(f"{name}_sum")] == pytest.approx(30.034)


async def test_promtool_finds_nothing_to_say(rig: Rig) -> None:
    await rig.take(a_sample(outcome="bad"), a_journey())
    rig.schedule.samples["good", ""] = 3

    checked = subprocess.run(
        [program("promtool", "prometheus"), "check", "metrics"],
        input=await rig.text("/metrics"),
        capture_output=True,
        text=True,
        check=False,
    )

    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")


async def test_openmetrics_is_spoken_to_those_who_ask_for_it(rig: Rig) -> None:
    await rig.take(a_sample(), a_journey())

    async with rig.client.get("/metrics", headers={"Accept": OPENMETRICS}) as answer:
        text = await answer.text()
        assert answer.headers["Content-Type"].startswith("application/openmetrics-text")

    families = list(read_openmetrics(text))  # type: ignore[no-untyped-call]  # theirs
    assert text.endswith("# EOF\n")
    assert len({family.name for family in families}) == len(families)


async def test_it_is_compressed_for_those_who_take_that(rig: Rig) -> None:
    async with rig.client.get("/metrics", headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["Content-Encoding"] == "gzip"
        assert "synthetics_ready 1.0" in await answer.text()


def test_labels_are_escaped() -> None:
    assert escape('a"b\\c\nd') == r"a\"b\\c\nd"
