"""
Scrapes a second: ``/probe`` of ours beside blackbox_exporter's, the same module file and target.

Thirty-two connections each ask again as soon as they are answered.  The two take turns, a short
round each, so that what else the machine does falls on both.  The one that asks, the target and
the prober share the machine, so the CPU of the prober alone is printed beside it.
Names of metrics and the values that no clock has a hand in must be the same, or nothing is printed.

    python benchmarks/probe_endpoint.py [--rounds 8] [--seconds 2]
"""

from __future__ import annotations

import argparse
import asyncio
import re
import statistics
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import uvloop
from machinery import cpu_s, free_port, require, running, table, target, wait_for_http

CONNECTIONS = 32
_WARM_S = 0.5
AT_LEAST = 2.0
MODULES = """
modules:
  web:
    prober: http
    timeout: 5s
    http:
      valid_status_codes: [200]
      preferred_ip_protocol: ip4
      tls_config: {{ca_file: {ca_file}}}
"""
NEWER = ("probe_timeout_seconds", "probe_tls_cipher_info")
"""Metrics that Debian's version of the exporter has not got yet."""


@dataclass(frozen=True)
class Prober:
    port: int
    pid: int


@dataclass(frozen=True)
class Pace:
    per_s: float
    cpu_us: float


def same(port: int, path: str, seen: Path) -> None:
    """Stop unless the metrics are those that the other one gave for *path*."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=30) as answer:
        text = answer.read().decode()
    lines = [line for line in text.splitlines() if not line.startswith(("#", *NEWER))]
    timed = re.compile(r"((?:duration|lookup_time)_seconds(?:\{.*\})?) .*")
    plain = [re.sub(r'serialnumber="\w*",', "", timed.sub(r"\1", line)) for line in lines]
    values = {name: value for name, _, value in (line.rpartition(" ") for line in plain)}
    numbers = {
        name: float(value) if value[:1].isdigit() else value for name, value in values.items()
    }
    said = "\n".join(f"{name} {value}" for name, value in sorted(numbers.items()))
    if seen.exists() and seen.read_text() != said:
        sys.exit(f"the metrics differ:\n{seen.read_text()}\n\n{said}")
    seen.write_text(said)


async def ask(prober: Prober, path: str, seconds: float) -> Pace:
    """Keep all connections busy for a while."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    answered, until = 0, time.monotonic() + _WARM_S + seconds

    async def one() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", prober.port)
        while time.monotonic() < until:
            writer.write(request)
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"(?i)content-length: (\d+)", head)
            if length:
                body = await reader.readexactly(int(length[1]))
            else:
                body = b""
                while size := int(await reader.readline(), 16):
                    body += (await reader.readexactly(size + 2))[:-2]
                await reader.readline()
            if b"probe_success 1\n" not in body:
                raise SystemExit(f"the target was not reached:\n{body.decode()}")
            answered += 1
        writer.close()

    tasks = [asyncio.create_task(one()) for _ in range(CONNECTIONS)]
    await asyncio.sleep(_WARM_S)
    began, before, answered_before = time.monotonic(), cpu_s(prober.pid), answered
    await asyncio.sleep(seconds)
    took_s, used_s, count = (
        time.monotonic() - began,
        cpu_s(prober.pid) - before,
        answered - answered_before,
    )
    await asyncio.gather(*tasks)
    return Pace(count / took_s, used_s / count * 1e6)


@contextmanager
def listening(command: tuple[str, ...], port: int, first: str, log: Path) -> Iterator[Prober]:
    """A prober that answers on *port*, asked for *first* once."""
    with running(*command, log=log) as process:
        wait_for_http(f"http://127.0.0.1:{port}{first}", process, log, within_s=60)
        yield Prober(port, process.pid)


def ours(folder: Path, modules: Path, port: int) -> tuple[str, ...]:
    (folder / "synthetics.yaml").write_text(
        "services: {shop: {}}\n"
        "probes: {one: {service: shop, every: 1h, tcp: {connect: '127.0.0.1:9'}}}\n"
    )
    words = (
        *("run", "--config", f"{folder}/synthetics.yaml", "--db", f"{folder}/synthetics.db"),
        *("--port", str(port), "--blackbox", str(modules)),
    )
    return (sys.executable, "-P", "-m", "synthetics", *words)


def theirs(modules: Path, port: int) -> tuple[str, ...]:
    return (
        "prometheus-blackbox-exporter",
        f"--config.file={modules}",
        f"--web.listen-address=127.0.0.1:{port}",
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Scrapes a second beside blackbox_exporter.")
    parser.add_argument("--rounds", type=int, default=8, help="rounds of each, in turn")
    parser.add_argument("--seconds", type=float, default=2, help="length of one measurement")
    options = parser.parse_args()
    require("nginx", "prometheus-blackbox-exporter")

    rows = [("/probe", "ratio", "aim", "synthetics", "blackbox", "CPU each", "ratio of each round")]
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        http, https, ca_file = stack.enter_context(target(folder))
        modules = folder / "blackbox.yml"
        modules.write_text(MODULES.format(ca_file=ca_file))
        paths = [f"/probe?module=web&target={url}" for url in (http, https)]
        one, other = free_port(), free_port()
        probers = [
            stack.enter_context(listening(command, port, paths[0], folder / f"{port}.log"))
            for command, port in (
                (ours(folder, modules, one), one),
                (theirs(modules, other), other),
            )
        ]
        for what, path, aim in zip(("HTTP", "HTTPS"), paths, (AT_LEAST, None), strict=True):
            for prober in probers:
                same(prober.port, path, folder / f"seen-{what}")
            rounds = [
                tuple(uvloop.run(ask(prober, path, options.seconds)) for prober in probers)
                for _ in range(options.rounds)
            ]
            ratios = [us.per_s / them.per_s for us, them in rounds]
            per_s = [
                statistics.median(one.per_s for one in side) for side in zip(*rounds, strict=True)
            ]
            cpu = [
                statistics.median(one.cpu_us for one in side) for side in zip(*rounds, strict=True)
            ]
            rows.append(
                (
                    what,
                    f"{statistics.median(ratios):.2f}x",
                    f">= {aim:.1f}x" if aim else "",
                    f"{per_s[0]:.0f}/s",
                    f"{per_s[1]:.0f}/s",
                    f"{cpu[0]:.0f}/{cpu[1]:.0f} us",
                    ", ".join(f"{ratio:.2f}" for ratio in ratios),
                )
            )
    table(rows)


if __name__ == "__main__":
    main()
