"""
A program that looks at one page with a browser, and says what came of it and how its pages were
locked in; tests run it as somebody else.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from pathlib import Path
from typing import Any

from aiohttp import web
from pydantic import TypeAdapter

from probes import browser
from probes.browser_parts.chromium import Chromium
from tests.probes.support import Asker, serving


async def look(sandbox: bool | None, times: int) -> dict[str, Any]:
    asker, locks = Asker(), []

    async def page(_: web.Request) -> web.Response:
        chromium = await asker.shared.get(Chromium, Chromium.start)
        for pid in (pid for one in chromium.all_running() for pid in one.group.memory()):
            if b"--type=renderer" in Path(f"/proc/{pid}/cmdline").read_bytes():
                status = dict(
                    line.partition(":")[::2]
                    for line in Path(f"/proc/{pid}/status").read_text("utf-8").splitlines()
                )
                own = len(status["NSpid"].split()) > 1
                locks.append({"filtered": status["Seccomp"].strip() == "2", "own_pids": own})
        return web.Response(text="<h1>fine", content_type="text/html")

    options: TypeAdapter[browser.Visit] = TypeAdapter(browser.Options)
    try:
        async with serving({"/": page}) as origin:
            written = {"sandbox": sandbox, "steps": [{"name": "home", "goto": f"{origin}/"}]}
            asked = options.validate_python(written)
            results = [await browser.run(asked, asker.watch(30)) for _ in range(times)]
    finally:
        await asker.shared.close()
    return {
        "outcomes": [str(result.outcome) for result in results],
        "reason": results[0].reason,
        "detail": results[0].detail,
        "locks": locks,
    }


if __name__ == "__main__":
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(message)s")
    print(json.dumps(asyncio.run(look(*json.loads(sys.argv[1])))))
