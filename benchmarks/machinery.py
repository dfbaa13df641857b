"""What the benchmarks share: processes that are ended again, their CPU time, and plain tables."""

from __future__ import annotations

import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import trustme

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PACKAGE_OF = {"nginx": "nginx-light", "named": "bind9"}
"""Debian packages that are not called as their program is."""


def require(*programs: str) -> None:
    """Stop with the Debian packages to install where one of *programs* is missing."""
    paths = [*os.environ.get("PATH", "").split(":"), "/usr/sbin", "/usr/local/sbin"]
    missing = [
        _PACKAGE_OF.get(program, program)
        for program in programs
        if not any(Path(folder, program).is_file() for folder in paths if folder)
    ]
    if missing:
        sys.exit(f"needed for this benchmark (Debian): apt-get install {' '.join(missing)}")
    os.environ["PATH"] = ":".join(paths)


def allow_many_files() -> None:
    """Raise the limit of open files as far as it goes; each probe is a connection."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def as_installed(folder: Path) -> None:
    """
    Let processes that begin from here on find their modules compiled, as pip leaves them.

    Where ``PYTHONDONTWRITEBYTECODE`` is set, each of them compiles a checkout anew, and that is a
    fifth of what a short command costs.

    Args:
        folder: Where the compiled modules are kept meanwhile.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder)


def cpu_s(pid: int) -> float:
    """CPU seconds, user and system, that process *pid* has used, its threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def memory_mb(pid: int) -> tuple[float, float]:
    """Resident memory of process *pid* now and at its highest, in MB."""
    found = {}
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        name, _, value = line.partition(":")
        if name in {"VmRSS", "VmHWM"}:
            found[name] = int(value.split()[0]) * 1024 / 1e6
    return found["VmRSS"], found["VmHWM"]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        port: int = sock.getsockname()[1]
        return port


@contextmanager
def running(*command: str, log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run *command* for the block, then end it by its id; its output goes to *log*."""
    with log.open("ab") as sink:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink, start_new_session=True
        )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for_http(
    url: str, process: subprocess.Popen[bytes], log: Path, *, within_s: float
) -> None:
    """Return once *url* answers 200; stop with the end of *log* where it never does."""
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if answer.status == 200:
                    return
        except OSError:
            time.sleep(0.05)
    tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
    sys.exit(f"{process.args!r} never answered at {url}\n{tail}")


@contextmanager
def target(folder: Path) -> Iterator[tuple[str, str, Path]]:
    """
    An nginx of our own on loopback: its HTTP address, its HTTPS address, and the CA to trust.

    TLS sessions are never resumed, so every connection is a full handshake for everybody.
    """
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    ca_file = folder / "ca.pem"
    authority.cert_pem.write_to_path(str(ca_file))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    http, https = free_port(), free_port()
    config = folder / "nginx.conf"
    config.write_text(f"""
        daemon off; master_process off; worker_processes 1;
        pid {folder}/nginx.pid; error_log {folder}/nginx-error.log;
        worker_rlimit_nofile 65536;
        events {{ worker_connections 32768; }}
        http {{
            access_log off;
            client_body_temp_path {folder}/body; proxy_temp_path {folder}/proxy;
            fastcgi_temp_path {folder}/fastcgi; uwsgi_temp_path {folder}/uwsgi;
            scgi_temp_path {folder}/scgi;
            ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.pem;
            ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache off; ssl_session_tickets off;
            server {{
                listen 127.0.0.1:{http} backlog=8192;
                listen 127.0.0.1:{https} ssl backlog=8192;
                default_type text/html;
                location / {{ return 200 "<!doctype html><p>all is well</p>\\n"; }}
            }}
        }}
    """)
    log = folder / "nginx.log"
    with running("nginx", "-p", str(folder), "-c", str(config), log=log) as process:
        wait_for_http(f"http://127.0.0.1:{http}/", process, log, within_s=10)
        yield f"http://127.0.0.1:{http}/", f"https://127.0.0.1:{https}/", ca_file


@contextmanager
def name_server(folder: Path) -> Iterator[str]:
    """A BIND of our own on loopback, with the zone ``shop.test``: where it answers."""
    port = free_port()
    zone, config, log = folder / "shop.zone", folder / "named.conf", folder / "named.log"
    zone.write_text(
        "$TTL 300\n@ IN SOA ns admin 1 3600 600 86400 60\n@ IN NS ns\n"
        "ns IN A 192.0.2.53\nwww IN A 192.0.2.1\n"
    )
    config.write_text(f"""
        options {{
            directory "{folder}"; pid-file none; session-keyfile none; recursion no;
            listen-on port {port} {{ 127.0.0.1; }}; listen-on-v6 {{ none; }};
        }};
        controls {{ }};
        zone "shop.test" {{ type primary; file "{zone}"; }};
    """)
    with running("named", "-f", "-n", "1", "-c", str(config), log=log) as process:
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and process.poll() is None:
            with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.05)
        else:
            sys.exit(f"named never answered\n{log.read_text(errors='replace')[-2000:]}")
        yield f"127.0.0.1:{port}"


@contextmanager
def service(folder: Path, config: str) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """``synthetics run`` on *config*: the process, its address and its database."""
    folder.mkdir()
    file, database, log = folder / "synthetics.yaml", folder / "synthetics.db", folder / "run.log"
    file.write_text(config)
    port = free_port()
    words = ("run", "--config", str(file), "--db", str(database), "--port", str(port))
    with running(sys.executable, "-P", "-m", "synthetics", *words, log=log) as process:
        yield process, f"http://127.0.0.1:{port}", database


def stored(database: Path) -> int:
    """Rows of samples that are committed; 0 before there is a table."""
    try:
        with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
            (count,) = connection.execute("SELECT count(*) FROM samples").fetchone()
            return int(count)
    except sqlite3.OperationalError:
        return 0


def metrics(url: str) -> list[tuple[str, str, float]]:
    """Name, labels as written, and value of every line of ``/metrics``."""
    with urllib.request.urlopen(f"{url}/metrics", timeout=30) as answer:
        text = answer.read().decode()
    found = []
    for line in text.splitlines():
        if line and not line.startswith("#"):
            head, _, value = line.partition(" # ")[0].rpartition(" ")
            name, _, labels = head.partition("{")
            found.append((name, labels.rstrip("}"), float(value)))
    return found


def table(rows: Sequence[Sequence[str]]) -> None:
    """Print *rows*, the first one as heads, the first column to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for number, row in enumerate(rows):
        cells = [row[0].ljust(widths[0])]
        cells += [cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)]
        print("  ".join(cells))
        if number == 0:
            print("  ".join("-" * width for width in widths))
    sys.stdout.flush()
