"""A server in a thread: what holds up whoever talks to it must not hold up itself."""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
from collections.abc import Iterator

from tests.probes.reached import Act

RESET = b"\1\0\0\0\0\0\0\0"
"""SO_LINGER, so that closing is a reset."""
_PATIENCE_S = 5


def reset(peer: socket.socket) -> None:
    """Break off."""
    peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)


def wait(peer: socket.socket) -> None:
    """Say nothing until whoever asked has gone."""
    while peer.recv(65536):
        pass


def _encrypted(
    peer: socket.socket, tls: ssl.SSLContext, stack: contextlib.ExitStack
) -> ssl.SSLSocket:
    """Who ends a handshake says why, and waits until that was heard: closing would be a reset."""
    below = stack.enter_context(peer.dup())
    below.settimeout(_PATIENCE_S)
    secure = tls.wrap_socket(peer, server_side=True, do_handshake_on_connect=False)
    stack.enter_context(secure)
    try:
        secure.do_handshake()
    except ssl.SSLError:
        below.shutdown(socket.SHUT_WR)
        wait(below)
        raise
    return secure


@contextlib.contextmanager
def alone(
    act: Act, *, tls: ssl.SSLContext | None = None, preface: Act | None = None
) -> Iterator[int]:
    """
    A server that does *act* with everyone who comes; gives its port.

    Args:
        act: Done in a thread; the connection is closed when it returns or fails.
        tls: How to encrypt, if it does.
        preface: Done before that.
    """
    peers: list[socket.socket] = []
    threads: list[threading.Thread] = []

    def talk(peer: socket.socket) -> None:
        with contextlib.suppress(OSError), contextlib.ExitStack() as stack:
            stack.enter_context(peer)
            peer.settimeout(_PATIENCE_S)
            if tls is None:
                act(peer)
            else:
                if preface is not None:
                    preface(peer)
                act(_encrypted(peer, tls, stack))

    def serve(server: socket.socket) -> None:
        while True:
            try:
                peer, _ = server.accept()
            except OSError:
                return
            peers.append(peer)
            threads.append(threading.Thread(target=talk, args=(peer,)))
            threads[-1].start()

    with socket.create_server(("127.0.0.1", 0), backlog=100) as server:
        threads.append(threading.Thread(target=serve, args=(server,)))
        threads[0].start()
        try:
            yield server.getsockname()[1]
        finally:
            server.shutdown(socket.SHUT_RDWR)
            threads[0].join()
            for peer in peers:
                with contextlib.suppress(OSError):
                    peer.shutdown(socket.SHUT_RDWR)
            for thread in threads[1:]:
                thread.join(_PATIENCE_S)
