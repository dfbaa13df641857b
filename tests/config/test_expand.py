"""Environments laid over a document, and probes made of templates."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from synthetics.config.load import load, load_for_results
from synthetics.config.model import Config
from synthetics.config.problems import ConfigError, render
from tests.config.support import ENVIRON

SHOP = """
services: {shop: {owner: team-web, labels: {tier: critical}}}
defaults: {every: 1m}
probes:
  home:
    service: shop
    labels: {team: web}
    http: {get: https://shop.example/, expect: {status: [200, 302]}}
  cart: {service: shop, http: {get: https://shop.example/cart}}
slos:
  up: {service: shop, probes: [home], objective: 99.9%, window: 30d}
envs:
  staging:
    defaults: {every: 5m}
    probes:
      home: {http: {get: https://staging.example/, expect: {status: [200]}}, labels: {team: null}}
      cart: null
      new: {service: shop, tcp: {connect: "staging.example:443"}}
    slos: {up: {objective: 90%}}
  wrong:
    probes: {home: {evry: 5m}}
"""


def config(tmp_path: Path, text: str, env: str = "") -> Config:
    file = tmp_path / "synthetics.yaml"
    file.write_text(text)
    return load(file, environ=ENVIRON, env=env)


def refused(tmp_path: Path, text: str, env: str = "") -> str:
    with pytest.raises(ConfigError) as caught:
        config(tmp_path, text, env)
    return render(caught.value.problems).replace(str(tmp_path), "")


def test_without_an_environment_nothing_is_laid_over(tmp_path: Path) -> None:
    read = config(tmp_path, SHOP)

    assert list(read.probes) == ["home", "cart"]
    assert read.probes["home"].every == timedelta(minutes=1)
    assert (read.environment, read.environments) == ("", ("staging", "wrong"))


def test_groups_are_merged_null_deletes_and_the_rest_is_replaced(tmp_path: Path) -> None:
    read = config(tmp_path, SHOP, "staging")

    home = read.probes["home"]
    assert list(read.probes) == ["home", "new"]
    assert home.every == timedelta(minutes=5)
    assert str(home.options.get) == "https://staging.example/"
    assert home.options.expect.status.written == "200"
    assert home.labels == {}
    assert read.services["shop"].labels == {"tier": "critical"}
    assert read.slos["up"].objective * 100 == 90
    assert read.environment == "staging"


def test_a_null_that_deletes_nothing_is_most_likely_mistyped(tmp_path: Path) -> None:
    said = refused(tmp_path, SHOP.replace("cart: null", "crat: null"), "staging")

    assert "there is no `crat` here that `null` could delete" in said
    assert "did you mean `cart`?" in said


LAID_OVER = """
services: {shop: {}}
templates:
  page:
    probe: {service: shop, within: 2s, labels: {team: web}, http: {get: "https://shop.example/"}}
probes:
  home: {use: page, within: 1s, labels: {of: home}}
envs:
  bare: {probes: {home: {within: null, labels: {of: null, team: null}}}}
  written-out: {probes: {home: {use: null, service: shop, tcp: {connect: "shop.example:80"}}}}
  wrong: {probes: {home: {labels: {taem: null}}}}
"""


def test_what_an_environment_deletes_of_a_probe_its_template_does_not_bring_back(
    tmp_path: Path,
) -> None:
    home = config(tmp_path, LAID_OVER, "bare").probes["home"]

    assert (home.within, home.labels) == (None, {})
    assert config(tmp_path, LAID_OVER, "written-out").probes["home"].kind == "tcp"
    assert "`taem` here that `null` could delete" in refused(tmp_path, LAID_OVER, "wrong")


def test_a_mistake_in_an_environment_is_named_at_its_own_place(tmp_path: Path) -> None:
    assert refused(tmp_path, SHOP, "wrong").splitlines()[:2] == [
        "/synthetics.yaml:21:21: probes.home.evry: there is no key `evry` here",
        "       21 |     probes: {home: {evry: 5m}}",
    ]


@pytest.mark.parametrize(
    ("text", "env", "said"),
    [
        (SHOP, "stagin", ["envs: there is no environment `stagin`", "did you mean `staging`?"]),
        ("services: {}", "staging", ["no environment `staging`", "or leave --env out"]),
        (
            SHOP.replace("    slos: {up: {objective: 90%}}", "    envs: {more: {}}"),
            "staging",
            ["envs.staging.envs: an environment has no environments"],
        ),
    ],
)
def test_an_environment_that_cannot_be_taken(
    tmp_path: Path, text: str, env: str, said: list[str]
) -> None:
    message = refused(tmp_path, text, env)

    assert all(each in message for each in said)


def test_environments_come_from_any_file_of_a_directory_and_keep_its_name(tmp_path: Path) -> None:
    base, over = SHOP.split("envs:\n")
    (tmp_path / "base.yaml").write_text(base)
    (tmp_path / "over.yaml").write_text("envs:\n" + over.replace("90%", "90"))

    with pytest.raises(ConfigError) as caught:
        load(tmp_path, environ=ENVIRON, env="staging")

    (problem,) = caught.value.problems
    assert Path(problem.file).name == "over.yaml"
    assert problem.path == "slos.up.objective"


TEMPLATE = """
services: {{shop: {{}}}}
templates:
  page:
    parameters:
      path: {{}}
      status: {{default: 200}}
      token: {{default: "${{env:HOOK_TOKEN}}"}}
      team: {{default: web}}
    probe:
      service: shop
      every: 30s
      labels: {{"${{with:team}}-team": "yes", plain: "$${{with:path}}"}}
      http:
        get: https://shop.example${{with:path}}?team=${{with:team}}
        headers: {{X-Token: "${{with:token}}"}}
        expect: {{status: "${{with:status}}"}}
probes:
  home: {{use: page, with: {given}{more}}}
"""


def made(tmp_path: Path, given: str = "{path: /}", more: str = "") -> Any:
    return config(tmp_path, TEMPLATE.format(given=given, more=more)).probes["home"]


def test_a_probe_is_made_of_a_template_and_its_parameters(tmp_path: Path) -> None:
    home = made(tmp_path)

    assert home.options.get.render() == "https://shop.example/?team=web"
    assert home.options.expect.status.written == "200"
    assert home.options.headers["X-Token"].render() == ENVIRON["HOOK_TOKEN"]
    assert str(home.options.headers["X-Token"]) == "***"


def test_a_value_stays_what_it_is_and_keys_are_filled_too(tmp_path: Path) -> None:
    home = made(tmp_path, "{path: /cart, status: [200, 3xx], team: 7}")

    assert home.options.expect.status.written == "200, 3xx"
    assert home.options.get.render() == "https://shop.example/cart?team=7"
    assert home.labels == {"7-team": "yes", "plain": "${with:path}"}


def test_what_a_probe_says_besides_is_laid_over_its_template(tmp_path: Path) -> None:
    more = ", every: 5m, labels: {plain: null}, http: {expect: {within: 2s}}"
    home = made(tmp_path, more=more)

    assert home.every == timedelta(minutes=5)
    assert home.labels == {"web-team": "yes"}
    assert home.options.expect.within == timedelta(seconds=2)
    assert home.options.expect.status.written == "200"


def test_what_is_put_in_is_not_looked_through_again(tmp_path: Path) -> None:
    text = TEMPLATE.format(given='{path: "${with:team}"}', more="")

    assert "with:team" in refused(tmp_path, text)


def test_an_environment_may_change_what_a_template_is_given(tmp_path: Path) -> None:
    text = TEMPLATE.format(given="{path: /}", more="") + (
        "envs: {staging: {probes: {home: {with: {path: /staging}}}, "
        "templates: {page: {probe: {every: 10m}}}}}\n"
    )
    home = config(tmp_path, text, "staging").probes["home"]

    assert home.options.get.render() == "https://shop.example/staging?team=web"
    assert home.every == timedelta(minutes=10)


def test_a_template_that_nobody_uses_is_no_mistake(tmp_path: Path) -> None:
    text = TEMPLATE.format(given="{path: /}", more="").replace("use: page, with: {path: /}", "")

    assert "probes.home" in refused(tmp_path, text)
    assert "templates" not in refused(tmp_path, text)


def test_stored_results_are_counted_of_probes_of_templates_too(tmp_path: Path) -> None:
    file = tmp_path / "synthetics.yaml"
    file.write_text(TEMPLATE.format(given="{path: /}", more=""))

    read = load_for_results(file, environ={})

    assert (read.probes["home"].kind, read.probes["home"].every) == ("http", timedelta(seconds=30))


def test_ten_thousand_pages_of_one_template_are_read_in_seconds(tmp_path: Path) -> None:
    """They repeat what the template says more often than aliases may."""
    text = TEMPLATE.format(given="{path: /}", more="")
    text += "".join(f"  page{n}: {{use: page, with: {{path: /{n}}}}}\n" for n in range(10_000))

    began = time.process_time()
    read = config(tmp_path, text)

    assert len(read.probes) == 10_001
    assert time.process_time() - began < 20
