"""A RabbitMQ of our own on loopback, with everything that it writes in one folder."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.probes.brokers import free_port
from tests.tools import program

START_S = 60
"""It takes 6 s of a CPU, and longer where other tests run beside it."""

_SCRIPT = "/usr/lib/rabbitmq/bin/rabbitmq-server"
"""Debian's own in the path runs as root or as `rabbitmq` only, and in a folder of its own."""

_PAGE = Path(__file__).parents[2] / "docs/probes/amqp.md"


def _as_documented() -> dict[str, str]:
    """What a user needs to be permitted for a round trip, as the page tells."""
    [line] = re.findall("set_permissions(.*)", _PAGE.read_text(encoding="utf-8"))
    rights = re.findall("'(.*?)'", line)
    return dict(zip(("configure", "write", "read"), rights, strict=True))


@dataclass(frozen=True, slots=True)
class Rabbit:
    """Where it listens: *port* without TLS, *tls_port* with; *log* is what it says."""

    port: int
    tls_port: int
    log: Path


def _definitions() -> dict[str, object]:
    """Users who may do all, nothing, and what the page says; a virtual host that is for nobody."""
    rights = {"vhost": "/", "configure": ".*", "write": ".*", "read": ".*"}
    return {
        "vhosts": [{"name": "/"}, {"name": "closed"}],
        "users": [
            {"name": name, "password_hash": _hashed("open & sesame"), "tags": ""}
            for name in ("probe", "reader", "sender")
        ],
        "permissions": [
            rights | {"user": "probe"},
            rights | {"user": "reader", "configure": "^$", "write": "^$", "read": "^$"},
            rights | {"user": "sender"} | _as_documented(),
        ],
        "exchanges": [
            {"vhost": "/", "name": "events", "type": "topic", "durable": True,
             "auto_delete": False, "internal": False, "arguments": {}},
            {"vhost": "/", "name": "nobody", "type": "headers", "durable": True,
             "auto_delete": False, "internal": True, "arguments": {}},
        ],
        "queues": [
            {"vhost": "/", "name": "orders", "durable": True, "auto_delete": False,
             "arguments": {}},
        ],
    }  # fmt: skip


def _hashed(password: str) -> str:
    salt = b"salt"
    return base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()


def _written(folder: Path, authority: trustme.CA, port: int, tls_port: int) -> None:
    leaf = authority.issue_cert("127.0.0.1")
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    leaf.cert_chain_pems[0].write_to_path(folder / "cert.pem")
    authority.cert_pem.write_to_path(folder / "ca.pem")
    (folder / "definitions.json").write_text(json.dumps(_definitions()), encoding="utf-8")
    (folder / "plugins").write_text("[].", encoding="utf-8")
    (folder / "rabbitmq.conf").write_text(
        f"listeners.tcp.1 = 127.0.0.1:{port}\n"
        f"listeners.ssl.1 = 127.0.0.1:{tls_port}\n"
        f"ssl_options.cacertfile = {folder}/ca.pem\n"
        f"ssl_options.certfile = {folder}/cert.pem\n"
        f"ssl_options.keyfile = {folder}/key.pem\n"
        f"load_definitions = {folder}/definitions.json\n"
        "disk_free_limit.absolute = 1MB\n"
        "log.console = true\n"
        "log.console.level = warning\n"
        "log.file = false\n",
        encoding="utf-8",
    )


def _environment(folder: Path, names_port: int) -> Mapping[str, str]:
    return os.environ | {
        "HOME": str(folder),
        "ERL_EPMD_PORT": str(names_port),
        "ERL_EPMD_ADDRESS": "127.0.0.1",
        "RABBITMQ_NODENAME": "probe@localhost",
        "RABBITMQ_DIST_PORT": str(free_port()),
        "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
        "RABBITMQ_LOG_BASE": str(folder),
        "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
        "RABBITMQ_CONF_ENV_FILE": os.devnull,
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "plugins"),
        "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+sbwt none",
    }


@contextlib.contextmanager
def rabbitmq(folder: Path, authority: trustme.CA) -> Iterator[Rabbit]:
    """A broker with the names of Erlang's nodes kept by a daemon of its own."""
    program("rabbitmq-server", "rabbitmq-server")
    port, tls_port, names_port = free_port(), free_port(), free_port()
    _written(folder, authority, port, tls_port)
    names = ["epmd", "-port", str(names_port), "-address", "127.0.0.1"]
    log = folder / "said"
    with (
        log.open("wb") as said,
        _running(names, said.fileno(), os.environ),
        _running([_SCRIPT], said.fileno(), _environment(folder, names_port)) as process,
    ):
        until = time.monotonic() + START_S
        while not (_listens(port) and _listens(tls_port)):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        yield Rabbit(port, tls_port, log)


@contextlib.contextmanager
def _running(
    command: list[str], said: int, environment: Mapping[str, str]
) -> Iterator[subprocess.Popen[bytes]]:
    """The script has the broker for a child, so the group ends as one."""
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=said,
        stderr=said,
        env=environment,
        start_new_session=True,
    ) as process:
        try:
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


def _listens(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
        return True
    return False
