"""
Console examples that are marked ``tested`` are run, and print what the page says.

They run beside the demo's configuration and shop; ``tested, order step broken`` breaks it first.
``tested, with results`` runs beside the configuration and the results that the page shows before.
Timings and trace identifiers are another each time, and are not compared.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import sys
from pathlib import Path

import pytest

from synthetics.demo.configuration import SECRETS, SHOP, configuration
from synthetics.demo.loopback import serving
from synthetics.demo.shop import Shop
from tests.docs.support import Fence, fences, of_page


def steady(text: str) -> str:
    """*text* without what is another each time."""
    text = re.sub(r" *\b\d+(\.\d+)? ms\b", " 1 ms", text)
    return re.sub(r"\b[0-9a-f]{32}\b", "0" * 32, text)


def pattern(expected: str) -> str:
    """*expected* as a regular expression; ``…`` is any text, or any lines if it stands alone."""
    lines = [
        "(?:.*\n)*" if line.strip() == "…" else re.escape(line).replace("…", ".*") + r"[ ]*\n"
        for line in expected.splitlines()
    ]
    return "".join(lines)


def examples(text: str) -> list[tuple[str, str]]:
    """Each command of a console example with what it prints."""
    parts = re.split(r"^\$ (.*)\n", text, flags=re.MULTILINE)[1:]
    return list(zip(parts[::2], parts[1::2], strict=True))


def write_what_is_shown(fence: Fence, folder: Path) -> None:
    """What the page shows before *fence*: files by the name in their first line, and results."""
    for before in of_page(fence.page):
        if before.line < fence.line and before.language in {"yaml", "json"}:
            named = re.match(r"# ([\w.-]+)\n", before.text)
            name = "results.jsonl" if before.language == "json" else "synthetics.yaml"
            (folder / (named[1] if named else name)).write_text(before.text, "utf-8")


@pytest.mark.parametrize(
    "fence", [one for one in fences("console") if one.mark.startswith("tested")], ids=str
)
async def test_a_console_example_prints_what_the_page_says(fence: Fence, tmp_path: Path) -> None:
    works = fence.mark != "tested, order step broken"
    demo = Shop(password=SECRETS["SHOP_PASSWORD"], orders_work=works)
    async with serving(demo.app()) as shop:
        (tmp_path / "synthetics.yaml").write_text(configuration({SHOP: shop}), "utf-8")
        if fence.mark == "tested, with results":
            write_what_is_shown(fence, tmp_path)
        for command, expected in examples(fence.text):
            program, *words = shlex.split(command)
            assert program == "synthetics"
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-P", "-m", "synthetics", *words),
                cwd=tmp_path,
                env=os.environ | SECRETS,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.STDOUT,
            )
            raw, _ = await process.communicate()
            printed = steady(raw.decode().replace(shop, SHOP))

            assert re.fullmatch(pattern(steady(expected)), printed), f"$ {command}\n{printed}"
