"""
Does a browser grow, and what does it cost?  So many steps, in runs of ten, on a page of loopback;
what is in memory is printed after each fifth of them: the browser with its driver, and this
process.  The CPU is that of all of these.

    python benchmarks/browser.py [--steps 200] [--executable chromium]
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import time
from collections.abc import Iterable
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


def cpu_s(pids: Iterable[int]) -> float:
    """What *pids* have used, with the processes that they started and that have ended."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(") ")[2].split()
        ticks += sum(map(int, fields[11:15]))
    return ticks / os.sysconf("SC_CLK_TCK")


def all_cpu_s(chromium: Chromium) -> float:
    return cpu_s(
        [os.getpid(), *(pid for one in chromium.all_running() for pid in one.group.memory())]
    )


def options(origin: str, executable: str | None) -> browser.Visit:
    adapter: TypeAdapter[browser.Visit] = TypeAdapter(browser.Options)
    add = {"fill": {"#q": "more"}, "click": "button", "expect": {"text": {"h1": "more"}}}
    steps = [{"name": f"{n}", **({"goto": origin} if n % 2 else add)} for n in range(1, 11)]
    written = {"sandbox": False, "steps": steps, "executable": executable}
    return adapter.validate_python(written)


async def main(steps: int, executable: str | None) -> None:
    app = web.Application()
    app.router.add_get("/", page)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    asked = options(f"http://127.0.0.1:{runner.addresses[0][1]}/", executable)
    shared, clock = Shared(), SystemClock()
    runs = steps // STEPS_A_RUN
    warm_up = await browser.run(asked, Watch(clock=clock, timeout_s=60, shared=shared))
    assert warm_up.outcome == "good", warm_up.detail
    chromium = await shared.get(Chromium, Chromium.start)
    began, used_s = time.monotonic(), all_cpu_s(chromium)
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
    used_s = all_cpu_s(chromium) - used_s
    print(
        f"{steps} steps in {took_s:.0f} s; a run of {STEPS_A_RUN} takes {took_s / runs:.2f} s, "
        f"and {used_s / runs:.2f} s of CPU"
    )
    await shared.close()
    await runner.cleanup()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--executable")
    args = parser.parse_args()
    asyncio.run(main(args.steps, args.executable))
