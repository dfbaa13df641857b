"""
``kill -9`` at random moments during outages and their ends, against real processes.

The service runs as it does for anybody: it asks a shop on the loopback and tells a receiver
there.  The shop breaks and is mended; meanwhile the service is killed, at a random time after
its start or at the very moment at which the receiver holds a message that nobody has recorded
yet, and started anew on the same database.  Then it is counted:

- every beginning and every end of an outage of every service reached the receiver,
- what came twice carried the same ``dedup_key``, and one outage had one key,
- nothing is owed or open once all is over, and ``PRAGMA integrity_check`` says ok after each kill.

The process is forked from one that has imported everything, so that a round takes a second or
two and not five; what is forked is the whole of ``synthetics run``.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import shutil
import signal
import sqlite3
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

from aiohttp import web

SERVICES = 4
PATIENCE_S = 60.0
"""For a transition to reach the receiver once nobody kills any more."""

ZYGOTE = """
import os, signal, sys
from synthetics.cli import main
from synthetics.config.load import load
import synthetics.service.service, synthetics.service.logs, synthetics.service.loop
from pathlib import Path
load(Path(sys.argv[1]), environ=os.environ)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
for _ in sys.stdin:
    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        log = os.open(sys.argv[3], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.dup2(log, 1), os.dup2(log, 2), os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        main(["run", "--config", sys.argv[1], "--db", sys.argv[2], "--port", "0"])
    print(pid, flush=True)
"""

PART = """
  shop-{n}: {{}}
"""
PROBE = """
  home-{n}: {{service: shop-{n}, http: {{get: "{url}/shop"}}}}
"""
SLO = """
  up-{n}:
    service: shop-{n}
    probes: [home-{n}]
    objective: 99%
    window: 1d
    alerting:
      reset: window
      tiers: [{{name: fast, severity: page, factor: 2, long: 1m, short: 2s}}]
"""
DOCUMENT = """
defaults: {{every: 1s, timeout: 800ms}}
services:{services}
probes:{probes}
slos:{slos}
receivers:
  oncall: {{webhook: {{url: "{url}/hook"}}}}
routes:
  - {{severity: page, to: [oncall]}}
incidents:
  reopen_within: 1s
  pages_per_hour: 1000
  flapping: {{times: 100, within: 1m, keep_open_for: 1s}}
"""


def configuration(url: str) -> str:
    """A configuration of services that all depend on one shop."""

    def each(part: str) -> str:
        return "".join(part.format(n=n, url=url).rstrip("\n") for n in range(SERVICES))

    return DOCUMENT.format(services=each(PART), probes=each(PROBE), slos=each(SLO), url=url)


@dataclass
class Heard:
    """A message as it came."""

    at: float
    id: str
    key: str
    event: str
    service: str


@dataclass
class World:
    """The shop and the receiver, and who is killed when a message comes."""

    dice: random.Random
    broken: bool = False
    victim: int | None = None
    heard: list[Heard] = field(default_factory=list)
    killed: asyncio.Event = field(default_factory=asyncio.Event)

    async def shop(self, _: web.Request) -> web.Response:
        return web.Response(status=500 if self.broken else 200)

    async def hook(self, request: web.Request) -> web.Response:
        body = await request.json()
        data = body["data"]
        self.heard.append(
            Heard(
                time.monotonic(),
                request.headers["webhook-id"],
                data["dedup_key"],
                body["type"].removeprefix("incident."),
                data["service"],
            )
        )
        if self.victim is not None:
            await asyncio.sleep(self.dice.choice((0, 0, 0.002, 0.01)))
            self.kill()
        # A far side that is busy or out of order now and then is the usual case.
        status = self.dice.choices((202, 500, 503), (90, 6, 4))[0]
        return web.Response(status=status, headers={"Retry-After": "1"} if status == 503 else {})

    def kill(self) -> None:
        """Kill the victim, if it still lives."""
        victim, self.victim = self.victim, None
        if victim is not None:
            os.kill(victim, signal.SIGKILL)
            self.killed.set()

    def missing(self, event: str, since: float) -> set[str]:
        """Services of which no *event* has come since."""
        came = {one.service for one in self.heard if one.event == event and one.at >= since}
        return {f"shop-{n}" for n in range(SERVICES)} - came


@dataclass
class Trial:
    """Everything about one run of so many rounds."""

    folder: Path
    rounds: int
    dice: random.Random
    world: World
    zygote: asyncio.subprocess.Process
    pid: int | None = None
    kills: Counter[str] = field(default_factory=Counter)
    outages: int = 0
    keys: list[dict[str, set[str]]] = field(default_factory=list)

    @property
    def database(self) -> Path:
        return self.folder / "synthetics.db"

    async def start(self) -> None:
        assert self.zygote.stdin is not None
        assert self.zygote.stdout is not None
        self.zygote.stdin.write(b"\n")
        self.pid = int(await self.zygote.stdout.readline())

    async def gone(self) -> None:
        """Wait until the process is no more, so that its lock and its files are free."""
        while self.pid is not None and Path(f"/proc/{self.pid}").exists():
            await asyncio.sleep(0.005)
        self.pid = None

    async def kill_once(self) -> None:
        """One round: kill, look into the file, start anew."""
        assert self.pid is not None
        self.world.killed.clear()
        if self.dice.random() < 0.4:
            self.world.victim = self.pid
            try:
                async with asyncio.timeout(3):
                    await self.world.killed.wait()
                self.kills["with a message in flight"] += 1
            except TimeoutError:
                self.world.victim = self.pid
                self.world.kill()
                self.kills["at a random time"] += 1
        else:
            await asyncio.sleep(self.dice.uniform(0.0, 2.5))
            os.kill(self.pid, signal.SIGKILL)
            self.kills["at a random time"] += 1
        await self.gone()
        check(self.database, self.folder)
        await self.start()

    async def phase(self, event: str) -> None:
        """The shop has just changed: kill some times, and then wait until it is told."""
        began = time.monotonic()
        for _ in range(min(self.dice.randint(2, 6), self.rounds - self.kills.total())):
            await self.kill_once()
        deadline = time.monotonic() + PATIENCE_S
        while missing := self.world.missing(event, began):
            if time.monotonic() > deadline:
                raise SystemExit(f"never {event}: {', '.join(sorted(missing))}")
            await asyncio.sleep(0.05)

    async def outage(self) -> None:
        self.outages += 1
        began = time.monotonic()
        self.world.broken = True
        await self.phase("triggered")
        self.world.broken = False
        await self.phase("resolved")
        keys: dict[str, set[str]] = defaultdict(set)
        for one in self.world.heard:
            if one.at >= began and one.event == "triggered":
                keys[one.service].add(one.key)
        self.keys.append(keys)
        await asyncio.sleep(1.5)

    async def drained(self) -> None:
        """Wait until nothing is owed, and nothing open."""
        deadline = time.monotonic() + PATIENCE_S
        while owed_and_open(self.database) != (0, 0):
            if time.monotonic() > deadline:
                raise SystemExit(f"stuck: owed and open {owed_and_open(self.database)}")
            await asyncio.sleep(0.1)

    async def run(self) -> None:
        await self.start()
        await asyncio.sleep(3)
        while self.kills.total() < self.rounds:
            await self.outage()
        await self.drained()
        assert self.pid is not None
        os.kill(self.pid, signal.SIGTERM)
        await self.gone()

    def verdict(self) -> str:
        """What was counted; raises `SystemExit` if it is not as promised."""
        heard = self.world.heard
        by_id: dict[str, set[str]] = defaultdict(set)
        for one in heard:
            by_id[one.id].add(one.key)
        torn = [name for name, keys in by_id.items() if len(keys) > 1]
        split = [keys for outage in self.keys for keys in outage.values() if len(keys) > 1]
        last = {one.key: one.event for one in heard}
        hanging = [key for key, event in last.items() if event != "resolved"]
        lost = [one for one in told(self.database) if one not in by_id]
        if torn or split or hanging or lost:
            raise SystemExit(f"doubles differ {torn}, split {split}, open {hanging}, lost {lost}")
        transitions = 2 * SERVICES * self.outages
        kills = ", ".join(f"{count} {how}" for how, count in self.kills.items())
        return (
            f"{self.kills.total()} kills: {kills}\n"
            f"{self.outages} outages of {SERVICES} services: {transitions} transitions, "
            f"0 not told\n"
            f"{len(heard)} messages came, {len(heard) - len(by_id)} of them again, "
            f"0 with another dedup_key\n"
            f"0 owed and 0 open at the end, integrity_check ok {self.kills.total() + 1} times"
        )


def check(database: Path, folder: Path) -> None:
    """``PRAGMA integrity_check`` of the file and its log as the killed process left them."""
    with tempfile.TemporaryDirectory(dir=folder) as copy:
        for part in folder.glob(database.name + "*"):
            if part.suffix in {".db", ".db-wal"}:
                shutil.copy(part, copy)
        if not Path(copy, database.name).exists():
            return
        with closing(sqlite3.connect(Path(copy, database.name))) as connection:
            (said,) = connection.execute("PRAGMA integrity_check").fetchone()
    if said != "ok":
        raise SystemExit(f"integrity_check: {said}")


def owed_and_open(database: Path) -> tuple[int, int]:
    """How many messages are owed, and how many incidents open."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        (owed,) = connection.execute(
            "SELECT count(*) FROM deliveries WHERE state = 'owed'"
        ).fetchone()
        (still,) = connection.execute(
            "SELECT count(*) FROM incidents WHERE closed_ms IS NULL"
        ).fetchone()
    return int(owed), int(still)


def told(database: Path) -> list[str]:
    """The ids of all messages that the database believes to be delivered."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        rows = connection.execute(
            "SELECT json_extract(message, '$.id') FROM deliveries WHERE state = 'delivered'"
        ).fetchall()
    return [row[0] for row in rows]


async def trial(rounds: int, seed: int) -> str:
    """Kill *rounds* times; what was counted."""
    dice = random.Random(seed)
    world = World(dice)
    app = web.Application()
    app.router.add_get("/shop", world.shop)
    app.router.add_post("/hook", world.hook)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    with tempfile.TemporaryDirectory(prefix="crashes-") as name:
        folder = Path(name)
        written = folder / "synthetics.yaml"
        written.write_text(configuration(url))
        zygote = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-c", ZYGOTE),
            *(str(written), str(folder / "synthetics.db"), str(folder / "log")),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        found = Trial(folder, rounds, dice, world, zygote)
        try:
            await found.run()
            check(found.database, folder)
            return found.verdict()
        except BaseException:
            log = folder / "log"
            tail = log.read_text().splitlines()[-25:] if log.exists() else []
            print("\n".join(tail), file=sys.stderr)
            raise
        finally:
            if found.pid is not None:
                os.kill(found.pid, signal.SIGKILL)
            zygote.kill()
            await zygote.wait()
            await runner.cleanup()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--rounds", type=int, default=50, help="how often to kill, 50")
    parser.add_argument("--seed", type=int, default=None, help="of the dice; random unless given")
    words = parser.parse_args()
    seed = random.SystemRandom().randrange(2**32) if words.seed is None else words.seed
    print(f"seed {seed}", flush=True)
    began = time.monotonic()
    print(asyncio.run(trial(words.rounds, seed)))
    print(f"{time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
