"""blackbox_exporter beside us: the same modules, the same targets, the same moment."""

from __future__ import annotations

import asyncio
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import trustme

from tests.exporter.asker import Asker
from tests.exporter.support import Both, Targets
from tests.exporter.written import MODULES
from tests.probes.named import Named, named
from tests.tools import program

_ZONE = """\
$TTL 300
@     IN SOA  ns.shop.test. admin.shop.test. 2026112301 3600 600 86400 60
@     IN NS   ns
ns    IN A    192.0.2.53
www   IN A    192.0.2.1
www   IN A    192.0.2.2
"""


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    """Whom the modules trust."""
    return trustme.CA()


@pytest.fixture(scope="session")
def name_server(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Named]:
    """BIND with a zone of ours."""
    with named(tmp_path_factory.mktemp("named"), authority, {"shop.test": _ZONE}) as ports:
        yield ports


@pytest.fixture(scope="session")
def module_file(
    authority: trustme.CA, ports: dict[str, int], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The file that both read."""
    folder = tmp_path_factory.mktemp("modules")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    file = folder / "blackbox.yml"
    text = MODULES.replace("CA_FILE", str(folder / "ca.pem"))
    for word, port in ports.items():
        text = text.replace(word, str(port))
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture(scope="session")
def ports() -> dict[str, int]:
    """Where the proxy and the server of tokens listen that the modules name."""
    with socket.socket() as one, socket.socket() as other:
        for free in (one, other):
            free.bind(("127.0.0.1", 0))
        return {"PROXY_PORT": one.getsockname()[1], "TOKEN_PORT": other.getsockname()[1]}


@pytest.fixture(scope="session")
def exporter(module_file: Path) -> Iterator[str]:
    """Where Debian's blackbox_exporter answers."""
    found = program("prometheus-blackbox-exporter", "prometheus-blackbox-exporter")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    listen = f"--web.listen-address=127.0.0.1:{port}"
    with subprocess.Popen(
        [found, f"--config.file={module_file}", listen],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()


@pytest.fixture
async def targets(authority: trustme.CA) -> AsyncIterator[Targets]:
    """Servers on loopback, of every sort that the tests need."""
    trusted, stranger = (_tls(one) for one in (authority, trustme.CA()))
    async with Targets.started(trusted, stranger) as started:
        yield started


def _tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1", common_name="shop").configure_cert(context)
    return context


@pytest.fixture
async def both(exporter: str, module_file: Path) -> AsyncIterator[Both]:
    """Asks the two."""
    async with Both.started(exporter, module_file) as started:
        for _ in range(100):
            if await started.is_there():
                break
            await asyncio.sleep(0.05)
        yield started


@pytest.fixture
async def asker(tmp_path: Path) -> AsyncIterator[Asker]:
    """Asks by one module."""
    it = Asker(tmp_path)
    yield it
    await it.shared.close()


@pytest.fixture
def server_tls(authority: trustme.CA) -> ssl.SSLContext:
    """Of a server that modules can trust."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "127.0.0.1").configure_cert(context)
    return context
