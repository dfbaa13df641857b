"""OpenSLO v1: what is written is read as the same, and what cannot be said is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetics.cli import main
from synthetics.config.load import load
from synthetics.config.model import Config
from synthetics.config.openslo.read import read_openslo
from synthetics.config.openslo.windows import CannotSay
from synthetics.config.openslo.write import write
from tests.config.support import ENVIRON

PROBES = """
probes:
  home: {service: shop, every: 1m, http: {get: "https://shop.example/"}}
  cart: {service: shop, every: 1m, http: {get: "https://shop.example/cart"}}
"""

windows = st.sampled_from(
    [
        *("7d", "30d", "12h", "90m", "36h"),
        "{calendar: day, timezone: UTC}",
        "{calendar: week, timezone: Europe/Berlin}",
        "{calendar: month, timezone: Asia/Tokyo}",
        "{calendar: quarter, timezone: UTC, starts: february}",
        "{calendar: half-year, timezone: UTC, starts: april}",
        "{calendar: year, timezone: America/New_York}",
        "{calendar: fiscal-year, timezone: Asia/Tokyo, starts: april}",
    ]
)
slis = st.sampled_from(
    ["availability", "{latency: {under: 500ms}}", "{latency: {at_most: 1500ms}}"]
)
policies = st.lists(
    st.tuples(
        st.sampled_from(["page", "ticket", "log"]),
        st.sampled_from(["1", "2.5", "6"]),
        st.sampled_from([("1h", "5m"), ("6h", "30m"), ("90m", "7m")]),
    ),
    max_size=3,
).map(
    lambda rows: ", ".join(
        f"{{name: t{number}, severity: {severity}, factor: {factor}, long: {long}, short: {short}}}"
        for number, (severity, factor, (long, short)) in enumerate(rows)
    )
)
objectives = st.sampled_from(["90%", "99.9%", "99.95%", "99.995%", "97.123456%"])


def loaded(folder: Path, text: str) -> Config:
    path = folder / "synthetics.yaml"
    path.write_text(text, "utf-8")
    return load(path, environ=ENVIRON)


@settings(max_examples=20, deadline=None)
@given(st.tuples(windows, slis, policies, objectives, st.sampled_from(["home", "home, cart"])))
def test_what_is_written_is_read_as_the_same(
    tmp_path_factory: pytest.TempPathFactory, said: tuple[str, str, str, str, str]
) -> None:
    window, sli, policy, objective, probes = said
    folder = tmp_path_factory.mktemp("openslo")
    ours = loaded(
        folder,
        f"""services:
  shop: {{name: 本店, owner: team-checkout, runbook: "https://wiki.example/shop"}}
{PROBES}
slos:
  promise:
    service: shop
    name: Checkout 動く
    probes: [{probes}]
    objective: {objective}
    window: {window}
    sli: {sli}
    alerting: {{tiers: [{policy}]}}
""",
    )

    found = read_openslo(write(ours))

    assert found.unsaid == []
    again = loaded(folder, found.yaml() + PROBES)
    assert again.services == ours.services
    one, other = ours.slos["promise"], again.slos["promise"]
    for part in ("id", "name", "service", "probes", "sli", "objective", "window", "tiers"):
        assert getattr(one, part) == getattr(other, part), part


def test_what_openslo_cannot_say_is_named_in_a_comment(tmp_path: Path) -> None:
    ours = loaded(
        tmp_path,
        f"""services: {{shop: {{}}}}
{PROBES}
slos:
  whole: {{service: shop, probes: [home], objective: 100%, window: 30d}}
  rounds:
    service: shop
    probes: [home, cart]
    objective: 99%
    window: 30d
    accounting: {{combine: all}}
  odd: {{service: shop, probes: [home], objective: 99%, window: 150s, alerting: {{tiers: []}}}}
  plain: {{service: shop, probes: [home], objective: 99%, window: 30d}}
""",
    )

    text = write(ours)

    assert "# SLO whole is left out: OpenSLO cannot say an objective of 100%." in text
    assert "# SLO rounds is left out: OpenSLO cannot say that rounds are counted." in text
    assert "# SLO odd is left out: OpenSLO cannot say a time of 150s" in text
    assert "# Cannot be said: `reset: evidence`." in text
    assert "# Cannot be said: `budget-exhausted`, a ticket." in text
    documents = [each for each in yaml.safe_load_all(text) if each]
    assert [each["metadata"]["name"] for each in documents if each["kind"] == "SLO"] == ["plain"]


# The shapes are those of the examples of github.com/OpenSLO/OpenSLO; the words are our own.
FOREIGN = """apiVersion: openslo/v1
kind: SLO
metadata:
  name: search-time
spec:
  service: web-shop
  indicator:
    metadata: {name: search-latency}
    spec:
      thresholdMetric:
        metricSource: {type: Prometheus, spec: {query: search_seconds}}
  timeWindow: [{duration: 2w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{op: lt, value: 500, target: 0.99}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: up}
spec:
  service: web-shop
  indicatorRef: up
  timeWindow: [{duration: 1d, isRolling: true}]
  budgetingMethod: Timeslices
  objectives: [{target: 0.99, timeSliceTarget: 0.9, timeSliceWindow: 1m}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: ours}
spec:
  service: web-shop
  description: Somebody can search.
  indicator:
    spec:
      ratioMetric:
        good: {metricSource: {type: synthetics, spec: {probes: [home]}}}
        total: {metricSource: {type: synthetics, spec: {probes: [home]}}}
  timeWindow: [{duration: 2w, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{displayName: good, targetPercent: 99.5}]
  alertPolicies: [{alertPolicyRef: elsewhere}]
---
apiVersion: openslo/v1
kind: AlertNotificationTarget
metadata: {name: chat}
spec: {target: slack}
---
apiVersion: openslo/v1alpha
kind: SLO
metadata: {name: old}
"""


def test_what_we_cannot_say_is_named_with_its_line() -> None:
    found = read_openslo(FOREIGN)

    assert found.slos == {
        "ours": {
            "service": "web-shop",
            "probes": ["home"],
            "objective": "99.5%",
            "window": "14d",
        }
    }
    assert found.services == {"web-shop": {}}
    assert [(each.line, each.what) for each in found.unsaid] == [
        (6, "the SLO search-time: a query to Prometheus; we ask by probes"),
        (20, "the SLO up: the budgeting method Timeslices"),
        (31, "`description` of SLO ours"),
        (40, "an alert of the SLO ours: the alert policy elsewhere is not in the file"),
        (42, "the target chat; write a receiver and a route for it"),
        (47, "a document of version openslo/v1alpha"),
    ]


def test_what_is_no_yaml_is_refused() -> None:
    with pytest.raises(CannotSay, match="no YAML"):
        read_openslo("{")


def test_from_the_command_line_and_back(tmp_path: Path) -> None:
    config, written, foreign = (
        tmp_path / f"{name}.yaml" for name in ("ours", "openslo", "foreign")
    )
    slos = "slos: {up: {service: shop, probes: [home], objective: 99.9%, window: 30d}}\n"
    config.write_text("services: {shop: {}}" + PROBES + slos, "utf-8")
    foreign.write_text(FOREIGN, "utf-8")
    runner = CliRunner()

    exported = runner.invoke(main, ["slo", "export", "--config", str(config)])
    written.write_text(exported.stdout, "utf-8")
    imported = runner.invoke(main, ["slo", "import", str(written)])
    refused = runner.invoke(main, ["slo", "import", str(foreign)])

    assert (exported.exit_code, imported.exit_code, refused.exit_code) == (0, 0, 1)
    assert yaml.safe_load(imported.stdout)["slos"]["up"]["objective"] == "99.9%"
    assert imported.stderr == ""
    assert f"{foreign}:20: left out: the SLO up: " in refused.stderr
