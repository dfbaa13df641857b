"""What a close look sees of one request over libcurl, secrets masked."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from probes.curl.order import Answer, Order
from probes.look import Exchange, Handshake, Look
from probes.url import telling, to_show
from probes.watch import Mask

MOST_TEXT = 1024 * 1024
"""Characters of a body that are kept."""


async def note(
    look: Look,
    order: Order,
    also: Sequence[str],
    answer: Answer,
    *,
    mask: Mask,
    leads_to: str,
    followed: bool,
    timeout_s: float,
) -> None:
    """
    Note in *look* what came of *order*, which was sent with the header lines *also*.
    """
    ended = datetime.now(UTC)
    url = urlsplit(order.url)
    look.exchanges.append(
        Exchange(
            started_at=ended - timedelta(seconds=answer.total_s),
            method=order.method,
            url=mask(to_show(order.url)),
            sent=_lines((*order.headers, *also), mask),
            body=mask((order.body or b"").decode("utf-8", "replace")),
            status=answer.status if 100 <= answer.status <= 599 else None,
            protocol=answer.protocol,
            address=answer.address,
            headers=_lines(answer.headers, mask),
            text=mask(answer.body.decode("utf-8", "replace"))[:MOST_TEXT],
            body_bytes=answer.body_bytes,
            leads_to=mask(to_show(leads_to)) if leads_to else "",
            followed=followed,
            phases=answer.phases,
            total_s=answer.total_s,
            failure=mask(answer.message) if answer.failure else "",
        )
    )
    await note_connection(look, url.hostname or "", answer, timeout_s=timeout_s)


async def note_connection(look: Look, host: str, answer: Answer, *, timeout_s: float) -> None:
    """
    Note in *look* what *host* stands for, and what was agreed on with it over TLS.

    Names are looked up once more: libcurl does not say what all of them stand for.
    """
    if answer.tls is not None and answer.chain:
        version, cipher = answer.tls
        look.shook_hands(Handshake(host=host, version=version, cipher=cipher, chain=answer.chain))
    if host and host not in look.addresses:
        try:
            async with asyncio.timeout(timeout_s):
                found = await asyncio.get_running_loop().getaddrinfo(
                    host, None, type=socket.SOCK_STREAM
                )
        except (OSError, TimeoutError, UnicodeError):
            return
        look.resolved(host, (str(sockaddr[0]) for *_, sockaddr in found))


def _lines(lines: Sequence[str | bytes], mask: Mask) -> tuple[str, ...]:
    """Header lines without what is secret in them."""
    shown = []
    for line in lines:
        text = line if isinstance(line, str) else line.decode("utf-8", "replace")
        name, colon, value = text.partition(":")
        if name.lower() == "location":
            value = to_show(value)
        elif telling(name) or name.lower() in {"cookie", "set-cookie"}:
            value = " ***"
        shown.append(mask(f"{name}{colon}{value}"))
    return tuple(shown)
