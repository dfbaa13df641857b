"""
Does a browser grow?  So many steps, in runs of ten, on a page of loopback; what is in memory is
printed after each fifth of them: the browser with its driver, and this process.

    python benchmarks/browser.py [--steps 200]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import time
from pathlib import Path

from aiohttp import web
from pydantic import TypeAdapter

from probes import browser
from probes.browser_parts.chromium import Chromium
from probes.watch import Shared, Watch
from synthetics.clock import SystemClock

STEPS_A_RUN = 10
PAGE = """<title>Shop</title><h1>Welcome</h1><ul></ul><input id=q><button>Add</button><script>
for (let i = 0; i < 500; i++) document.querySelector('ul').append(Object.assign(
  document.createElement('li'), {textContent: 'item ' + i}));
document.querySelector('button').onclick = () => document.querySelector('h1').textContent = q.value;
</script>"""


async def page(_: web.Request) -> web.Response:
    return web.Response(text=PAGE, content_type="text/html")


def mebibytes(size: int) -> str:
    return f"{size / 1024 / 1024:6.1f} MiB"


def ours() -> int:
    gc.collect()
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    [line] = [line for line in status.splitlines() if line.startswith("RssAnon:")]
    return int(line.split()[1]) * 1024


def options(origin: str) -> browser.Visit:
    adapter: TypeAdapter[browser.Visit] = TypeAdapter(browser.Options)
    add = {"fill": {"#q": "more"}, "click": "button", "expect": {"text": {"h1": "more"}}}
    steps = [{"name": f"{n}", **({"goto": origin} if n % 2 else add)} for n in range(1, 11)]
    return adapter.validate_python({"sandbox": False, "steps": steps})


async def main(steps: int) -> None:
    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    asked = options(f"http://127.0.0.1:{runner.addresses[0][1]}/")
    shared, clock = Shared(), SystemClock()
    runs = steps // STEPS_A_RUN
    warm_up = await browser.run(asked, Watch(clock=clock, timeout_s=60, shared=shared))
    assert warm_up.outcome == "good", warm_up.detail
    chromium = await shared.get(Chromium, Chromium.start)
    began = time.monotonic()
    print("steps   browser and driver   this process")
    for run in range(runs + 1):
        if run % max(1, runs // 5) == 0:
            await asyncio.sleep(1)
            theirs = sum(sum(one.group.memory().values()) for one in chromium.all_running())
            print(f"{run * STEPS_A_RUN:5}   {mebibytes(theirs):>18}   {mebibytes(ours()):>12}")
        if run < runs:
            result = await browser.run(asked, Watch(clock=clock, timeout_s=60, shared=shared))
            assert result.outcome == "good", result.detail
    took_s = time.monotonic() - began
    print(f"{steps} steps in {took_s:.0f} s, {took_s / runs:.2f} s a run of {STEPS_A_RUN}")
    await shared.close()
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=200)
    asyncio.run(main(parser.parse_args().steps))
