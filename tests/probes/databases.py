"""PostgreSQL and MariaDB on loopback, each with a table, and users who may look at it."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import trustme

from tests.probes.servers import free_ports, running, write_certificate
from tests.tools import program

PASSWORD = "open & sesame"
_POSTGRES = Path("/usr/lib/postgresql")
_HBA = """
local all all trust
hostssl all over_tls 127.0.0.1/32 password
host all scram,stranger 127.0.0.1/32 scram-sha-256
host all md5 127.0.0.1/32 md5
host all clear,over_tls 127.0.0.1/32 password
host all trusted 127.0.0.1/32 trust
"""
_TABLES = """
CREATE TABLE orders (id INT, total NUMERIC(9, 2), paid BOOLEAN, note VARCHAR(99));
INSERT INTO orders VALUES (1, 9.50, TRUE, 'カート'), (2, 12.00, FALSE, NULL);
"""


def _postgres_program(name: str) -> str:
    """One of those that Debian keeps off the path, by the newest version."""
    found = sorted(_POSTGRES.glob(f"*/bin/{name}"))
    return str(found[-1]) if found else program(name, "postgresql")


@contextlib.contextmanager
def _folder(prefix: str, owner: str) -> Iterator[tuple[Path, list[str]]]:
    """A folder that the server's user can enter, and what to write before its command."""
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    try:
        folder.chmod(0o755)
        if os.geteuid() != 0:
            yield folder, []
            return
        user = pwd.getpwnam(owner)
        os.chown(folder, user.pw_uid, user.pw_gid)
        prefix_of = [program("setpriv", "util-linux"), f"--reuid={owner}", f"--regid={user.pw_gid}"]
        yield folder, [*prefix_of, "--clear-groups"]
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _own(path: Path, like: Path) -> None:
    owner = like.stat()
    os.chown(path, owner.st_uid, owner.st_gid)


@contextlib.contextmanager
def postgresql(authority: trustme.CA) -> Iterator[int]:
    """A server that has a user for each way of logging in; its port."""
    initdb = _postgres_program("initdb")
    with _folder("postgresql-", "postgres") as (folder, as_user):
        data, port = folder / "data", free_ports(1)[0]
        run = [*as_user, initdb, "-D", str(data), "-U", "postgres", "-E", "UTF8", "--no-sync"]
        subprocess.run(run, check=True, capture_output=True, cwd=folder)
        for path in write_certificate(folder, authority):
            _own(path, folder)
        (data / "pg_hba.conf").write_text(_HBA)
        command = [*as_user, _postgres_program("postgres"), "-D", str(data), "-p", str(port)]
        settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(folder),
            "ssl": "on",
            "ssl_cert_file": str(folder / "cert.pem"),
            "ssl_key_file": str(folder / "key.pem"),
            "fsync": "off",
            "max_connections": "150",
        }
        command += [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        users = "".join(
            f"SET password_encryption = '{'md5' if name == 'md5' else 'scram-sha-256'}';"
            f"CREATE USER {name} PASSWORD '{PASSWORD}'; GRANT ALL ON orders TO {name};"
            for name in ("scram", "md5", "clear", "over_tls", "trusted")
        )
        psql = [program("psql", "postgresql-client"), "-X", "-q", "-v", "ON_ERROR_STOP=1"]
        psql += ["-h", str(folder), "-p", str(port), "-U", "postgres", "-c", _TABLES + users]
        with running(command, port, log=folder / "log"):
            subprocess.run(psql, check=True, capture_output=True)
            yield port


@contextlib.contextmanager
def mariadb(authority: trustme.CA) -> Iterator[int]:
    """A server with a user; its port."""
    daemon = program("mariadbd", "mariadb-server")
    with _folder("mariadb-", "mysql") as (folder, as_user):
        data, port = folder / "data", free_ports(1)[0]
        install = [*as_user, program("mariadb-install-db", "mariadb-server"), "--no-defaults"]
        install += [
            f"--datadir={data}",
            "--skip-test-db",
            "--auth-root-authentication-method=normal",
        ]
        subprocess.run(install, check=True, capture_output=True, cwd=folder)
        for path in write_certificate(folder, authority):
            _own(path, folder)
        command = [
            *as_user, daemon, "--no-defaults", f"--datadir={data}", f"--port={port}",
            "--bind-address=127.0.0.1", f"--socket={folder}/socket", "--max-connections=150",
            f"--ssl-cert={folder}/cert.pem", f"--ssl-key={folder}/key.pem",
            f"--pid-file={folder}/pid", "--innodb-flush-log-at-trx-commit=0",
            "--skip-name-resolve",
        ]  # fmt: skip
        client = [program("mariadb", "mariadb-client"), "--no-defaults", "-u", "root"]
        client += [f"--socket={folder}/socket", "--default-character-set=utf8mb4"]
        setup = (
            f"CREATE DATABASE shop CHARACTER SET utf8mb4; USE shop; {_TABLES}"
            f"CREATE USER probe IDENTIFIED BY '{PASSWORD}'; GRANT ALL ON shop.* TO probe;"
            f"CREATE USER nobody IDENTIFIED BY ''; "
            f"CREATE USER odd IDENTIFIED VIA unix_socket;"
        )
        with running(command, port, log=folder / "log"):
            subprocess.run(client, input=setup, check=True, capture_output=True, text=True)
            yield port
