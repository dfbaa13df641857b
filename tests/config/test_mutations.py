"""A good file with anything anywhere in it is taken or refused, as the schema says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from synthetics.config.files import read
from synthetics.config.load import load
from synthetics.config.nodes import construct
from synthetics.config.problems import ConfigError, Problem, render
from synthetics.config.schema import json_schema
from tests.config.support import ENVIRON, SAMPLES

Path_ = tuple[str | int, ...]


def documents() -> list[dict[str, Any]]:
    found = []
    for name in ("everything.yaml", "design.yaml", "laid-over.yaml"):
        root = read(SAMPLES / "good" / name).root
        assert root is not None
        found.append(construct(root)[0])
    return found


def paths(data: Any, here: Path_ = ()) -> Iterator[Path_]:
    """Every place in *data*."""
    yield here
    if isinstance(data, dict | list):
        for key, value in data.items() if isinstance(data, dict) else enumerate(data):
            yield from paths(value, (*here, key))


def changed(data: Any, path: Path_, value: Any) -> Any:
    """A copy of *data* with *value* at *path*."""
    if not path:
        return value
    copy = data.copy()
    copy[path[0]] = changed(data[path[0]], path[1:], value)
    return copy


DOCUMENTS = documents()
PLACES = [(i, path) for i, data in enumerate(DOCUMENTS) for path in paths(data) if path]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 10**20),
    st.floats(-5, 5).map(lambda number: round(number, 3)),
    st.sampled_from(
        [
            "",
            " ",
            "30s",
            "0s",
            "99.9%",
            "0%",
            "64KiB",
            "page",
            "${env:HOOK_TOKEN}",
            "${x}",
            "https://a",
        ]
    ),
    st.text(st.characters(codec="utf-8", exclude_categories=["C"]), max_size=5),
    st.lists(st.sampled_from([1, "a", None, {}]), max_size=2),
    st.dictionaries(st.sampled_from(["a", "name", "latency", "get", "1"]), st.none(), max_size=2),
)


@cache
def validator() -> Draft202012Validator:
    return Draft202012Validator(json_schema())


@settings(
    derandomize=True,
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(place=st.integers(0, len(PLACES) - 1), value=VALUES)
def test_what_the_schema_refuses_the_loader_refuses_too(
    place: int, value: Any, tmp_path: Path
) -> None:
    number, path = PLACES[place]
    data = changed(DOCUMENTS[number], path, value)
    file = tmp_path / "synthetics.yaml"
    file.write_text(json.dumps(data, ensure_ascii=False, indent=1))
    (tmp_path / "routing-key").write_text(ENVIRON["ROUTING_KEY"])

    problems: tuple[Problem, ...] = ()
    try:
        for env in ("", *load(file, environ=ENVIRON).environments):
            load(file, environ=ENVIRON, env=env)
    except ConfigError as error:
        problems = error.problems

    assert problems or [error.message for error in validator().iter_errors(data)] == []
    assert all(problem.line and problem.what for problem in problems)
    assert "pa55-w0rd-token" not in render(problems)
