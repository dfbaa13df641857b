"""What every kind that is installed must keep: time, cancellation, and secrets to itself."""

from __future__ import annotations

import asyncio
import importlib.metadata
import time
from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from probes.result import DETAIL_LIMIT, Outcome
from tests.probes.support import Asker, look_up, ok, saying, speaking

KINDS = {
    entry.name: entry.load() for entry in importlib.metadata.entry_points(group="synthetics.probes")
}
EXAMPLES: dict[str, Any] = {
    "http": lambda url: {"get": url, "query": {"password": "${env:PASSWORD}"}},
    "journey": lambda url: [
        {"name": "one", "post": url, "form": {"password": "${env:PASSWORD}"}},
        {"name": "two", "get": url},
    ],
}


def options(kind: str, url: str) -> Any:
    adapter: TypeAdapter[Any] = TypeAdapter(KINDS[kind].Options)
    return adapter.validate_python(EXAMPLES[kind](url), context={"resolve": look_up})


@pytest.fixture(params=sorted(KINDS))
def kind(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def test_every_kind_has_an_example_here() -> None:
    assert EXAMPLES.keys() == KINDS.keys()


def test_unknown_keys_are_refused(kind: str) -> None:
    written = EXAMPLES[kind]("http://x/")
    (written[0] if isinstance(written, list) else written)["unheard_of"] = 1

    with pytest.raises(ValidationError, match="unheard_of"):
        TypeAdapter(KINDS[kind].Options).validate_python(written, context={"resolve": look_up})


async def test_a_good_target_is_good(kind: str, asker: Asker) -> None:
    async with speaking(saying(ok())) as port:
        watch = asker.watch()
        result = await KINDS[kind].run(options(kind, f"http://127.0.0.1:{port}/"), watch)

    assert result.outcome is Outcome.GOOD
    assert (result.reason, result.trace_id) == ("", watch.trace_id)
    assert result.evidence is None


async def test_a_timeout_comes_back_by_itself_and_in_time(kind: str, asker: Asker) -> None:
    async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    await asker.http({"get": "http://127.0.0.1:1/"})
    async with speaking(silence) as port:
        asked = options(kind, f"http://127.0.0.1:{port}/")
        began = time.monotonic()
        result = await KINDS[kind].run(asked, asker.watch(0.25))
        took_s = time.monotonic() - began

    assert (result.reason, result.duration_s) == ("timeout", 0.25)
    assert took_s <= 0.35


async def test_cancelling_closes_the_connection_at_once(kind: str, asker: Asker) -> None:
    came, gone = asyncio.Event(), asyncio.Event()

    async def notice(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        came.set()
        await reader.read()
        gone.set()

    async with speaking(notice) as port:
        run = asyncio.create_task(
            KINDS[kind].run(options(kind, f"http://127.0.0.1:{port}/"), asker.watch(60))
        )
        await came.wait()
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
        await asyncio.wait_for(gone.wait(), 1)


async def test_no_secret_is_told(kind: str, asker: Asker) -> None:
    """A target that says back everything it was sent, in every place that is shown."""

    async def repeat(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        body = await reader.read(1000) if head.startswith("POST") else b""
        line = head.splitlines()[0].split()[1]
        writer.write(
            b"HTTP/1.1 500 No\r\nX-Line: " + line.encode() + b"\r\nConnection: close\r\n\r\n"
            b"open & sesame " + line.encode() + body
        )

    async with speaking(repeat) as port:
        result = await KINDS[kind].run(options(kind, f"http://127.0.0.1:{port}/"), asker.watch())

    assert result.outcome is Outcome.BAD
    assert result.evidence is not None
    for secret in ("open & sesame", "open+%26+sesame", "open%20%26%20sesame"):
        assert secret not in repr(result)
    assert len(result.detail) <= DETAIL_LIMIT


async def test_many_runs_at_once_do_not_meet(kind: str, asker: Asker) -> None:
    async with speaking(saying(ok())) as port:
        asked = options(kind, f"http://127.0.0.1:{port}/")
        results = await asyncio.gather(*(KINDS[kind].run(asked, asker.watch()) for _ in range(100)))

    assert {result.outcome for result in results} == {Outcome.GOOD}
    assert len({result.trace_id for result in results}) == 100


async def test_closing_ends_what_is_under_way(kind: str, asker: Asker) -> None:
    came = asyncio.Event()

    async def silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        came.set()
        await reader.read()

    async with speaking(silence) as port:
        run = asyncio.create_task(
            KINDS[kind].run(options(kind, f"http://127.0.0.1:{port}/"), asker.watch(60))
        )
        await came.wait()
        await asker.shared.close()
        result = await asyncio.wait_for(run, 1)

    assert (result.outcome, result.reason) == (Outcome.VOID, "stopped")
