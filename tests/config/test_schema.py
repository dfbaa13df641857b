"""The schema that editors use and the loader judge alike, but for what a schema cannot say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from synthetics.config import written
from synthetics.config.files import read
from synthetics.config.nodes import bound_aliases, construct
from synthetics.config.schema import json_schema
from synthetics.config.syntax import Misread
from tests.config.support import samples

NO_DOCUMENT = "what is wrong stands in the text or the files, not in the data"
ELSEWHERE = "it refers to something that stands elsewhere, or compares two values"
SURROUNDINGS = "it depends on the environment, on files, or on what is captured"
LANGUAGE = "the value is of a small language of its own"

BEYOND_A_SCHEMA = {
    NO_DOCUMENT: {
        "alias-bomb",
        "alias-in-itself",
        "alias-of-nothing",
        "colon-in-text",
        "control-character",
        "duplicate-key",
        "empty",
        "key-not-text",
        "merge-key",
        "no-files",
        "not-a-mapping",
        "not-utf8",
        "one-probe-in-two-files",
        "one-setting-in-two-files",
        "reference-without-quotes",
        "tab",
        "tag",
        "too-deep",
        "two-documents",
        "unclosed-brace",
        "unclosed-quote",
        "uneven-indentation",
    },
    ELSEWHERE: {
        "calm-for-longer-than-is-counted",
        "common-tier-that-is-upside-down",
        "common-tier-that-never-fires",
        "confirmations-longer-than-interval",
        "default-tiers-that-never-fire",
        "default-timeout-longer-than-default-interval",
        "dependencies-in-a-circle",
        "depends-on-itself",
        "depends-on-what-never-alerts",
        "guard-in-an-slo",
        "invert-for-a-reason-that-there-is-not",
        "interval-shorter-than-default-timeout",
        "job-due-again-within-its-grace",
        "job-that-is-asked",
        "job-with-no-cron-expression",
        "jobs-with-one-address",
        "jobs-with-one-slug",
        "labels-that-no-probe-has",
        "composite-of-an-unknown-probe",
        "composite-of-a-heartbeat",
        "composite-with-an-interval",
        "latency-of-a-probe-without-within",
        "probe-made-of-itself",
        "latency-of-different-limits",
        "only-of-a-guard",
        "null-that-deletes-nothing",
        "only-of-unknown-hours",
        "slo-of-probes-of-different-hours",
        "source-of-a-program",
        "within-that-never-matters",
        "maintenance-that-ends-first",
        "more-guards-than-there-are",
        "escalation-out-of-order",
        "others-told-after-the-deadline",
        "override-that-ends-before-it-begins",
        "person-and-receiver-of-one-name",
        "budget-that-is-not-little",
        "captured-for-a-kind-of-one-step",
        "changes-forgotten-too-soon",
        "forecast-from-before-the-window",
        "forecast-from-too-few-samples",
        "rotation-of-nobody-known",
        "rounds-of-different-intervals",
        "route-of-unknown-hours",
        "secret-of-the-environment-stays-hidden",
        "short-window-not-shorter",
        "template-mistake-seen-by-many-probes",
        "template-parameters-that-do-not-fit",
        "template-that-is-none",
        "template-value-that-is-wrong",
        "template-value-within-a-text",
        "template-without-its-parameter",
        "tier-named-like-a-budget-alert",
        "tier-named-twice",
        "tier-that-holds-too-few-samples",
        "tier-that-never-fires",
        "timeout-longer-than-interval",
        "composite-made-of-itself",
        "composite-of-an-unknown-slo",
        "slices-shorter-than-interval",
        "slices-that-cut-rounds",
        "slices-that-fit-into-no-day",
        "step-of-no-journey",
        "step-that-is-not-there",
        "unknown-probe",
        "unknown-receiver",
        "unknown-service",
        "unknown-service-in-a-route",
        "window-shorter-than-interval",
    },
    SURROUNDINGS: {
        "capture-where-nothing-is-captured",
        "malformed-reference",
        "missing-secret",
        "missing-secret-file",
        "changes-token-too-short",
        "secret-too-short",
        "unknown-time-zone",
        "used-before-captured",
    },
    LANGUAGE: {
        "only-that-is-no-hours",
        "source-that-is-a-name",
        "finer-than-a-millisecond",
        "heartbeat-to-nowhere",
        "heartbeat-too-often",
        "instant-that-is-none",
        "json-path",
        "login-in-a-url",
        "more-than-ten-years",
        "network",
        "no-time-at-all",
        "regex",
        "retention-of-hours",
        "service-of-the-monitoring-itself",
        "too-often",
        "turns-that-are-too-short",
    },
}


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json_schema()


def document(sample: Path) -> dict[str, Any] | None:
    """The data of *sample*, all its files merged; ``None`` if it is no document."""
    files = read(sample)
    if files.root is None or files.problems:
        return None
    try:
        bound_aliases(files.root)
        data, misreads = construct(files.root)
    except Misread:
        return None
    return None if misreads else data


def test_it_is_a_schema_of_the_present_draft(schema: dict[str, Any]) -> None:
    Draft202012Validator.check_schema(schema)

    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"


@pytest.mark.parametrize("sample", samples("good"), ids=lambda path: path.stem)
def test_it_takes_what_the_loader_takes(sample: Path, schema: dict[str, Any]) -> None:
    errors = [error.message for error in Draft202012Validator(schema).iter_errors(document(sample))]

    assert errors == []


def test_it_refuses_what_the_loader_refuses_but_for_a_list(schema: dict[str, Any]) -> None:
    validator = Draft202012Validator(schema)
    documents = {sample.stem: document(sample) for sample in samples("bad")}

    missing = {name for name, data in documents.items() if data is None}
    accepted = {n for n, data in documents.items() if data is not None and validator.is_valid(data)}

    assert missing == BEYOND_A_SCHEMA[NO_DOCUMENT]
    assert accepted == set().union(
        *(names for why, names in BEYOND_A_SCHEMA.items() if why != NO_DOCUMENT)
    )


def groups(schema: Any) -> Iterator[dict[str, Any]]:
    """Every group of named keys in *schema*."""
    if isinstance(schema, dict):
        if "properties" in schema and "type" in schema:
            yield schema
        for part in schema.values():
            yield from groups(part)
    elif isinstance(schema, list):
        for part in schema:
            yield from groups(part)


def test_no_group_takes_other_keys_and_every_key_has_help(schema: dict[str, Any]) -> None:
    assert list(groups(schema))
    for group in groups(schema):
        assert group["additionalProperties"] is False, group["title"]
        for key, about in group["properties"].items():
            assert about.get("description"), f"{group['title']}.{key}"


def test_a_probe_has_exactly_one_kind(schema: dict[str, Any]) -> None:
    kinds = [only["required"] for only in schema["$defs"]["Probe"]["oneOf"]]

    assert ["http"] in kinds
    assert ["journey"] in kinds


def test_defaults_are_shown_as_they_would_be_written(schema: dict[str, Any]) -> None:
    keys = schema["$defs"]["Defaults"]["properties"]

    assert (keys["every"]["default"], keys["timeout"]["default"]) == ("1m", "10s")
    assert schema["$defs"]["Retention"]["properties"]["raw"]["default"] == "30d"
    assert schema["$defs"]["settings.Limits"]["properties"]["body"]["default"] == "1MiB"
    assert schema["$defs"]["CalendarWindow"]["properties"]["timezone"]["default"] == "UTC"


def test_no_definition_is_unused_or_missing(schema: dict[str, Any]) -> None:
    text = repr(schema)

    for name in schema["$defs"]:
        assert f"#/$defs/{name}'" in text


def test_settings_are_sections_of_the_document() -> None:
    """They are written down twice, so that no command waits for the types of all sections."""
    sections = {field.name: field for field in fields(written.Document)}

    for setting in fields(written.Settings):
        same = sections[setting.name]
        assert (setting.type, setting.default) == (same.type, same.default)
        assert setting.default_factory is same.default_factory
