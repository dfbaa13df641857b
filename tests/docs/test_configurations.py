"""Every configuration in a page is read by the real loader; one that it refuses misleads."""

from __future__ import annotations

import re
import textwrap
from pathlib import Path

import pytest
import yaml

from synthetics.config.load import load
from synthetics.config.problems import ConfigError, render
from synthetics.demo.configuration import configuration
from synthetics.kinds import probe_kinds, receiver_kinds
from tests.docs.support import Fence, fences
from tests.probes.orders import descriptor_set

PARTS = {
    "defaults": "defaults: {every: 1m, timeout: 10s}",
    "services": "services: {shop: {name: shop}}",
    "probes": (
        "probes:\n"
        "  shop-home: {service: shop, http: {get: 'https://shop.example/'}}\n"
        "  checkout: {service: shop, http: {get: 'https://shop.example/checkout'}}"
    ),
    "receivers": (
        "receivers:\n"
        "  oncall: {pagerduty: {routing_key: '${env:PAGERDUTY_KEY}'}}\n"
        "  team: {webhook: {url: 'https://chat.example/hook'}}"
    ),
    "people": "people: {aiko: {receivers: [oncall]}}",
    "hours": "hours: {office: {timezone: UTC, weekly: {mon-fri: 09:00-18:00}}}",
    "rotations": (
        "rotations:\n"
        "  checkout:\n"
        "    timezone: UTC\n"
        "    layers: [{people: [aiko], starts: 2026-11-02T09:00, every: 1w}]"
    ),
    "escalations": "escalations: {checkout: {steps: [{after: 10m, to: [team]}]}}",
}
"""What stands around a part of a configuration, where the part does not say it itself."""


def whole(text: str) -> str:
    """*text* as a configuration that stands alone: as it is, or as the part that it is."""
    keys = list(yaml.safe_load(text))
    if keys[0] in probe_kinds():
        text = "probes:\n  example:\n    service: shop\n" + textwrap.indent(text, " " * 4)
    elif keys[0] in receiver_kinds():
        text = "receivers:\n  example:\n" + textwrap.indent(text, " " * 4)
    said = yaml.safe_load(text)
    others = {key: part for key, part in PARTS.items() if key not in said}
    if "people" in said or "receivers" in said:
        for key in ("people", "rotations", "escalations"):  # they name those of the part
            others.pop(key, None)
    return "\n".join([text, *others.values()]) + "\n"


def environ(text: str) -> dict[str, str]:
    """A value for every variable that *text* refers to."""
    return {
        name: "https://proxy.example/hook" if name.endswith("URL") else "0123456789abcdef" * 2
        for name in re.findall(r"\$\{env:(\w+)\}", text)
    }


def refusal(text: str, folder: Path) -> str:
    """What the loader holds against *text*; empty if it takes it."""
    file = folder / "synthetics.yaml"
    secret = folder / "secret"
    secret.write_text("0123456789abcdef" * 2)
    for script in re.findall(r"\bscript: ([\w-]+\.py)$", text, re.MULTILINE):
        (folder / script).write_text("async def check(page, run): ...\n")
    for descriptor in re.findall(r"\bdescriptor: ([\w-]+\.binpb)$", text, re.MULTILINE):
        (folder / descriptor).write_bytes(descriptor_set())
    file.write_text(re.sub(r"\$\{file:[^}]*\}", f"${{file:{secret}}}", text), encoding="utf-8")
    try:
        load(file, environ=environ(text))
    except ConfigError as error:
        return render(error.problems)
    return ""


def of_another_program(fence: Fence) -> bool:
    """Whether the first line says that this is some other file, such as ``# prometheus.yml``."""
    name = re.match(r"# ([\w.-]+\.ya?ml)\n", fence.text)
    return name is not None and name[1] != "synthetics.yaml"


@pytest.mark.parametrize(
    "fence", [one for one in fences("yaml") if not of_another_program(one)], ids=str
)
def test_a_configuration_in_a_page_is_one(fence: Fence, tmp_path: Path) -> None:
    assert refusal(whole(fence.text), tmp_path) == ""


def test_the_demos_configuration_is_one(tmp_path: Path) -> None:
    assert refusal(configuration({}), tmp_path) == ""
