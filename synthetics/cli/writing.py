"""Writing by a command: through the service that has the database open, or else here."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from synthetics.cli.common import loaded_for_results, refuse

if TYPE_CHECKING:
    from synthetics.store.errors import InUseError

PATIENCE_S = 60.0
"""For an answer; a busy service writes within seconds."""

Write = Callable[[sqlite3.Connection], dict[str, Any]]
"""Writes what was asked, and says what it came to, as JSON values."""


Change = Callable[[sqlite3.Connection], Any]
Acts = Mapping[str, Callable[[Any, Mapping[str, Any], int], Change]]
"""By name, what makes a change to write of a configuration, a body and the present."""


def hand_over(
    act: str,
    body: Mapping[str, Any],
    acts: Acts,
    as_json: Callable[[Any], dict[str, Any]],
    *,
    config: Path,
    db: Path,
) -> dict[str, Any]:
    """
    Have *act* done: by the service that has the database open, or else here.

    What a service refuses, or what makes no sense, is said, and the exit code is 2.

    Args:
        act: One of *acts*, and the end of the URL where the service takes it.
        body: What it takes.
        acts: How each is done here.
        as_json: Says what it came to, as JSON values.
        config: The configuration that it goes by.
        db: The database.
    """
    from synthetics.accounting.declaring import NotDeclaredError
    from synthetics.clock import SystemClock
    from synthetics.store.errors import StoreError

    known = loaded_for_results(config)
    try:
        change = acts[act](known, body, SystemClock().now_ms())
        return write_or_ask(act, body, lambda connection: as_json(change(connection)), db)
    except (NotDeclaredError, StoreError) as error:
        refuse(str(error))


def write_or_ask(act: str, body: Mapping[str, Any], write: Write, db: Path) -> dict[str, Any]:
    """
    Have something written.

    Args:
        act: The end of the URL where the service takes it.
        body: What it takes there.
        write: Does the same here.
        db: The database.

    Raises:
        StoreError: It cannot be written.
    """
    from synthetics.store.errors import InUseError

    try:
        return asyncio.run(_write(write, db))
    except InUseError as error:
        if not error.url:
            raise
        return ask(error, f"/api/v1/{act}", body)


async def _write(write: Write, db: Path) -> dict[str, Any]:
    from synthetics.store import Store

    store = await Store.open(db)
    try:
        return await store.write(write)
    finally:
        await store.close()


def ask(
    holder: InUseError, path: str, body: Mapping[str, Any], *, patience_s: float = PATIENCE_S
) -> dict[str, Any]:
    """
    POST *body* to the service that has the database open; its answer.

    What it refuses is said, and the exit code is 2.

    Raises:
        StoreError: It does not answer.
    """
    from http.client import HTTPConnection, HTTPException
    from urllib.parse import urlsplit

    from synthetics.store.errors import StoreError

    connection = HTTPConnection(urlsplit(holder.url).netloc, timeout=patience_s)
    try:
        connection.request(
            "POST",
            path,
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {holder.token}", "Content-Type": "application/json"},
        )
        answer = connection.getresponse()
        said = answer.read().decode(errors="replace")
    except (OSError, HTTPException) as error:
        raise StoreError(
            f"the service at {holder.url} has the database open and does not answer",
            why=str(error),
            mend="wait until it has started, or stop it and try again",
        ) from error
    finally:
        connection.close()
    if answer.status != 200:
        refuse(said)
    read: dict[str, Any] = json.loads(said)
    return read
