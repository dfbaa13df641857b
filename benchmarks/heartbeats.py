"""
What a service takes in of jobs that report: a thousand a second on one core, and none lost.

    python -m benchmarks.heartbeats [--rate 1000] [--seconds 20] [--jobs 1000] [--fresh]

The service runs in a process of its own on one core.  Reports come at a fixed rate, whether it
keeps up or not, from this process on another core; with ``--fresh`` each brings a connection of
its own, as curl does.  At the end the service is killed with SIGKILL in the middle of it, and every
report that was answered with 200 is looked for in the database.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import resource
import signal
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

CONNECTIONS = 500


@dataclass
class Sent:
    """What was sent and how it was answered."""

    answered: set[tuple[str, str]] = field(default_factory=set)
    took_s: list[float] = field(default_factory=list)
    failed: Counter[str] = field(default_factory=Counter)
    late: int = 0


def uuid_of(number: int) -> str:
    return str(UUID(int=number + 1))


def configuration(jobs: int) -> str:
    probes = (
        f"  job-{number}: {{service: shop, heartbeat: "
        f"{{uuid: {uuid_of(number)}, every: 1m, grace: 30s, run: {{at_most: 20s}}}}}}"
        for number in range(jobs)
    )
    return "\n".join(["services: {shop: {}}", "probes:", *probes]) + "\n"


def cpu_s(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def exchange(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str) -> int:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
    head = await reader.readuntil(b"\r\n\r\n")
    size = int(re.search(rb"Content-Length: (\d+)", head)[1])  # type: ignore[index]  # always there
    await reader.readexactly(size)
    return int(head[9:12])


async def send(
    port: int, paths: asyncio.Queue[tuple[float, int, str]], sent: Sent, *, jobs: int, fresh: bool
) -> None:
    """Send what comes, over one connection or over one each."""
    reader = writer = None
    while True:
        due, number, rid = await paths.get()
        word, said = ("start", "/start") if number % 2 == 0 else ("success", "")
        path = f"/ping/{uuid_of(number // 2 % jobs)}{said}?rid={rid}"
        try:
            if writer is None or reader is None:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
            status = await exchange(reader, writer, path)
            sent.took_s.append(time.perf_counter() - due)
            if status == 200:
                sent.answered.add((rid, word))
            else:
                sent.failed[str(status)] += 1
            if fresh:
                writer.close()
                writer = None
        except (OSError, asyncio.IncompleteReadError) as error:
            sent.failed[type(error).__name__] += 1
            writer = None


async def load(port: int, args: argparse.Namespace, kill: int) -> Sent:
    """Send at the rate; kill the service a little before the end."""
    sent = Sent()
    paths: asyncio.Queue[tuple[float, int, str]] = asyncio.Queue()
    senders = [
        asyncio.create_task(send(port, paths, sent, jobs=args.jobs, fresh=args.fresh))
        for _ in range(CONNECTIONS)
    ]
    began = time.perf_counter()
    total = round(args.rate * args.seconds)
    rid = ""
    for number in range(total + args.rate // 2):
        due = began + number / args.rate
        pause_s = due - time.perf_counter()
        if pause_s > 0.001:
            await asyncio.sleep(pause_s)
        if number == total:
            args.cpu_s, args.answered = cpu_s(kill) - args.cpu_s, len(sent.answered)
            os.kill(kill, signal.SIGKILL)
        rid = rid if number % 2 else str(uuid4())
        paths.put_nowait((due, number, rid))
    await asyncio.sleep(1)
    for task in senders:
        task.cancel()
    await asyncio.gather(*senders, return_exceptions=True)
    return sent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=20)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--fresh", action="store_true", help="a connection for each report")
    args = parser.parse_args()
    cores = sorted(os.sched_getaffinity(0))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, max(soft, 4096)), hard))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "synthetics.yaml").write_text(configuration(args.jobs))
        os.sched_setaffinity(0, {cores[0]})  # which the service inherits
        service = subprocess.Popen(
            [sys.executable, "-P", "-m", "synthetics", "run", "--port", "0"],
            cwd=folder,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            assert service.stderr is not None
            port = 0
            for line in service.stderr:
                if found := re.search(r"url=http://127\.0\.0\.1:(\d+)", line):
                    port = int(found[1])
                if "msg=ready" in line:
                    break
            if not port:
                raise SystemExit("the service did not start")
            os.sched_setaffinity(0, set(cores[1:]) or set(cores))
            args.cpu_s = cpu_s(service.pid)
            sent = asyncio.run(load(port, args, service.pid))
        finally:
            service.kill()
            service.wait()
        with sqlite3.connect(folder / "synthetics.db") as database:
            stored = set(database.execute("SELECT rid, word FROM pings"))
    lost = sent.answered - stored
    took = sorted(sent.took_s)
    total = round(args.rate * args.seconds)
    share, each_us = args.cpu_s / args.seconds, args.cpu_s / args.answered * 1e6
    median_ms, p99_ms = statistics.median(took) * 1000, took[len(took) * 99 // 100] * 1000
    print(f"sent              {args.rate} a second for {args.seconds:g} s, {args.jobs} jobs")
    print(f"answered          {args.answered} of {total} when it was killed")
    print(f"answered with 200 {len(sent.answered)}, after {median_ms:.1f} ms, p99 {p99_ms:.1f} ms")
    print(f"not answered      {dict(sent.failed)}: since it was dead")
    print(f"CPU               {share:.0%} of one core, {each_us:.0f} µs a report")
    print(f"lost over kill -9 {len(lost)}")


if __name__ == "__main__":
    main()
