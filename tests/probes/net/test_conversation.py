"""What a run gives that talks to a target: the verdict, the facts and the evidence."""

from __future__ import annotations

import asyncio
import ssl

import pytest
import trustme

from probes.net.conversation import Conversation
from probes.net.target import Target
from probes.net.trip import Unmet
from probes.watch import Watch
from tests.probes.support import Asker, speaking

Reader = asyncio.StreamReader
Writer = asyncio.StreamWriter


@pytest.fixture
def watch(asker: Asker) -> Watch:
    return asker.watch(2)


@pytest.fixture
def tls(authority: trustme.CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    return context


async def _hello(_: Reader, writer: Writer) -> None:
    writer.write(b"hello\n")
    await writer.drain()


async def test_a_certificate_that_nobody_trusts_is_a_fact_all_the_same(
    watch: Watch, tls: ssl.SSLContext
) -> None:
    async with speaking(_hello, tls=tls) as port:
        talk = Conversation("hello", watch)

        async def hold() -> None:
            async with talk.stream(Target("127.0.0.1", port), limit=99, tls=True):
                raise AssertionError("this was trusted")

        result = await talk.result(hold())

    assert result.reason == "tls-unknown-ca"
    assert result.facts.address == "127.0.0.1"
    assert result.facts.certificate_expires_at is not None


async def test_what_an_aside_meets_is_no_fact_of_the_target(watch: Watch) -> None:
    """A mail goes to one server and arrives at another; the facts are those of the first."""
    talk = Conversation("send and wait", watch)

    async def hold() -> None:
        aside = talk.aside()
        async with aside.stream(Target("127.0.0.1", port), limit=99) as stream:
            aside.transcript.heard((await stream.read_line()).decode())
        raise Unmet("mailbox", "a mail", "none")

    async with speaking(_hello) as port:
        result = await talk.result(hold())

    assert result.facts.address is None
    assert result.evidence is not None
    assert (result.evidence.request, result.evidence.body) == ("send and wait", "hello")
    assert (result.evidence.expected, result.evidence.actual) == ("a mail", "none")
    assert result.phases.connect_s is not None


async def test_what_is_learnt_is_in_the_facts(watch: Watch) -> None:
    talk = Conversation("open", watch)

    async def hold() -> None:
        talk.learn(status=101)
        talk.learn(url="wss://shop.example/")

    facts = (await talk.result(hold())).facts

    assert (facts.status, facts.url, facts.address) == (101, "wss://shop.example/", None)
