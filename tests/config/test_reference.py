"""The reference page says every key of the schema, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from synthetics.config.nodes import construct
from synthetics.config.reference import anchor, page
from synthetics.config.schema import OF_PARTS, json_schema
from synthetics.config.syntax import compose

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "configuration.md"
ROW = re.compile(
    r"^\| `(?P<key>[^`]+)` \| (?P<type>.+?) \| (?P<default>.*?) "
    r"\| `(?P<example>.+?)` \| (?P<words>.+) \|$"
)


@pytest.fixture(scope="module")
def schema() -> dict[str, Any]:
    return json_schema()


def rows(text: str) -> Iterator[re.Match[str]]:
    """Every row of a table of keys."""
    for line in text.splitlines():
        if line.startswith("| `"):
            row = ROW.match(line)
            assert row, line
            yield row


def groups(schema: dict[str, Any]) -> list[dict[str, Any]]:
    """The whole and every definition that has keys; what is laid over one repeats them."""
    wholes = [part for name, part in schema["$defs"].items() if not name.startswith(OF_PARTS)]
    return [part for part in (schema, *wholes) if "properties" in part]


def test_the_page_is_what_the_generator_makes() -> None:
    assert PAGE.read_text() == page()


def test_every_key_is_on_the_page_and_no_other(schema: dict[str, Any]) -> None:
    documented = sorted(row["key"] for row in rows(page()))

    assert documented == sorted(key for group in groups(schema) for key in group["properties"])


def test_every_link_has_its_heading() -> None:
    text = page()
    headings = {anchor(line.lstrip("# ")) for line in text.splitlines() if line.startswith("#")}

    for target in re.findall(r"\]\(#([^)]*)\)", text):
        assert target in headings


def test_every_example_is_taken_by_the_schema(schema: dict[str, Any]) -> None:
    """Each belongs to one of the groups that have such a key; the loader reads its YAML."""
    for row in rows(page()):
        data, misreads = construct(compose(row["example"].replace("\\|", "|"), "example"))
        assert misreads == []
        assert list(data) == [row["key"]]
        having = [group["properties"] for group in groups(schema)]
        candidates = [keys[row["key"]] for keys in having if row["key"] in keys]
        assert any(
            Draft202012Validator({**about, "$defs": schema["$defs"]}).is_valid(data[row["key"]])
            for about in candidates
        ), row["example"]
        assert "…" not in row["example"]
