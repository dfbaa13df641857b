"""One run's window: its pages, and what went wrong in them, bounded whatever they do."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.async_api import (
        BrowserContext,
        ConsoleMessage,
        Page,
        Request,
        Response,
        WebError,
    )

MOST_PAGES = 5
"""Windows that one run may have open; more are closed as they open."""

MOST_MESSAGES = 1000
"""Console messages, and answers, that are counted; a page that floods us is not listened to."""

_FAVICON = "/favicon.ico"
"""Asked for by the browser rather than by the page, and not each time; missing, it is no error."""

_KEPT = 20
_KEPT_ENTRIES = 500
_LINE = 300


@dataclass(frozen=True, slots=True)
class Entry:
    """A request of a page and what became of it: *response*, or *failure* in words."""

    request: Request
    response: Response | None
    failure: str


class Window:
    """
    Attributes:
        page: What the steps act on.
        console_errors: How many there were.
        failed_requests: How many there were.
        lines: The first of both in words, unmasked.
        entries: The first requests, in order of their ends.
        crashed: Whether a page has crashed.
        hangs: Whether it did not answer when it was looked at.
    """

    def __init__(self, context: BrowserContext, page: Page) -> None:
        self.context = context
        self.page = page
        self.console_errors = 0
        self.failed_requests = 0
        self.lines: list[str] = []
        self.entries: list[Entry] = []
        self.crashed = False
        self.hangs = False
        self._messages = self._answers = 0
        self._closing: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, context: BrowserContext) -> Window:
        """The first window in *context*."""
        page = await context.new_page()
        window = cls(context, page)
        page.on("crash", window._on_crash)
        context.on("page", window._on_page)
        context.on("console", window._on_console)
        context.on("weberror", window._on_error)
        context.on("requestfailed", window._on_failed)
        context.on("response", window._on_response)
        return window

    def shut(self) -> None:
        """Hear no more of it."""
        page, context = self.page, self.context
        page.remove_listener("crash", self._on_crash)
        context.remove_listener("page", self._on_page)
        self._shut_console()
        self._shut_network()
        self.entries.clear()

    @property
    def flooded(self) -> bool:
        """Whether it had more to say than was listened to."""
        return max(self._messages, self._answers) >= MOST_MESSAGES

    def _shut_console(self) -> None:
        if self._messages <= MOST_MESSAGES:
            self._messages = MOST_MESSAGES + 1
            self.context.remove_listener("console", self._on_console)
            self.context.remove_listener("weberror", self._on_error)

    def _shut_network(self) -> None:
        if self._answers <= MOST_MESSAGES:
            self._answers = MOST_MESSAGES + 1
            self.context.remove_listener("requestfailed", self._on_failed)
            self.context.remove_listener("response", self._on_response)

    def _on_crash(self, _: Page) -> None:
        self.crashed = True

    def _on_page(self, page: Page) -> None:
        if len(self.context.pages) > MOST_PAGES:
            task = asyncio.create_task(_close(page))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

    def _on_console(self, message: ConsoleMessage) -> None:
        self._heard()
        if message.type == "error" and not message.location["url"].endswith(_FAVICON):
            self.console_errors += 1
            self._note(f"console: {message.text[:_LINE]}")

    def _on_error(self, error: WebError) -> None:
        self._heard()
        self.console_errors += 1
        self._note(f"console: uncaught {str(error.error)[:_LINE]}")

    def _on_failed(self, request: Request) -> None:
        failure = request.failure or "failed"
        self._enter(Entry(request, None, failure))
        if failure != "net::ERR_ABORTED":  # given up by the page itself, or by going elsewhere
            self.failed_requests += 1
            self._note(f"request: {request.method} {request.url[:_LINE]} {failure}")

    def _on_response(self, response: Response) -> None:
        request = response.request
        self._enter(Entry(request, response, ""))
        if response.status >= 400 and not request.url.endswith(_FAVICON):
            self.failed_requests += 1
            self._note(f"request: {request.method} {request.url[:_LINE]} {response.status}")

    def _heard(self) -> None:
        """Count a message; the browser's driver sends none that nobody listens to."""
        if self._messages == MOST_MESSAGES:
            self._shut_console()
        else:
            self._messages += 1

    def _enter(self, entry: Entry) -> None:
        if self._answers == MOST_MESSAGES:
            self._shut_network()
        else:
            self._answers += 1
        if len(self.entries) < _KEPT_ENTRIES:
            self.entries.append(entry)

    def _note(self, line: str) -> None:
        if len(self.lines) < _KEPT:
            self.lines.append(" ".join(line.split()))


async def _close(page: Page) -> None:
    from playwright.async_api import Error

    with contextlib.suppress(Error):
        await page.close()


def har_entry(entry: Entry) -> dict[str, Any]:
    """*entry* as an HTTP archive has it: without bodies, and without cookies."""
    request, response = entry.request, entry.response
    timing = request.timing
    waited = max(0.0, timing["responseStart"] - timing["requestStart"])
    received = max(0.0, timing["responseEnd"] - timing["responseStart"])
    return {
        "startedDateTime": timing["startTime"],
        "time": waited + received,
        "request": {
            "method": request.method,
            "url": request.url,
            "httpVersion": "",
            "headers": _headers(request.headers),
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": -1,
        },
        "response": {
            "status": response.status if response else 0,
            "statusText": response.status_text if response else entry.failure,
            "httpVersion": "",
            "headers": _headers(response.headers) if response else [],
            "cookies": [],
            "content": {"size": -1, "mimeType": ""},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {"send": 0, "wait": waited, "receive": received},
    }


_NEVER_SHOWN = frozenset({"cookie", "set-cookie", "authorization", "proxy-authorization"})


def _headers(headers: dict[str, str]) -> list[dict[str, str]]:
    return [
        {"name": name, "value": "***" if name.lower() in _NEVER_SHOWN else value}
        for name, value in headers.items()
    ]
