"""
Scrapes a second: ``/probe`` of ours beside blackbox_exporter's, the same module file and target.

Thirty-two connections each ask again as soon as they are answered.  The one that asks, the
target and the prober share the machine, so the CPU of the prober alone is printed beside it.
Names of metrics and the values that no clock has a hand in must be the same, or nothing is printed.

    python benchmarks/probe_endpoint.py [--rounds 3] [--seconds 5]
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
from dataclasses import dataclass
from pathlib import Path

import uvloop
from machinery import cpu_s, free_port, require, running, table, target, wait_for_http

CONNECTIONS = 32
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
class Pace:
    per_s: float
    cpu_us: float


def paces(
    command: tuple[str, ...], port: int, folder: Path, urls: list[str], seconds: float
) -> list[Pace]:
    """How fast *command* answers on *port*, for each of *urls*."""
    log = folder / "prober.log"
    with running(*command, log=log) as process:
        first = f"http://127.0.0.1:{port}/probe?module=web&target={urls[0]}"
        wait_for_http(first, process, log, within_s=30)
        found = []
        for url in urls:
            path = f"/probe?module=web&target={url}"
            same(port, path, folder / re.sub(r"\W", "", path))
            found.append(uvloop.run(ask(port, path, process.pid, seconds)))
    return found


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


async def ask(port: int, path: str, pid: int, seconds: float) -> Pace:
    """Keep all connections busy for a while."""
    request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()
    answered, until = 0, time.monotonic() + 1 + seconds

    async def one() -> None:
        nonlocal answered
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
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
    await asyncio.sleep(1)  # warm
    began, before, answered_before = time.monotonic(), cpu_s(pid), answered
    await asyncio.sleep(seconds)
    took_s, used_s, count = (
        time.monotonic() - began,
        cpu_s(pid) - before,
        answered - answered_before,
    )
    await asyncio.gather(*tasks)
    return Pace(count / took_s, used_s / count * 1e6)


def ours(folder: Path, modules: Path, urls: list[str], seconds: float) -> list[Pace]:
    folder.mkdir()
    (folder / "synthetics.yaml").write_text(
        "services: {shop: {}}\n"
        "probes: {one: {service: shop, every: 1h, tcp: {connect: '127.0.0.1:9'}}}\n"
    )
    port = free_port()
    words = (
        *("run", "--config", f"{folder}/synthetics.yaml", "--db", f"{folder}/synthetics.db"),
        *("--port", str(port), "--blackbox", str(modules)),
    )
    command = (sys.executable, "-P", "-m", "synthetics", *words)
    return paces(command, port, folder.parent, urls, seconds)


def theirs(folder: Path, modules: Path, urls: list[str], seconds: float) -> list[Pace]:
    port = free_port()
    command = (
        "prometheus-blackbox-exporter",
        f"--config.file={modules}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    return paces(command, port, folder, urls, seconds)


def main() -> None:
    parser = argparse.ArgumentParser(description="Scrapes a second beside blackbox_exporter.")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each, in turn")
    parser.add_argument("--seconds", type=float, default=5, help="length of one measurement")
    options = parser.parse_args()
    require("nginx", "prometheus-blackbox-exporter")

    rows = [
        ("/probe", "ratio", "aim", "synthetics", "blackbox", "CPU each", "rounds, ours / theirs")
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with target(folder) as (http, https, ca_file):
            modules = folder / "blackbox.yml"
            modules.write_text(MODULES.format(ca_file=ca_file))
            urls = [http, https]
            rounds = [
                (
                    ours(folder / f"o{turn}", modules, urls, options.seconds),
                    theirs(folder, modules, urls, options.seconds),
                )
                for turn in range(options.rounds)
            ]
    for number, (what, aim) in enumerate((("HTTP", f">= {AT_LEAST:.1f}x"), ("HTTPS", ""))):
        pairs = [(us[number], them[number]) for us, them in rounds]
        us, them = (
            statistics.median(one.per_s for one in side) for side in zip(*pairs, strict=True)
        )
        cpu = [statistics.median(one.cpu_us for one in side) for side in zip(*pairs, strict=True)]
        rows.append(
            (
                what,
                f"{us / them:.2f}x",
                aim,
                f"{us:.0f}/s",
                f"{them:.0f}/s",
                f"{cpu[0]:.0f}/{cpu[1]:.0f} us",
                ", ".join(f"{a.per_s:.0f}/{b.per_s:.0f}" for a, b in pairs),
            )
        )
    table(rows)


if __name__ == "__main__":
    main()
