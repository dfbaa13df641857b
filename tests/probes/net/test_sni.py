"""The name that a server of TLS is asked for."""

from __future__ import annotations

import asyncio
import ssl

import pytest
import trustme

from probes.net.stream import Stream
from probes.net.trip import Trip
from probes.net.trust import TlsOrder
from tests.probes.support import Asker, speaking


@pytest.mark.parametrize(
    ("name", "asked"),
    [("faß.example", "xn--fa-hia.example"), ("shop.example", "shop.example"), ("127.0.0.1", None)],
)
async def test_it_is_the_one_that_is_verified(asker: Asker, name: str, asked: str | None) -> None:
    """By the older rules of international names ß was ss, which is another host."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    seen: list[str | None] = []
    context.sni_callback = lambda _, given, __: seen.append(given)

    async def wait(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    order = TlsOrder(ca=authority.cert_pem.bytes())
    async with speaking(wait, tls=context) as port:
        trip = Trip(asker.watch())
        async with trip, await Stream.to(trip, "127.0.0.1", port, limit=100) as stream:
            presented = await stream.start_tls(order, name)

    assert seen == [asked]
    assert presented.is_for(name)
