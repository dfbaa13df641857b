"""
The thread that drives libcurl.

All transfers of a process run in one multi handle, moved by epoll in a thread
of its own: measured, that costs half of driving it from asyncio, because the
kernel's events meet C code without passing through an event loop.  Orders come
in through a queue and an eventfd; finished ones go back in batches, one wake-up
of the asyncio loop each, however many there are.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import select
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any

import pycurl

from probes.curl.handle import Transfer
from probes.curl.order import Answer, Order
from probes.curl.past import denied_past_proxy, unasked
from probes.watch import Watch

_WANTED = {
    pycurl.POLL_NONE: 0,
    pycurl.POLL_IN: select.EPOLLIN,
    pycurl.POLL_OUT: select.EPOLLOUT,
    pycurl.POLL_INOUT: select.EPOLLIN | select.EPOLLOUT,
}
_IDLE_HANDLES = 64
_COMPANY_S = 0.001
"""How long a finished transfer waits at most for others, while sockets are busy."""


class EngineStopped(RuntimeError):
    """The thread has ended, so nothing can be asked."""


def new_handle() -> Any:
    """An easy handle without options; its ``order`` is that which it is set up for."""
    easy = pycurl.Curl()
    easy.order = None
    return easy


class Engine:
    """
    Asks by libcurl; one for a process, got by `engine_of`.

    Args:
        loop: The loop that `Line.ask` is awaited on.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._multi = pycurl.CurlMulti()
        self._multi.setopt(pycurl.M_SOCKETFUNCTION, self._on_socket)
        self._multi.setopt(pycurl.M_TIMERFUNCTION, self._on_timer)
        self._epoll = select.epoll()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._epoll.register(self._wake, select.EPOLLIN)
        self._watched: set[int] = set()
        self._due: float | None = None
        self._inbox: deque[tuple[str, Any]] = deque()
        self._signal_due = False
        self._running: dict[Any, Transfer] = {}
        self._idle: dict[int, list[Any]] = {}
        self._idles = 0
        self._finished: list[Transfer] = []
        self._hand_back_by = 0.0
        self._stopped: BaseException | None = None
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._live, name="libcurl", daemon=True)
        self._thread.start()

    @classmethod
    async def start(cls) -> Engine:
        """An engine that answers on the running loop."""
        return cls(asyncio.get_running_loop())

    async def close(self) -> None:
        """Drop what is under way and end the thread."""
        self._tell("stop", None)
        await self._ended.wait()
        self._thread.join()
        self._epoll.close()
        os.close(self._wake)

    def line(self, *, keep: bool) -> Line:
        """Where orders of one run go; with *keep*, connections and names serve its later orders."""
        return Line(self, keep=keep)

    # What the asyncio side calls.

    def take_handle(self, order: Order | None) -> Any:
        """An easy handle that is set up for *order*, or without options where there is none."""
        kept = self._idle.get(id(order))
        if kept is None:
            if self._idles < _IDLE_HANDLES:
                return new_handle()
            kept = self._idle[next(iter(self._idle))]
        easy = kept.pop()
        self._idles -= 1
        if not kept:
            del self._idle[id(easy.order)]
        if easy.order is not order:
            easy.reset()
            easy.order = None
        return easy

    def give_back(self, easy: Any) -> None:
        """Keep *easy* for a later order, without its cookies; it must not be under way."""
        if self._idles < _IDLE_HANDLES:
            easy.setopt(pycurl.COOKIELIST, "ALL")
            if easy.order is None:
                easy.reset()
            self._idle.setdefault(id(easy.order), []).append(easy)
            self._idles += 1
        else:
            easy.close()

    def begin(self, transfer: Transfer) -> None:
        """Have *transfer* carried out; its future is done when it is."""
        if self._stopped is not None:
            raise EngineStopped("libcurl's thread has ended") from self._stopped
        self._tell("begin", transfer)

    def drop(self, transfer: Transfer) -> None:
        """Stop *transfer* and close its connection; its future is done when it is out."""
        self._tell("drop", transfer)

    def forget(self, *closable: Any) -> None:
        """Close handles and shares where their connections live."""
        self._tell("forget", closable)

    def _tell(self, what: str, about: object) -> None:
        """
        Order it; the thread is woken once for all that is ordered in this turn of the loop.

        Woken at the first order, it would fight for the GIL with whoever makes the others.
        """
        self._inbox.append((what, about))
        if not self._signal_due:
            self._signal_due = True
            self.loop.call_soon(self._signal)

    def _signal(self) -> None:
        self._signal_due = False
        if self._inbox and self._stopped is None:
            os.eventfd_write(self._wake, 1)

    def _deliver(self, finished: list[Transfer]) -> None:
        for transfer in finished:
            if not transfer.finished.done():
                transfer.finished.set_result(None)

    def _end(self, error: BaseException) -> None:
        self._stopped = error
        for transfer in list(self._running.values()):
            if not transfer.finished.done():
                transfer.finished.set_exception(EngineStopped("libcurl's thread has ended"))
        self._running.clear()
        self._ended.set()

    # What the thread does.

    def _live(self) -> None:
        error: BaseException = EngineStopped("closed")
        try:
            self._drive()
        except BaseException as caught:  # noqa: BLE001 - whatever ends the thread ends every wait
            error = caught
        for easy in self._running:
            self._multi.remove_handle(easy)
        self._multi.close()
        self._hand_back()
        self.loop.call_soon_threadsafe(self._end, error)

    def _drive(self) -> None:
        poll, multi, wake = self._epoll.poll, self._multi, self._wake
        readable, writable = select.EPOLLIN, select.EPOLLOUT
        sides = {readable: pycurl.CSELECT_IN, writable: pycurl.CSELECT_OUT}
        while True:
            rest = -1 if self._due is None else max(0.0, self._due - time.monotonic())
            events = poll(0 if self._finished else rest)
            if self._finished and (not events or time.monotonic() > self._hand_back_by):
                self._hand_back()
            for fd, seen in events:
                if fd == wake:
                    os.eventfd_read(wake)
                    continue
                side = sides.get(seen)
                if side is None:
                    side = (
                        (pycurl.CSELECT_IN if seen & readable else 0)
                        | (pycurl.CSELECT_OUT if seen & writable else 0)
                        | (pycurl.CSELECT_ERR if seen & (select.EPOLLERR | select.EPOLLHUP) else 0)
                    )
                multi.socket_action(fd, side)
            if not self._obey():
                return
            if self._due is not None and self._due <= time.monotonic():
                self._due = None
                multi.socket_action(pycurl.SOCKET_TIMEOUT, 0)
            if self._running:
                self._collect()

    def _obey(self) -> bool:
        """Carry out what was told; whether to go on."""
        dropped = []
        while self._inbox:
            what, about = self._inbox.popleft()
            if what == "begin":
                self._running[about.easy] = about
                self._multi.add_handle(about.easy)
            elif what == "drop":
                if self._running.pop(about.easy, None) is not None:
                    self._multi.remove_handle(about.easy)
                dropped.append(about)
            elif what == "forget":
                for closable in about:
                    closable.close()
            else:
                return False
        if dropped:
            self.loop.call_soon_threadsafe(self._deliver, dropped)
        return True

    def _collect(self) -> None:
        """Take what is finished; it waits a moment for what finishes in the same breath."""
        finished = self._finished
        held = bool(finished)
        while True:
            queued, succeeded, failed = self._multi.info_read()
            finished += [self._out(easy, 0, "") for easy in succeeded]
            finished += [self._out(easy, code, message) for easy, code, message in failed]
            if not queued:
                break
        if finished and not self._running:
            self._hand_back()
        elif finished and not held:
            self._hand_back_by = time.monotonic() + _COMPANY_S

    def _hand_back(self) -> None:
        self.loop.call_soon_threadsafe(self._deliver, self._finished)
        self._finished = []

    def _out(self, easy: Any, code: int, message: str) -> Transfer:
        transfer = self._running.pop(easy)
        transfer.failure, transfer.message = code, message
        self._multi.remove_handle(easy)
        return transfer

    def _on_timer(self, after_ms: int) -> None:
        self._due = None if after_ms < 0 else time.monotonic() + after_ms / 1000

    def _on_socket(self, what: int, fd: int, multi: object, data: object) -> None:  # noqa: ARG002
        if what == pycurl.POLL_REMOVE:
            if fd in self._watched:
                self._watched.discard(fd)
                with contextlib.suppress(OSError):  # closed already: epoll forgot it by itself
                    self._epoll.unregister(fd)
            return
        wanted = _WANTED[what]
        if fd in self._watched:
            try:
                self._epoll.modify(fd, wanted)
            except FileNotFoundError:  # closed and opened again under the same number
                self._epoll.register(fd, wanted)
        else:
            self._watched.add(fd)
            self._epoll.register(fd, wanted)


class Line:
    """
    Where the orders of one run go, one after the other.

    Without *keep* every order opens a connection and closes it, so nothing of
    one sample is left for another.  With it, connections, names and cookies
    last until the line is closed, and no longer.
    """

    def __init__(self, engine: Engine, *, keep: bool) -> None:
        self.keeps = keep
        self._engine = engine
        self._share: Any = None
        self._easy: Any = None
        self._lost = self._used = False
        if keep:
            self._easy = new_handle()
            self._share = pycurl.CurlShare()
            self._share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_CONNECT)
            self._share.setopt(pycurl.SH_SHARE, pycurl.LOCK_DATA_DNS)
            self._easy.setopt(pycurl.SHARE, self._share)

    async def ask(
        self,
        order: Order,
        also: Sequence[str],
        *,
        timeout_ms: int,
        permits: Callable[[str], bool],
        source: str = "",
    ) -> Answer:
        """
        Carry out *order*; the other arguments are those of `Transfer`.

        Raises:
            EngineStopped: The engine was closed meanwhile.
        """
        alone = self._share is None
        if self._easy is None:
            self._easy = self._engine.take_handle(None if also or source else order)
        elif self._used:
            self._easy.reset()
            self._easy.order = None
        self._used = True
        if order.proxy and (denied := denied_past_proxy(order, permits)):
            return unasked(denied)
        transfer = Transfer(
            self._easy,
            order,
            also,
            timeout_ms=timeout_ms,
            permits=permits,
            source=source,
            alone=alone,
            loop=self._engine.loop,
        )
        self._engine.begin(transfer)
        try:
            await transfer.finished
        except BaseException:
            self._lost = True
            self._engine.drop(transfer)
            raise
        return transfer.answer()

    def cookies(self) -> list[str]:
        """The cookie jar, one line of the Netscape format each."""
        jar: list[str] = self._easy.getinfo(pycurl.INFO_COOKIELIST)
        return jar

    def __enter__(self) -> Line:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._share is not None:
            self._engine.forget(self._easy, self._share)
        elif self._lost:
            self._engine.forget(self._easy)
        elif self._easy is not None:
            self._engine.give_back(self._easy)


async def engine_of(watch: Watch) -> Engine:
    """The engine of the process that *watch* runs in."""
    return await watch.shared.get(Engine, Engine.start)
