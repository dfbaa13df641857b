"""Serves an aiohttp application on 127.0.0.1 for as long as a block lasts."""

from __future__ import annotations

import errno
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web


def _listen(preferred_port: int) -> socket.socket:
    """A listening socket on the port that was asked for, or on a free one where that is taken."""
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        try:
            sock.bind(("127.0.0.1", preferred_port))
        except OSError as error:
            if error.errno not in {errno.EADDRINUSE, errno.EACCES}:
                raise
            sock.bind(("127.0.0.1", 0))
        sock.listen(128)
    except OSError:
        sock.close()
        raise
    return sock


@asynccontextmanager
async def serving(app: web.Application, *, port: int = 0) -> AsyncIterator[str]:
    """
    Serve *app* and give its address, such as ``http://127.0.0.1:18080``.

    Args:
        app: What to serve.
        port: The port to take if it is free; otherwise, and for 0, any free one.
    """
    sock = _listen(port)
    taken_port = sock.getsockname()[1]
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        await web.SockSite(runner, sock).start()
        yield f"http://127.0.0.1:{taken_port}"
    finally:
        await runner.cleanup()
        sock.close()
