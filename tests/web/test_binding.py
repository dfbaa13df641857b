"""Taking an address and a port."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator

import pytest

from synthetics.web.binding import bind

V4 = (socket.AF_INET, socket.SOCK_STREAM, 6, "", ("127.0.0.1", 0))
V6 = (socket.AF_INET6, socket.SOCK_STREAM, 6, "", ("::1", 0, 0, 0))


@contextlib.contextmanager
def bound(host: str, port: int = 0) -> Iterator[list[socket.socket]]:
    with contextlib.ExitStack() as stack:
        yield [stack.enter_context(each) for each in bind(host, port)]


def test_a_free_port_is_taken() -> None:
    with bound("127.0.0.1") as (one,):
        assert one.getsockname()[1] > 0


def test_a_name_with_two_addresses_gets_one_port(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: [V4, V6, V4])

    with bound("localhost") as sockets:
        assert [each.family for each in sockets] == [socket.AF_INET, socket.AF_INET6]
        assert len({each.getsockname()[1] for each in sockets}) == 1


def test_all_addresses_are_those_of_ipv4_too() -> None:
    with bound("::") as (one,):
        one.listen()
        socket.create_connection(("127.0.0.1", one.getsockname()[1])).close()


def test_a_port_where_somebody_listens_is_refused() -> None:
    with bound("127.0.0.1") as (one,):
        one.listen()
        with pytest.raises(OSError, match="in use"):
            bind("127.0.0.1", one.getsockname()[1])


def test_a_host_that_nobody_knows_is_refused() -> None:
    with pytest.raises(OSError, match=r"not known|resolution"):
        bind("nowhere.invalid", 0)
