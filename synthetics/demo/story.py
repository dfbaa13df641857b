"""The story that `synthetics demo` tells, as it happens."""

from __future__ import annotations

import asyncio
import shlex
import shutil
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path

from probes.result import Outcome
from synthetics.clock import millis
from synthetics.demo.child import ChildFailed, Service, service
from synthetics.demo.configuration import PAGERDUTY, SECRETS, SHOP, configuration
from synthetics.demo.loopback import serving
from synthetics.demo.month import Generation, ReportFailed, generating
from synthetics.demo.pagerduty import Event, PagerDuty
from synthetics.demo.paper import Paper
from synthetics.demo.samples import first_bad, of_probe
from synthetics.demo.shop import Shop
from synthetics.sample import Sample

LIMIT_S = 105.0
"""Within which everything has to have happened; with stopping, the demo ends within two minutes."""

INTERVAL_MS = 2_000
GOOD_FIRST = 5
STAYS_BROKEN_S = 4.0


def play(*, into: Path, keep: bool) -> int:
    """
    Tell the story on standard output.

    Args:
        into: Existing folder for the configuration, the databases and the report.
        keep: Stay up afterwards, until a signal.

    Returns:
        The exit code: 0 only if page and resolve arrived.
    """
    cells = min(max(shutil.get_terminal_size().columns, 60), 100) if sys.stdout.isatty() else 80
    paper = Paper(sys.stdout, cells=cells)
    story = _Story(paper, into)
    try:
        return asyncio.run(story.tell(keep=keep))
    except KeyboardInterrupt:
        code = 128 + signal.SIGINT
    except asyncio.CancelledError:
        code = 128 + signal.SIGTERM
    paper.line("\nstopped" if story.over else f"\nstopped; what there is so far is in {into}")
    return 0 if story.over else code


class _Story:
    def __init__(self, paper: Paper, into: Path) -> None:
        self._paper = paper
        self._database = into / "synthetics.db"
        self._into = into
        self._shop = Shop(password=SECRETS["SHOP_PASSWORD"])
        self._pagerduty = PagerDuty()
        self._awaited = ""
        self.over = False
        """Whether page and resolve arrived, and the report was shown."""

    async def tell(self, *, keep: bool) -> int:
        """All chapters; the exit code."""
        _stop_at_sigterm()
        async with (
            serving(self._shop.app(), port=_port(SHOP)) as shop,
            serving(self._pagerduty.app(), port=_port(PAGERDUTY)) as pagerduty,
            service(
                config=self._configuration(shop, pagerduty),
                database=self._database,
                log=self._into / "service.log",
                environ=SECRETS,
            ) as child,
        ):
            try:
                async with asyncio.timeout(LIMIT_S):
                    await self._begin(child, shop, pagerduty)
                    page = await self._break(child)
                    async with generating(self._into) as history:
                        await self._mend(child, page)
                        await self._report(history)
                if keep:
                    await self._stay(child, shop, pagerduty)
            except TimeoutError:
                return self._failed(child, f"waited for {self._awaited}, and it did not come")
            except (ChildFailed, ReportFailed) as error:
                return self._failed(child, str(error))
        return 0

    async def _begin(self, child: Service, shop: str, pagerduty: str) -> None:
        paper = self._paper
        paper.heading("A shop, its monitor and a pager, all on this machine")
        paper.row(_now(), "shop", f"{shop}/  home, login, cart, order")
        paper.row(_now(), "pager", f"{pagerduty}/  refuses what PagerDuty would refuse")
        self._awaited = "the service"
        await child.ready()
        paper.row(_now(), "service", f"{child.url}/  `synthetics run`, ready")
        self._awaited = "the first good samples"
        good = await self._sample(child, after_ms=0, wanted=_newest_of_enough)
        took_ms = good.result.duration_s * 1000
        words = f"{GOOD_FIRST} good samples of checkout; the last took {took_ms:.0f} ms"
        paper.row(_now(), "good", words, fg="green")

    async def _break(self, child: Service) -> Event:
        paper = self._paper
        paper.heading("The order step breaks")
        self._shop.orders_work = False
        broken_at = _now()
        paper.row(broken_at, "OUTAGE", "the shop answers every order with 500 now", fg="red")
        self._awaited = "the first bad sample"
        # One that was due just before may have met the broken step.
        due_after_ms = millis(broken_at) - INTERVAL_MS
        bad = await self._sample(child, after_ms=due_after_ms, wanted=first_bad)
        seen_at = _end(bad)
        words = f"first bad sample of checkout, {bad.result.detail or bad.result.reason}"
        paper.row(seen_at, "bad", f"{words} ({_gap(broken_at, seen_at)} later)", fg="yellow")
        self._awaited = "the page"
        page = await self._event(child, "trigger")
        words = f"the pager took it {_gap(broken_at, _at(page))} after the outage began"
        paper.row(_at(page), "PAGE", words, fg="red", bold=True)
        paper.heading("The page, in full")
        paper.card({**page.body, "routing_key": "***"})
        return page

    async def _mend(self, child: Service, page: Event) -> None:
        paper = self._paper
        await asyncio.sleep(STAYS_BROKEN_S)
        child.check()
        paper.heading("The order step is mended")
        self._shop.orders_work = True
        mended_at = _now()
        paper.row(mended_at, "mended", "the shop takes orders again", fg="green")
        self._awaited = f"the resolve of {page.dedup_key}"
        resolve = await self._event(child, "resolve", dedup_key=page.dedup_key)
        words = f"the pager took it {_gap(mended_at, _at(resolve))} later, under the same key"
        paper.row(_at(resolve), "RESOLVED", words, fg="green", bold=True)

    async def _report(self, history: Generation) -> None:
        paper = self._paper
        paper.heading("The report of a month: SIMULATED history")
        self._awaited = "the report"
        html = self._into / "report.html"
        for line in (await history.report(html)).splitlines():
            paper.line(line)
        paper.heading("The end")
        paper.line("Page and resolve arrived under one key.", fg="green", bold=True)
        paper.line(f"The same report as a page: {html}")
        paper.line(f"The configuration to read:  {self._into / 'synthetics.yaml'}")
        self.over = True

    async def _stay(self, child: Service, shop: str, pagerduty: str) -> None:
        paper = self._paper
        paper.heading("It stays up until Ctrl-C")
        paper.line(f"  {child.url}/  how everything stands")
        paper.line(f"  {shop}/  the shop, with a button that breaks it")
        paper.line(f"  {pagerduty}/  what PagerDuty was told")
        paper.line()
        paper.note("To ask it from another terminal:")
        paper.line()
        paper.line(f"  cd {shlex.quote(str(self._into))}")
        for name, value in SECRETS.items():
            paper.line(f"  export {name}={value}")
        paper.line("  synthetics status")
        await child.process.wait()
        child.check()

    async def _sample(
        self, child: Service, *, after_ms: int, wanted: Callable[[list[Sample]], Sample | None]
    ) -> Sample:
        """What *wanted* finds among the stored samples of checkout, once it is there."""
        while True:
            child.check()
            stored = await asyncio.to_thread(
                of_probe, self._database, "checkout", after_ms=after_ms
            )
            found = wanted(stored)
            if found is not None:
                return found
            await asyncio.sleep(0.1)

    async def _event(self, child: Service, action: str, *, dedup_key: str = "") -> Event:
        """What the stand-in accepted, once it is there; gives up when the service has ended."""
        while True:
            child.check()
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    return await self._pagerduty.wait_for(action, dedup_key=dedup_key)

    def _configuration(self, shop: str, pagerduty: str) -> Path:
        """The shipped file, with the addresses that were free."""
        path = self._into / "synthetics.yaml"
        path.write_text(configuration({SHOP: shop, PAGERDUTY: pagerduty}), "utf-8")
        return path

    def _failed(self, child: Service, why: str) -> int:
        paper = self._paper
        paper.line()
        paper.line(f"The demo failed: {why}.", fg="red", bold=True)
        for errors in self._pagerduty.refused:
            paper.line(f"  refused by the stand-in for PagerDuty: {'; '.join(errors)}")
        paper.line(f"The end of {child.log}:")
        for line in child.last_words():
            paper.line(f"  {line}")
        return 1


def _stop_at_sigterm() -> None:
    """SIGTERM ends the story as Ctrl-C does: in order."""
    task = asyncio.current_task()
    assert task is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)


def _newest_of_enough(samples: list[Sample]) -> Sample | None:
    good = [sample for sample in samples if sample.result.outcome is Outcome.GOOD]
    return good[-1] if len(good) >= GOOD_FIRST else None


def _end(sample: Sample) -> datetime:
    result = sample.result
    return (result.started_at + timedelta(seconds=result.duration_s)).astimezone()


def _now() -> datetime:
    return datetime.now().astimezone()


def _at(event: Event) -> datetime:
    return datetime.fromtimestamp(event.received_at).astimezone()


def _gap(earlier: datetime, later: datetime) -> str:
    return f"{(later - earlier).total_seconds():.1f} s"


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])
