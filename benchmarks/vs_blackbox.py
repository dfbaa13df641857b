"""
CPU per probe beside blackbox_exporter: the same target, the same rate, rounds in turn.

HTTP and HTTPS, a TCP connection, a TLS handshake, and a question to a name server; and what of the
handshake is OpenSSL's and the kernel's alone.

Ours is the whole service, from the beat to the stored row.  Theirs is the exporter alone,
asked through its ``/probe``; what Prometheus would spend to store the answer is left out.

    python benchmarks/vs_blackbox.py [--rounds 2] [--seconds 10] [--scale 1]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import aiohttp
from machinery import (
    allow_many_files,
    cpu_s,
    free_port,
    name_server,
    require,
    running,
    service,
    stored,
    table,
    target,
    wait_for_http,
)

MODULES = """
modules:
  web:
    prober: http
    timeout: 5s
    http:
      valid_status_codes: [200]
      preferred_ip_protocol: ip4
      tls_config: {ca_file: CA_FILE}
  tcp: {prober: tcp, timeout: 5s}
  tls: {prober: tcp, timeout: 5s, tcp: {tls: true, tls_config: {ca_file: CA_FILE}}}
  dns: {prober: dns, timeout: 5s, dns: {query_name: www.shop.test, query_type: A}}
"""


@dataclass(frozen=True)
class Case:
    """
    One sort of probe.

    Attributes:
        kind: Ours, as written below a probe.
        module: Theirs.
        target: For theirs.
        probes: How many there are, each asked every second.
    """

    name: str
    kind: str
    module: str
    target: str
    probes: int
    at_most: float


def ours(case: Case, folder: Path, seconds: float) -> float:
    """Microseconds of CPU per stored sample."""
    lines = [
        "defaults: {every: 1s, timeout: 900ms}",
        "services: {shop: {name: shop}}",
        "probes:",
        *(f"  p{number}: {{service: shop, {case.kind}}}" for number in range(case.probes)),
    ]
    with service(folder, "\n".join(lines) + "\n") as (process, _, database):
        deadline = time.monotonic() + 30
        while stored(database) < 2 * case.probes:  # warm: every probe has run, twice on average
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit((folder / "run.log").read_text()[-2000:])
            time.sleep(0.1)
        before, rows_before = cpu_s(process.pid), stored(database)
        time.sleep(seconds)
        after, rows_after = cpu_s(process.pid), stored(database)
    return (after - before) / (rows_after - rows_before) * 1e6


def theirs(case: Case, ca_file: Path, folder: Path, seconds: float) -> float:
    """Microseconds of CPU per answered ``/probe``."""
    folder.mkdir()
    config, log = folder / "blackbox.yml", folder / "blackbox.log"
    config.write_text(MODULES.replace("CA_FILE", str(ca_file)))
    port = free_port()
    command = (
        "prometheus-blackbox-exporter",
        f"--config.file={config}",
        f"--web.listen-address=127.0.0.1:{port}",
    )
    with running(*command, log=log) as process:
        wait_for_http(f"http://127.0.0.1:{port}/-/healthy", process, log, within_s=10)
        url = f"http://127.0.0.1:{port}/probe?module={case.module}&target={case.target}"
        return asyncio.run(_scrape(url, process.pid, rate=case.probes, seconds=seconds))


def bare(case: Case, ca_file: Path, folder: Path, seconds: float) -> float:
    """Microseconds of CPU of a handshake with nothing around it."""
    script, log = Path(__file__).with_name("handshakes.py"), folder / f"bare-{time.time_ns()}.log"
    command = (sys.executable, str(script), case.target, str(ca_file), "--rate", str(case.probes))
    with running(*command, log=log) as process:
        time.sleep(3)  # warm
        before, done_before = cpu_s(process.pid), int(log.read_text().split()[-1])
        time.sleep(seconds)
        after, done_after = cpu_s(process.pid), int(log.read_text().split()[-1])
        if process.poll() is not None:
            raise SystemExit(log.read_text()[-2000:])
    return (after - before) / (done_after - done_before) * 1e6


async def _scrape(url: str, pid: int, *, rate: int, seconds: float) -> float:
    """Ask *rate* times a second over kept-alive connections, as Prometheus would."""
    answered = 0

    async with aiohttp.ClientSession() as session:

        async def ask() -> None:
            nonlocal answered
            async with session.get(url) as answer:
                if "probe_success 1\n" not in await answer.text():
                    raise SystemExit("blackbox_exporter did not reach the target")
                answered += 1

        async def stretch(length: float) -> None:
            began = time.monotonic()
            async with asyncio.TaskGroup() as group:
                for number in range(int(rate * length)):
                    await asyncio.sleep(began + number / rate - time.monotonic())
                    group.create_task(ask())

        await stretch(2)  # warm
        before, answered_before = cpu_s(pid), answered
        await stretch(seconds)
        return (cpu_s(pid) - before) / (answered - answered_before) * 1e6


def cases(http: str, https: str, ca_file: Path, dns: str) -> tuple[Case, ...]:
    ca = f"tls: {{ca: '${{file:{ca_file}}}'}}"
    ok = "expect: {status: 200}"
    plain, secure = (url.split("/")[2] for url in (http, https))
    www = f"dns: {{query: www.shop.test, type: A, servers: ['{dns}']}}"
    tls = f"tls: {{connect: '{secure}', ca: '${{file:{ca_file}}}'}}"
    return (
        Case("HTTP, new connection each", f"http: {{get: '{http}', {ok}}}", "web", http, 250, 0.40),
        Case(
            "HTTPS, full handshake each",
            *(f"http: {{get: '{https}', {ok}, {ca}}}", "web", https, 125, 0.85),
        ),
        Case("TCP, connect", f"tcp: {{connect: '{plain}'}}", "tcp", plain, 250, 0.50),
        Case("TLS, full handshake each", tls, "tls", secure, 124, 0.50),
        Case("DNS, one A by UDP", www, "dns", dns, 250, 0.50),
    )


def row(name: str, aim: str, pairs: Sequence[tuple[float, float]]) -> tuple[str, ...]:
    """A line of the table; *pairs* are microseconds, ours and theirs, of each round."""
    us, them = (statistics.median(side) for side in zip(*pairs, strict=True))
    rounds = ", ".join(f"{a:.0f}/{b:.0f}" for a, b in pairs)
    return name, f"{us / them:.2f}x", aim, f"{us:.0f} us", f"{them:.0f} us", rounds


def main() -> None:
    parser = argparse.ArgumentParser(description="CPU per probe beside blackbox_exporter.")
    parser.add_argument("--rounds", type=int, default=2, help="rounds of each, in turn")
    parser.add_argument("--seconds", type=float, default=10, help="length of one measurement")
    parser.add_argument(
        "--scale", type=float, default=1, help="share of the probes, on a busy machine"
    )
    options = parser.parse_args()
    require("nginx", "named", "prometheus-blackbox-exporter")
    allow_many_files()

    rows: list[tuple[str, ...]] = [
        ("CPU per probe", "ratio", "aim", "synthetics", "blackbox", "rounds, ours / theirs")
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with target(folder) as (http, https, ca_file), name_server(folder) as dns:
            for each in cases(http, https, ca_file, dns):
                case = replace(each, probes=round(each.probes * options.scale))
                pairs, alone = [], []
                for turn in range(options.rounds):
                    said = f"{case.module}-{case.probes}-{turn}"
                    us = ours(case, folder / f"ours-{said}", options.seconds)
                    them = theirs(case, ca_file, folder / f"theirs-{said}", options.seconds)
                    pairs.append((us, them))
                    if case.module == "tls":
                        alone.append((bare(case, ca_file, folder, options.seconds), them))
                rows.append(row(case.name, f"<= {case.at_most:.2f}x", pairs))
                if alone:
                    rows.append(row("  of which OpenSSL and kernel", "", alone))
    table(rows)


if __name__ == "__main__":
    main()
