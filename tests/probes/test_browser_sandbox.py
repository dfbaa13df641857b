"""Who has the sandbox of a browser, and what is said where there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from tests.docs.support import REPOSITORY
from tests.tools import program

SOMEBODY = ("--user", "--map-user=65534", "--map-group=65534")
"""As whom nobody is root; the files of the tests stay theirs."""


def browse(*before: str, sandbox: bool | None = None, times: int = 1) -> tuple[dict[str, Any], str]:
    """What *browsing_alone* says, run by the command *before* it, and what it logs."""
    program("chromium-headless-shell", "chromium-headless-shell")
    alone = (sys.executable, "-m", "tests.probes.browsing_alone", json.dumps([sandbox, times]))
    done = subprocess.run(
        [*before, *alone], cwd=REPOSITORY, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    said: dict[str, Any] = json.loads(done.stdout)
    return said, done.stderr


def unshare(*more: str) -> tuple[str, ...]:
    return (program("unshare", "util-linux"), *SOMEBODY, *more)


def test_pages_are_locked_in_unless_we_are_root() -> None:
    said, logged = browse(*unshare())

    assert said["outcomes"] == ["good"], said
    assert said["locks"]
    assert all(lock == {"filtered": True, "own_pids": True} for lock in said["locks"])
    assert logged == ""


def test_where_there_is_no_sandbox_no_page_is_looked_at() -> None:
    forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"'
    said, _ = browse(*unshare("--keep-caps", "sh", "-c", forbid, "sh"))

    assert (said["outcomes"], said["reason"]) == (["void"], "no-browser")
    assert said["detail"].startswith("this machine gives Chromium no sandbox; allow user namespace")
    assert said["locks"] == []


def as_root() -> tuple[str, ...]:
    return () if os.geteuid() == 0 else (program("unshare", "util-linux"), "-r")


def test_root_has_none_and_is_told_once() -> None:
    said, logged = browse(*as_root(), times=2)

    assert said["outcomes"] == ["good", "good"], said
    assert {lock["filtered"] for lock in said["locks"]} == {False}
    assert logged.count("as root, Chromium has no sandbox") == 1


def test_root_who_insists_on_one_looks_at_no_page() -> None:
    said, _ = browse(*as_root(), sandbox=True)

    assert (said["outcomes"], said["reason"]) == (["void"], "no-browser")
    assert said["detail"].startswith("as root, Chromium has no sandbox")
