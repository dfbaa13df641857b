"""Runs a script: Python in this process, with a page in its hands."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from types import CodeType
from typing import TYPE_CHECKING, Any

from playwright.async_api import Error
from playwright.async_api import TimeoutError as PlaywrightTimeout

from probes.browser_parts.course import Course
from probes.browser_parts.verdicts import failed_to_load
from probes.browser_parts.way import Way
from probes.browser_parts.written import Script
from probes.net.trip import Trouble
from probes.result import Outcome
from probes.url import to_show

if TYPE_CHECKING:
    from playwright.async_api import Page


class ScriptRun:
    """
    What a script gets beside the page.

    Attributes:
        values: What is written under `values`, secrets looked up.
    """

    def __init__(self, course: Course, values: Mapping[str, str]) -> None:
        self._course = course
        self.values = values

    def step(self, name: str) -> AbstractAsyncContextManager[None]:
        """``async with run.step("log in"):`` what is inside has a time and an outcome."""
        self._course.doing = f"in the step {name}"
        return self._course.step(name)


async def perform(script: Script, page: Page, run: ScriptRun) -> None:
    """
    Run ``check`` of *script*.

    Raises:
        Exception: Whatever it raises; `meaning` knows what it means.
    """
    space: dict[str, Any] = {"__name__": "synthetics_script", "__file__": script.path}
    exec(_compiled(script.source, script.path), space)  # noqa: S102  # the operator's own file
    await space["check"](page, run)


def meaning(error: Exception, path: str, page: Page, way: Way) -> Trouble:
    """What *error*, which a script has raised, says: of the page, or of the script itself."""
    if isinstance(error, Trouble):
        return error
    said = " ".join(str(error).split()[:40])
    if isinstance(error, AssertionError):
        return Trouble("assertion", said or _where(error, path))
    if isinstance(error, PlaywrightTimeout):
        return Trouble("element", said)
    if isinstance(error, Error):
        if "net::" in said:
            return failed_to_load(str(error), to_show(page.url), way)
        return Trouble("element", said)
    what = f"{type(error).__name__}: {said} ({_where(error, path)})"
    return Trouble("script-error", what, outcome=Outcome.VOID)


def _where(error: Exception, path: str) -> str:
    """The last line of the script itself that *error* came through."""
    trace, line = error.__traceback__, 0
    while trace is not None:
        if trace.tb_frame.f_code.co_filename == path:
            line = trace.tb_lineno
        trace = trace.tb_next
    return f"{path}, line {line}"


@lru_cache(maxsize=100)
def _compiled(source: str, path: str) -> CodeType:
    return compile(source, path, "exec", dont_inherit=True)
