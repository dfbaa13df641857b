"""BIND on loopback: over UDP, TCP, TLS and HTTPS, with zones of its own."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.tools import program

_CONFIGURATION = """
options {{
    directory "{folder}";
    pid-file none;
    session-keyfile none;
    recursion no;
    dnssec-validation no;
    listen-on port {dns} {{ 127.0.0.1; }};
    listen-on port {dot} tls own {{ 127.0.0.1; }};
    listen-on port {doh} tls own http default {{ 127.0.0.1; }};
    listen-on-v6 {{ none; }};
    max-udp-size 1232;
}};
tls own {{ cert-file "{folder}/cert.pem"; key-file "{folder}/key.pem"; }};
controls {{ }};
logging {{ category default {{ null; }}; }};
"""
_ZONE = 'zone "{name}" {{ type primary; file "{folder}/{name}.zone"; }};\n'


@dataclass(frozen=True)
class Named:
    """Ports of a name server on 127.0.0.1."""

    dns: int
    dot: int
    doh: int


@contextlib.contextmanager
def named(folder: Path, authority: trustme.CA, zones: Mapping[str, str]) -> Iterator[Named]:
    """A name server that is responsible for *zones*: by name, the text of the zone file."""
    ports = Named(*_free_ports(3))
    leaf = authority.issue_cert("127.0.0.1", "localhost")
    leaf.private_key_pem.write_to_path(folder / "key.pem")
    (folder / "cert.pem").write_bytes(b"".join(pem.bytes() for pem in leaf.cert_chain_pems))
    text = _CONFIGURATION.format(folder=folder, dns=ports.dns, dot=ports.dot, doh=ports.doh)
    for name, zone in zones.items():
        (folder / f"{name}.zone").write_text(zone, encoding="utf-8")
        text += _ZONE.format(name=name, folder=folder)
    (folder / "named.conf").write_text(text, encoding="utf-8")
    with subprocess.Popen(
        [program("named", "bind9"), "-f", "-n", "1", "-c", str(folder / "named.conf")],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            _wait_for(ports.doh, process)
            yield ports
        finally:
            process.terminate()


def _free_ports(count: int) -> list[int]:
    """Ports that are free for TCP; for UDP we trust to luck, as nobody else asks here."""
    with contextlib.ExitStack() as held:
        found = []
        for _ in range(count):
            one = held.enter_context(socket.socket())
            one.bind(("127.0.0.1", 0))
            found.append(one.getsockname()[1])
        return found


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    for _ in range(200):
        assert process.poll() is None, "named has ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise AssertionError("named does not listen")
