"""
CPU of this process per probe, by `run()` of the kind ``http``, over loopback.

Every probe opens a connection, every TLS handshake is a full one, and the server
is another process.  Printed beside it: the floor, which is libcurl alone in a
loop that does nothing else, so that a busy machine can be told from a slow prober.

    python benchmarks/probe_cost.py [--probes 3000]
"""

from __future__ import annotations

import argparse
import asyncio
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pycurl
import uvloop
from pydantic import TypeAdapter

from probes import http
from probes.result import Outcome
from probes.watch import Shared, Watch
from synthetics.clock import SystemClock

TOGETHER = 8
ROUNDS = 3

SERVER = """
import asyncio, ssl, sys, trustme, uvloop
ANSWER = b"HTTP/1.1 200 OK\\r\\nContent-Length: 11\\r\\n\\r\\nhello world"
class Hello(asyncio.Protocol):
    def connection_made(self, transport): self.transport = transport
    def data_received(self, data): self.transport.write(ANSWER)
async def main():
    loop = asyncio.get_running_loop()
    authority = trustme.CA()
    authority.cert_pem.write_to_path(sys.argv[1])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    plain = await loop.create_server(Hello, "127.0.0.1", 0, backlog=1024)
    secure = await loop.create_server(Hello, "127.0.0.1", 0, backlog=1024, ssl=context)
    print(*(each.sockets[0].getsockname()[1] for each in (plain, secure)), flush=True)
    await asyncio.Event().wait()
uvloop.run(main())
"""


def floor(url: str, authority: str, probes: int) -> float:
    """Microseconds of CPU a transfer, by libcurl and nothing around it."""
    multi = pycurl.CurlMulti()

    def begin(easy: pycurl.Curl) -> None:
        easy.reset()
        for option, value in (
            (pycurl.URL, url),
            (pycurl.NOSIGNAL, 1),
            (pycurl.FRESH_CONNECT, 1),
            (pycurl.FORBID_REUSE, 1),
            (pycurl.SSL_SESSIONID_CACHE, 0),
            (pycurl.CAINFO, authority),
            (pycurl.WRITEFUNCTION, lambda _: None),
        ):
            easy.setopt(option, value)
        multi.add_handle(easy)

    for _ in range(TOGETHER):
        begin(pycurl.Curl())
    began, done, started = time.process_time(), 0, TOGETHER
    while done < probes:
        multi.perform()
        _, succeeded, failed = multi.info_read()
        assert not failed, failed
        for easy in succeeded:
            multi.remove_handle(easy)
            done += 1
            if started < probes:
                started += 1
                begin(easy)
        multi.select(1.0)
    return (time.process_time() - began) / probes * 1e6


async def cost(options: http.Options, probes: int) -> float:
    """Microseconds of CPU a probe, by `run()`."""
    shared, clock = Shared(), SystemClock()
    left = iter(range(probes))

    async def ask() -> None:
        for _ in left:
            result = await http.run(options, Watch(clock=clock, timeout_s=10, shared=shared))
            assert result.outcome is Outcome.GOOD, result

    began = time.process_time()
    await asyncio.gather(*(ask() for _ in range(TOGETHER)))
    spent = time.process_time() - began
    await shared.close()
    return spent / probes * 1e6


def main() -> None:
    """Print the best of some rounds, prober and floor in turns."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--probes", type=int, default=3000)
    probes = parser.parse_args().probes
    with tempfile.TemporaryDirectory() as folder:
        authority = Path(folder) / "ca.pem"
        command = [sys.executable, "-c", SERVER, str(authority)]
        server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        try:
            assert server.stdout is not None
            plain, secure = server.stdout.readline().split()
            print("CPU per probe, µs       prober   libcurl alone   ratio")
            for name, url, count in (
                ("HTTP", f"http://127.0.0.1:{plain}/", probes),
                ("HTTPS, full handshake", f"https://127.0.0.1:{secure}/", max(100, probes // 6)),
            ):
                written = {"get": url, "tls": {"ca": authority.read_text()}}
                options = TypeAdapter(http.Options).validate_python(written)
                ours = min(uvloop.run(cost(options, count)) for _ in range(ROUNDS))
                alone = min(floor(url, str(authority), count) for _ in range(ROUNDS))
                print(f"{name:22} {ours:7.0f} {alone:15.0f} {ours / alone:7.2f}")
        finally:
            server.terminate()
            server.wait()


if __name__ == "__main__":
    main()
