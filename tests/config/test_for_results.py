"""What stored results are counted by is read where their probes could never run."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from synthetics.config.load import load, load_for_results
from synthetics.config.probes import PROBE_FRAME
from synthetics.config.problems import ConfigError
from synthetics.config.words import nearest
from synthetics.kinds import probe_kinds
from tests.config.support import ENVIRON, samples

ELSEWHERE = """\
services: {shop: {name: Shop}}
defaults: {every: 30s}
probes:
  login:
    service: shop
    journey:
      - {name: a, post: "https://shop.example/", form: {password: "${env:NOT_SET_HERE}"}}
  unknown: {service: shop, klingon: {warp: 9}, labels: {tier: critical}}
  wrong: {service: shop, every: 1m, http: {gett: 3}}
  empty: {service: shop}
slos:
  works: {service: shop, probes: [login, unknown], objective: 99.9%, window: 30d}
receivers:
  oncall: {pagerduty: {routing_key: "${file:/not/here}"}}
  far: {subspace: {}}
routes: [{severity: page, to: [oncall]}]
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "synthetics.yaml"
    path.write_text(text)
    return path


def test_secrets_may_be_missing_and_kinds_unknown(tmp_path: Path) -> None:
    path = written(tmp_path, ELSEWHERE)

    read = load_for_results(path, environ={})

    assert read.slos["works"].probes == ("login", "unknown")
    assert read.probes["unknown"].every == timedelta(seconds=30)
    assert [probe.kind for probe in read.probes.values()] == ["journey", "klingon", "http", ""]
    assert (read.receivers, read.routes) == ({}, ())
    with pytest.raises(ConfigError) as strict:
        load(path, environ={})
    assert len(strict.value.problems) > 4


@pytest.mark.parametrize("path", samples("good"), ids=lambda path: path.name)
def test_what_is_counted_is_the_same(path: Path) -> None:
    whole = load(path, environ=ENVIRON)
    read = load_for_results(path, environ={"SHOP_NAME": ENVIRON["SHOP_NAME"]})

    assert read.slos == whole.slos
    assert read.services == {
        name: replace(service, remediation=None) for name, service in whole.services.items()
    }
    assert read.maintenance == whole.maintenance
    assert read.location == whole.location
    assert read.probes == {
        name: replace(probe, options=None) for name, probe in whole.probes.items()
    }


@pytest.mark.parametrize(
    ("was", "becomes", "what"),
    [
        ("objective", "objectve", "there is no key `objectve` here"),
        ("probes: [login, ", "probes: [logn, ", "there is no probe `logn`"),
        ("slos:", "sols:", "there is no key `sols` here"),
        ("every: 1m", "evry: 1m", "there is no key `evry` here"),
        ("every: 1m", "every: 1", "1 has no unit"),
        ("30d", "a month", "`a month` is not a duration"),
    ],
)
def test_a_mistake_in_what_is_counted_is_still_one(
    tmp_path: Path, was: str, becomes: str, what: str
) -> None:
    path = written(tmp_path, ELSEWHERE.replace(was, becomes, 1))

    with pytest.raises(ConfigError) as refused:
        load_for_results(path, environ={})

    assert what in [problem.what for problem in refused.value.problems]


def test_what_was_not_looked_at_is_not_shown(tmp_path: Path) -> None:
    text = (
        "{services: {shop: {}}, probes: {a: {service: shop, klingon: [hush-hush]}}, "
        "receivers: {b: {subspace: hush-too}}, slos: {s: {}}}"
    )

    with pytest.raises(ConfigError) as refused:
        load_for_results(written(tmp_path, text), environ={})

    assert refused.value.problems
    assert "hush" not in "".join(str(problem) for problem in refused.value.problems)


def test_no_kind_that_is_installed_looks_like_a_key_of_every_probe() -> None:
    """Beside a second key it would be taken for a mistake."""
    assert [kind for kind in probe_kinds() if nearest(kind, PROBE_FRAME)] == []
