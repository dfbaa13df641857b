"""NATS and Mosquitto on loopback."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.tools import program


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@contextlib.contextmanager
def _running(command: Sequence[str], port: int) -> Iterator[int]:
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                assert process.poll() is None, f"{command[0]} has ended"
                with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                    break
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()


@contextlib.contextmanager
def nats_server(folder: Path, more: str = "") -> Iterator[int]:
    """A NATS server; *more* is put into its configuration."""
    port = free_port()
    file = folder / "nats.conf"
    file.write_text(f'listen: "127.0.0.1:{port}"\n{more}\n', encoding="utf-8")
    with _running([program("nats-server", "nats-server"), "-c", str(file)], port):
        yield port


@contextlib.contextmanager
def mosquitto(folder: Path, more: str = "allow_anonymous true") -> Iterator[int]:
    """An MQTT broker; *more* is put into its configuration."""
    port = free_port()
    file = folder / "mosquitto.conf"
    file.write_text(f"listener {port} 127.0.0.1\n{more}\n", encoding="utf-8")
    with _running([program("mosquitto", "mosquitto"), "-c", str(file)], port):
        yield port
