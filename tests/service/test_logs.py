"""Log lines: fields, formats, and no secrets."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from probes.watch import Mask
from synthetics.service import logs


@pytest.fixture(autouse=True)
def _own_logging() -> Iterator[None]:
    """`logs.configure` is for the whole process; give pytest its own back."""
    root = logging.getLogger()
    before, level = root.handlers, root.level
    yield
    root.handlers = before
    root.setLevel(level)
    logging.captureWarnings(capture=False)


def said(log_format: str, *masks: Mask) -> str:
    stream = io.StringIO()
    masking = logs.configure(log_format, stream=stream)
    for mask in masks:
        masking.use(mask)
    logger = logging.getLogger("shop")
    try:
        int("hunter2hunter2")
    except ValueError:
        logger.exception(
            "could not 'do' it",
            extra={"action": "tried", "count": 3, "url": "a b\nc=hunter2hunter2"},
        )
    return stream.getvalue()


def test_text_is_one_line_of_fields_then_the_traceback() -> None:
    first, *traceback = said("text", Mask(["hunter2hunter2"])).splitlines()

    assert first.startswith("ts=")
    assert "level=error msg=\"could not 'do' it\" action=tried count=3" in first
    assert r'url="a b\nc=***"' in first
    assert first.endswith("logger=shop")
    assert traceback[-1] == "ValueError: invalid literal for int() with base 10: '***'"


def test_json_is_one_object_a_line() -> None:
    line = json.loads(said("json", Mask(["hunter2hunter2"])))

    assert line["level"] == "error"
    assert (line["action"], line["count"], line["url"]) == ("tried", 3, "a b\nc=***")
    assert line["traceback"].endswith("ValueError: invalid literal for int() with base 10: '***'")


@pytest.mark.parametrize("log_format", ["text", "json"])
def test_the_secrets_of_the_configuration_before_stay_hidden(log_format: str) -> None:
    """A run that began before a reload may still log what was replaced."""
    text = said(log_format, Mask(["hunter2hunter2"]), Mask(["another-secret"]))

    assert "hunter2" not in text
