"""Does what a step says, and waits for what it expects."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

from playwright.async_api import Error
from playwright.async_api import TimeoutError as PlaywrightTimeout

from probes.browser_parts.course import Course, Landing
from probes.browser_parts.verdicts import failed_to_load
from probes.browser_parts.way import Way
from probes.browser_parts.written import Step, StepExpect
from probes.expressions import CompiledPattern
from probes.failure import short
from probes.fields import Secret, Template
from probes.net.trip import Trouble, Unmet
from probes.result import Facts, Phases
from probes.url import to_show

if TYPE_CHECKING:
    from playwright.async_api import Locator, Page, Response

T = TypeVar("T")

_CONTAINS = """(element, wanted) => {
  const text = element.innerText.slice(0, 1e6).replace(/\\s+/g, ' ').trim();
  return [text.includes(wanted), text.slice(0, 200)];
}"""
_HOLDS = """(field, wanted) => {
  const value = String(field.value ?? '');
  return [value === wanted, value.slice(0, 200)];
}"""

_LOOKING_MS = 1000.0
_LOOK_S = 0.05
_MARGIN_S = 0.05
"""Before a limit, an element is given up, so that what is said names it."""


class Actor:
    """
    Args:
        page: What the steps act on.
        course: Keeps their time.
        way: How connections came about.
        patience_s: Longest to wait for an element, or for an expectation.

    Attributes:
        secret_fields: Where secrets were typed, which screenshots must not show.
    """

    def __init__(self, page: Page, course: Course, way: Way, patience_s: float) -> None:
        self._page = page
        self._course = course
        self._way = way
        self._patience_s = patience_s
        self.secret_fields: list[Locator] = []

    async def take(self, step: Step) -> None:
        """
        Do *step*.

        Raises:
            Trouble: It cannot be done, or an expectation does not come true.
            Error: The page or the browser is gone.
        """
        page = self._page
        if step.goto is not None:
            await self._goto(step.goto, step.until, step.expect)
        for selector, text in step.fill.items():
            where = page.locator(selector)
            if any(isinstance(part, Secret) for part in text.parts):
                self.secret_fields.append(where)
            await self._try(f"filling {selector}", partial(where.fill, text.render()))
        for selector, text in step.select.items():
            action = partial(page.locator(selector).select_option, text.render())
            await self._try(f"selecting in {selector}", action)
        for selector in step.click:
            await self._try(f"clicking {selector}", page.locator(selector).click)
        for selector, key in step.press.items():
            await self._press(selector, key)
        for selector in step.wait:
            await self._appear(selector)
        if step.expect is not None:
            await self._expect(step.expect)

    async def _goto(self, address: Template, until: str, expect: StepExpect | None) -> None:
        page, shown = self._page, to_show(str(address))
        self._course.doing = f"loading {shown}"
        try:
            answer = await page.goto(address.render(), wait_until=until, timeout=0)  # type: ignore[arg-type]  # a literal, as Playwright has it
        except Error as error:
            if is_gone(error):
                raise
            raise failed_to_load(str(error), shown, self._way) from None
        if answer is None:
            return
        self._course.landing = await _landed(answer, self._way)
        wanted = expect.status if expect is not None else None
        if wanted is not None and answer.status != wanted:
            raise Unmet("status", f"status {wanted}", str(answer.status))
        if wanted is None and answer.status >= 400:
            raise Unmet("status", "a status below 400", str(answer.status))

    async def _press(self, selector: str, key: str) -> None:
        if selector:
            where = self._page.locator(selector)
            await self._try(f"pressing {key} in {selector}", partial(where.press, key))
            return
        self._course.doing = f"pressing {key}"
        await self._page.keyboard.press(key)

    async def _try(self, doing: str, action: Callable[..., Awaitable[object]]) -> None:
        """Have *action* done, which waits by itself until its element lets it."""
        self._course.doing = doing
        wait_s = self._wait_s()
        try:
            await action(timeout=wait_s * 1000)
        except PlaywrightTimeout as error:
            why = _why(error)
            raise Trouble(
                "element", f"{doing}: not possible within {wait_s:.1f} s: {why}"
            ) from None
        except Error as error:
            if is_gone(error):
                raise
            raise Trouble("element", f"{doing}: {first_line(error)}") from None

    async def _appear(self, selector: str) -> None:
        where = self._page.locator(selector).first
        await self._try(f"waiting for {selector}", partial(where.wait_for, state="visible"))

    async def _expect(self, expect: StepExpect) -> None:
        page = self._page
        if expect.url is not None:
            await self._match("url", expect.url, _url_of(page))
        if expect.title is not None:
            await self._match("title", expect.title, page.title)
        for selector in expect.visible:
            await self._appear(selector)
        for selector in expect.hidden:
            await self._vanish(selector)
        for selector, text in expect.text:
            await self._contain(selector, text)
        for selector, value in expect.value.items():
            await self._hold(selector, value)

    async def _match(
        self, what: str, pattern: CompiledPattern, read: Callable[[], Awaitable[str]]
    ) -> None:
        self._course.doing = f"waiting for the {what} to match {pattern}"
        met, seen = await self._until(read, lambda text: pattern.find(text) is not None)
        if met:
            return
        if what == "url":
            raise Unmet("url", f"a URL with `{pattern}`", short(to_show(seen)))
        raise Unmet("title", f"a title with `{pattern}`", f"`{short(seen)}`")

    async def _vanish(self, selector: str) -> None:
        self._course.doing = f"waiting for {selector} to be hidden"
        shown = self._page.locator(selector).filter(visible=True)
        met, count = await self._until(shown.count, lambda number: number == 0)
        if not met:
            raise Unmet("hidden", f"{selector} hidden", f"{count} to be seen")

    async def _contain(self, selector: str, text: Template) -> None:
        self._course.doing = f"waiting for the text {text}"
        where, wanted = self._page.locator(selector).first, " ".join(text.render().split())
        met, seen = await self._until(
            lambda: _look(where, _CONTAINS, wanted), lambda found: found is not None and found[0]
        )
        if met:
            return
        place = "the page" if selector == "body" else selector
        actual = "no such element" if seen is None else f"`{short(seen[1])}`"
        raise Unmet("text", f"`{text}` in {place}", actual)

    async def _hold(self, selector: str, value: Template) -> None:
        self._course.doing = f"waiting for the value of {selector}"
        where, wanted = self._page.locator(selector).first, value.render()
        met, seen = await self._until(
            lambda: _look(where, _HOLDS, wanted), lambda found: found is not None and found[0]
        )
        if not met:
            actual = "no such field" if seen is None else f"`{short(seen[1])}`"
            raise Unmet("value", f"`{value}` in {selector}", actual)

    async def _until(
        self, read: Callable[[], Awaitable[T]], holds: Callable[[T], bool]
    ) -> tuple[bool, T]:
        """Whether it came true in time, and what was there at last."""
        loop = asyncio.get_running_loop()
        ends_at = loop.time() + self._wait_s()
        while True:
            seen = await self._read(read)
            if holds(seen):
                return True, seen
            if loop.time() >= ends_at:
                return False, seen
            await asyncio.sleep(_LOOK_S)

    async def _read(self, read: Callable[[], Awaitable[T]]) -> T:
        """Read it, again where the page went elsewhere meanwhile."""
        while True:
            try:
                return await read()
            except Error as error:
                if "context was destroyed" not in str(error) and "navigat" not in str(error):
                    raise
                await asyncio.sleep(_LOOK_S)

    def _wait_s(self) -> float:
        return max(0.001, min(self._patience_s, self._course.left_s() - _MARGIN_S))


async def _landed(answer: Response, way: Way) -> Landing:
    """What is known of the page that *answer* is."""
    host = urlsplit(answer.url).hostname or ""
    timing = answer.request.timing
    trip = way.trips.pop(host, None)
    own = trip.phases if trip is not None else Phases()
    expires_at = None
    if answer.url.startswith("https:"):
        security = await answer.security_details()
        until = security.get("validTo") if security else None
        expires_at = datetime.fromtimestamp(until, UTC) if until else None
    return Landing(
        phases=Phases(
            resolve_s=own.resolve_s,
            connect_s=own.connect_s,
            tls_s=_between(timing["secureConnectionStart"], timing["connectEnd"]),
            first_byte_s=_between(timing["requestStart"], timing["responseStart"]),
            transfer_s=_between(timing["responseStart"], timing["responseEnd"]),
        ),
        facts=Facts(
            status=answer.status,
            address=trip.address if trip is not None else None,
            certificate_expires_at=expires_at,
        ),
    )


def _between(start_ms: float, end_ms: float) -> float | None:
    return (end_ms - start_ms) / 1000 if 0 <= start_ms <= end_ms else None


def _url_of(page: Page) -> Callable[[], Awaitable[str]]:
    async def read() -> str:
        return page.url

    return read


async def _look(where: Locator, question: str, wanted: str) -> tuple[bool, str] | None:
    """
    Whether *where* has what is *wanted*, and the beginning of what it has; ``None``: not there.

    The page is asked, rather than its text taken, which may be of any length.
    """
    if not await where.count():
        return None
    try:
        found, seen = await where.evaluate(question, wanted, timeout=_LOOKING_MS)
    except PlaywrightTimeout:
        return None
    except (TypeError, ValueError):  # the page has changed what its JavaScript means
        return None
    return bool(found), str(seen)


def first_line(error: Error) -> str:
    """Playwright's own words, without the call that they begin with."""
    line = str(error).partition("\n")[0]
    return line.partition(": ")[2] or line


def is_gone(error: Error) -> bool:
    """Whether *error* says that there is no page any more."""
    said = str(error)
    return "crashed" in said or "has been closed" in said


def _why(error: Error) -> str:
    """The last that Playwright saw of the element, from the log in its error."""
    lines = [line.strip(" -") for line in str(error).splitlines()]
    told = [line for line in lines if line.startswith(("element ", "<", "locator resolved to "))]
    return told[-1] if told else "no such element"
