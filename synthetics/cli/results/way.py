"""The way of imported results: into the database, or to the service that has it open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from urllib.parse import urlsplit

from synthetics.clock import SystemClock
from synthetics.results.export import line
from synthetics.results.take import Taken, take
from synthetics.store.bare import Bare
from synthetics.store.errors import InUseError, StoreError
from synthetics.store.exports import Exported
from synthetics.store.store import Store

PIECE = 20_000
"""Results that are handed over at once; some 3 MB, of the 16 that the service takes."""

PATIENCE_S = 120.0


def store(samples: Bare, database: Path) -> Taken:
    """
    Store *samples* in *database*.

    Raises:
        StoreError: It cannot be written, or who has it open does not take them.
    """
    try:
        return asyncio.run(_write(samples, database))
    except InUseError as error:
        if not error.url:
            raise
        return _hand_over(samples, error)


async def _write(samples: Bare, database: Path) -> Taken:
    store = await Store.open(database)
    try:
        return await take(store, samples, SystemClock().now_ms())
    finally:
        await store.close()


def _hand_over(samples: Bare, to: InUseError) -> Taken:
    taken = Taken(samples=0, changed=0)
    connection = HTTPConnection(urlsplit(to.url).netloc, timeout=PATIENCE_S)
    try:
        for body in _bodies(samples):
            connection.request(
                "POST",
                "/api/v1/results",
                body,
                {"Authorization": f"Bearer {to.token}", "Content-Type": "application/x-ndjson"},
            )
            answer = connection.getresponse()
            said = answer.read().decode(errors="replace")
            if answer.status != 200:
                raise StoreError(
                    f"the service at {to.url} did not take the results",
                    why=f"{answer.status}, {said.strip()}",
                    mend="mend that and import the file again; what it took already is no harm",
                )
            taken += Taken(**json.loads(said))
    except (OSError, HTTPException) as error:
        raise StoreError(
            f"the service at {to.url} has the database open and does not answer",
            why=str(error),
            mend="wait until it has started, or stop it and import the file then",
        ) from error
    finally:
        connection.close()
    return taken


def _bodies(samples: Bare) -> Iterator[bytes]:
    for part in samples.parts(PIECE):
        columns = (samples.scheduled_ms[part], samples.duration_us[part], samples.kind[part])
        said = []
        for at_ms, took_us, index in zip(*columns, strict=True):
            kind = samples.kinds[index]
            said.append(
                line(
                    Exported(
                        at_ms,
                        kind.probe,
                        kind.location,
                        kind.outcome,
                        kind.confirmed,
                        took_us,
                        kind.reason,
                    )
                )
            )
        yield "".join(said).encode()
