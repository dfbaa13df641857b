"""Dovecot on loopback: IMAP and POP3, over TLS from the start or later, with one mailbox."""

from __future__ import annotations

import contextlib
import getpass
import os
import pwd
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import trustme

from tests.probes.servers import free_ports, running, write_certificate
from tests.tools import program

_CONFIGURATION = """
base_dir = {folder}/run
state_dir = {folder}/run
log_path = {folder}/log
protocols = imap pop3
listen = 127.0.0.1
ssl = yes
ssl_cert = <{folder}/cert.pem
ssl_key = <{folder}/key.pem
ssl_dh =
auth_failure_delay = 0
disable_plaintext_auth = no
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
mail_location = maildir:{folder}/mail
mail_max_userip_connections = 1000
first_valid_uid = 1
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {folder}/users
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={folder}/home
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {ports.imap}
  }}
  inet_listener imaps {{
    port = {ports.imaps}
    ssl = yes
  }}
}}
service pop3-login {{
  chroot =
  inet_listener pop3 {{
    port = {ports.pop3}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
service anvil {{
  chroot =
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
namespace inbox {{
  inbox = yes
}}
"""


@dataclass(frozen=True)
class Ports:
    """Of the server."""

    imap: int
    imaps: int
    pop3: int


@dataclass(frozen=True)
class Dovecot:
    """The server, and the folder where its mail arrives."""

    ports: Ports
    inbox: Path

    def deliver(self, name: str, mail: bytes) -> None:
        """Put *mail* into the mailbox, as a mail server does."""
        (self.inbox / "tmp" / name).write_bytes(mail)
        (self.inbox / "tmp" / name).chmod(0o644)
        (self.inbox / "tmp" / name).rename(self.inbox / "new" / name)

    def mails(self) -> list[str]:
        """What is in the mailbox."""
        found = [*(self.inbox / "new").iterdir(), *(self.inbox / "cur").iterdir()]
        return sorted(one.name.partition(":")[0] for one in found)


@contextlib.contextmanager
def dovecot(authority: trustme.CA, password: str) -> Iterator[Dovecot]:
    """A server with a user ``probe``."""
    root = os.geteuid() == 0
    owner = pwd.getpwnam("nobody") if root else pwd.getpwuid(os.geteuid())
    # Not below pytest's folder, which the server's own user could not enter.
    folder = Path(tempfile.mkdtemp(prefix="dovecot-"))
    try:
        folder.chmod(0o755)
        ports = Ports(*free_ports(3))
        write_certificate(folder, authority)
        for name in ("mail", "mail/new", "mail/cur", "mail/tmp", "home"):
            (folder / name).mkdir()
            os.chown(folder / name, owner.pw_uid, owner.pw_gid)
        (folder / "users").write_text(f"probe:{password}\n")
        (folder / "dovecot.conf").write_text(
            _CONFIGURATION.format(
                folder=folder,
                ports=ports,
                internal="dovecot" if root else getpass.getuser(),
                group="dovecot" if root else owner.pw_gid,
                login="dovenull" if root else getpass.getuser(),
                uid=owner.pw_uid,
                gid=owner.pw_gid,
            )
        )
        with running(
            [program("dovecot", "dovecot-imapd"), "-F", "-c", str(folder / "dovecot.conf")],
            ports.imap,
            log=folder / "out",
        ):
            yield Dovecot(ports, folder / "mail")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
