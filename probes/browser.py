"""Probe kind ``browser``: does a page work as its users see it?"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo

from probes.browser_parts.keep import Keep
from probes.browser_parts.written import (
    MEBIBYTE,
    MOST_STEPS,
    PATIENCE,
    Expect,
    ScriptFile,
    Step,
    Viewport,
    check_steps,
)
from probes.fields import Duration, FilledText, Refused, Size
from probes.result import Result
from probes.settings import exactly_one
from probes.watch import Watch

SUMMARY = "Steps in a real browser: pages, fields, clicks, and how soon there was something to see."
UNLOCKED = (
    "as root, Chromium has no sandbox, so a page that breaks out of it is root too; run as another "
    "user, or write `sandbox: false` if all pages are yours"
)
SOURCE = True
"""Whether it can be asked from an address of choice."""

_PROGRAMS = (
    "chromium-headless-shell", "chromium", "chromium-browser", "google-chrome-stable",
    "google-chrome",
)  # fmt: skip
"""The first one has the same engine without a browser around it, at less than half of the CPU."""


@dataclass(frozen=True, kw_only=True)
class Visit:
    """
    Attributes:
        steps: What to do, in order.
        script: A Python file to run instead.
        values: What the script may ask for by name; the place for its secrets.
        expect: What must hold of the whole run.
        patience: How long a step waits for what it acts on, and for what it expects.
        keep: Where screenshots and what was asked are kept when a run fails.
        viewport: Width and height of the window in pixels.
        locale: The language that pages are asked for, such as `ja-JP`.
        verify: Whether a certificate that cannot be verified is a failure.
        limit: Most bytes that one run may get.
        executable: The browser to use; a Chromium on `PATH` unless it is written.
        sandbox: Whether the browser locks its pages in: unless it is written it does, except as
            root, who has none. Without it, a page that breaks out of the browser has our rights.
        memory: Most memory of the browser; the page that takes most of it is ended.
    """

    __pydantic_config__ = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": exactly_one(("steps", "script"))}
    )

    steps: Annotated[
        tuple[Step, ...], Field(max_length=MOST_STEPS), AfterValidator(check_steps)
    ] = ()
    script: ScriptFile | None = None
    values: Mapping[str, FilledText] = field(default_factory=dict)
    expect: Expect = field(default_factory=Expect)
    patience: Duration = PATIENCE
    keep: Keep | None = None
    viewport: Viewport = (1280, 720)
    locale: Annotated[str, Field(pattern=r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")] | None = None
    verify: bool = True
    limit: Size = 64 * MEBIBYTE
    executable: str | None = None
    sandbox: bool | None = None
    memory: Size = 1024 * MEBIBYTE

    def __post_init__(self) -> None:
        if bool(self.steps) == (self.script is not None):
            what = "steps and script are two ways" if self.steps else "there is nothing to do"
            raise Refused(what, mend="write steps, or the script that does them")
        if self.values and self.script is None:
            raise Refused("only a script asks for values", mend="delete it", at=("values",))
        if self.keep is None:
            for index, step in enumerate(self.steps):
                if step.screenshot:
                    raise Refused(
                        "there is no folder to keep it in",
                        mend="write keep: {folder: …} beside the steps",
                        at=("steps", index, "screenshot"),
                    )
        if self.memory < 256 * MEBIBYTE:
            raise Refused("no page fits into less than 256MiB", mend="write more", at=("memory",))

    @property
    def locks(self) -> bool:
        """Whether its pages are locked in."""
        return os.geteuid() != 0 if self.sandbox is None else self.sandbox

    @property
    def caution(self) -> str:
        """What is allowed and should be known; empty if there is nothing."""
        return UNLOCKED if self.sandbox is None and not self.locks else ""

    @property
    def program(self) -> str | None:
        """Where the browser is; ``None`` if there is none."""
        names = (self.executable,) if self.executable is not None else _PROGRAMS
        return next((found for name in names if (found := shutil.which(name))), None)


def check_installed(options: Visit, info: ValidationInfo) -> Visit:
    """
    Refuse what this machine has no browser for, where it is about to be used.

    Raises:
        Refused: Playwright or a browser is missing.
    """
    if "show" not in (info.context or {}):
        return options
    if find_spec("playwright") is None:
        raise Refused(
            "the library Playwright is not installed", mend="pip install 'synthetics[browser]'"
        )
    if options.program is None:
        if options.executable is not None:
            mend = "name one that this user may run"
            raise Refused(
                f"there is no program `{options.executable}`", mend=mend, at=("executable",)
            )
        raise Refused(
            "there is no Chromium on this machine's PATH",
            mend=(
                "install it (Debian: apt-get install chromium-headless-shell), "
                "or write executable: /path/to/it"
            ),
        )
    return options


Options = Annotated[Visit, AfterValidator(check_installed)]


def host(options: Visit) -> str:
    """The host that is visited first, for limits by host; empty for a script."""
    goto = options.steps[0].goto if options.steps else None
    return "" if goto is None else urlsplit(goto.render()).hostname or ""


def steps(options: Visit) -> tuple[str, ...]:
    """What the steps are called, in order."""
    if options.script is not None:
        return options.script.steps
    return tuple(step.name for step in options.steps)


def cautions(options: Visit) -> Iterator[str]:
    """What is allowed and should be known, for ``synthetics check``."""
    if options.caution:
        yield options.caution


def kept(options: Visit, trace_id: str) -> Sequence[Path]:
    """Files that were kept of the run *trace_id*."""
    from probes.browser_parts.kept import of_run

    return of_run(options.keep, trace_id) if options.keep is not None else ()


async def run(options: Visit, watch: Watch) -> Result:
    """Do the steps in a window of their own, which keeps nothing for the next run."""
    # Playwright is an extra, and takes half a second that others need not wait for.
    module = await asyncio.to_thread(import_module, "probes.browser_parts.run")
    result: Result = await module.visit(options, watch)
    return result
