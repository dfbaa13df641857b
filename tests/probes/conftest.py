"""What the tests of this room share."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable, Iterator

import pytest
import pytest_asyncio
import trustme
import uvloop

from tests.probes.databases import mariadb, postgresql
from tests.probes.support import Asker
from tests.tools import program


def pytest_asyncio_loop_factories(
    item: pytest.Item,
) -> dict[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Programs are run by the loop: that of `synthetics probe`, and that of the service."""
    both = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
    return both if item.path.name == "test_exec.py" else {"asyncio": both["asyncio"]}


@pytest.fixture
async def asker() -> AsyncIterator[Asker]:
    """A prober with an engine of its own."""
    it = Asker()
    yield it
    await it.shared.close()


@pytest_asyncio.fixture(scope="package", loop_scope="package")
async def browsing() -> AsyncIterator[Asker]:
    """One browser for all tests that do not need one of their own; it takes seconds to start."""
    program("chromium-headless-shell", "chromium-headless-shell")
    it = Asker()
    yield it
    await it.shared.close()


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """A certificate authority that nobody trusts unless told to."""
    return trustme.CA()


@pytest.fixture(scope="session")
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """What a server on loopback needs to speak TLS as ``localhost``."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1", "::1").configure_cert(context)
    return context


@pytest.fixture(scope="session")
def pem(authority: trustme.CA) -> str:
    """The authority's own certificate."""
    return authority.cert_pem.bytes().decode()


@pytest.fixture(scope="session")
def postgres_port(authority: trustme.CA) -> Iterator[int]:
    """PostgreSQL, as `databases` sets it up."""
    with postgresql(authority) as port:
        yield port


@pytest.fixture(scope="session")
def maria_port(authority: trustme.CA) -> Iterator[int]:
    """MariaDB, likewise."""
    with mariadb(authority) as port:
        yield port
