"""Whatever a target does, it is a sample with a reason, in time and in bounded memory."""

from __future__ import annotations

import asyncio
import resource
import socket
import time
import zlib

import pytest

from probes.result import Outcome
from tests.probes.support import Asker, Speak, ok, saying, speaking

GRACE_S = 0.1
HEAD = b"HTTP/1.1 200 OK\r\n"


def bomb(mebibytes: int) -> bytes:
    """That many MiB of zeros, in a thousandth of it."""
    press = zlib.compressobj(1, wbits=31)
    return b"".join(press.compress(bytes(1024**2)) for _ in range(mebibytes)) + press.flush()


@pytest.mark.parametrize(
    ("piece", "reason"),
    [
        pytest.param(b"", "empty-reply", id="nothing at all"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "malformed", id="another protocol"),
        pytest.param(b"\x00\xff\xfe\x01\r\n\r\n", "malformed", id="bytes that are no protocol"),
        pytest.param(b"HTTP/1.1 9999 What\r\n\r\n", "malformed", id="a status that is none"),
        pytest.param(b"HTTP/1.1 000 What\r\n\r\n", "malformed", id="a status of zeros"),
        pytest.param(b"HTTP/1.1 99 What\r\n\r\n", "malformed", id="a status of two digits"),
        pytest.param(b"HTTP/9.9 200 OK\r\n\r\n", "malformed", id="a version to come"),
        pytest.param(HEAD + b"Content-Length: 10\r\n\r\nabc", "truncated", id="a body cut short"),
        pytest.param(
            HEAD + b"Content-Length: -3\r\n\r\nabc", "malformed", id="a length below zero"
        ),
        pytest.param(
            HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n", "malformed", id="a chunk of no size"
        ),
        pytest.param(
            HEAD + b"Content-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope",
            "encoding",
            id="gzip that is none",
        ),
        pytest.param(HEAD + b"X: " + b"a" * 400_000, "headers-too-large", id="one endless header"),
        pytest.param(HEAD + b"X: aaaaaaaa\r\n" * 40_000, "headers-too-large", id="endless headers"),
        pytest.param(
            ok(bomb(64), "Content-Encoding: gzip"), "body-too-large", id="a decompression bomb"
        ),
        pytest.param(
            HEAD + b"Content-Length: 1000000000\r\n\r\n" + b"x" * 2_000_000,
            "body-too-large",
            id="a gigabyte",
        ),
        pytest.param(ok(b"caf\xe9"), "invalid-text", id="text that is not UTF-8"),
        pytest.param(
            ok(b"x", "Content-Type: text/plain; charset=klingon"),
            "invalid-text",
            id="a charset that is none",
        ),
    ],
)
async def test_a_bad_answer_is_a_bad_sample(asker: Asker, piece: bytes, reason: str) -> None:
    async with speaking(saying(piece)) as port:
        result = await asker.http(
            {"get": f"http://127.0.0.1:{port}/", "expect": {"body": {"contains": "never there"}}}
        )

    assert (result.outcome, result.reason) == (Outcome.BAD, reason)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="cut off"),
        pytest.param(b"[" * 100_000, id="nested for ever"),
        pytest.param(b"[NaN]", id="a constant that JSON does not know"),
        pytest.param(b"1" * 5000, id="a number longer than Python reads"),
        pytest.param(b'"\xff"', id="not UTF-8"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_a_body_that_is_not_json_is_told_apart(asker: Asker, body: bytes) -> None:
    async with speaking(saying(ok(body))) as port:
        result = await asker.http(
            {"get": f"http://127.0.0.1:{port}/", "expect": {"json": {"$.a": 1}}}
        )

    assert result.reason == "invalid-json"


async def _drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(HEAD + b"Content-Length: 100000\r\n\r\n")
    while True:
        writer.write(b".")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _drip_headers(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(HEAD)
    while True:
        writer.write(b"X-Drip: 1\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def _only_interim(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.readuntil(b"\r\n\r\n")
    writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    await reader.read()


async def _silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


@pytest.mark.parametrize(
    ("speak", "said"),
    [
        pytest.param(_drip, "still coming", id="a body that drips"),
        pytest.param(_drip_headers, "still coming", id="headers that drip"),
        pytest.param(_only_interim, "nothing but an interim answer (100)", id="100 Continue"),
        pytest.param(_silence, "connected, no answer yet", id="silence"),
    ],
)
async def test_a_target_that_never_ends_is_a_timeout_in_time(
    asker: Asker, speak: Speak, said: str
) -> None:
    await asker.http({"get": "http://127.0.0.1:1/"})
    async with speaking(speak) as port:
        began = time.monotonic()
        result = await asker.http({"get": f"http://127.0.0.1:{port}/"}, timeout_s=0.3)
        took_s = time.monotonic() - began

    assert result.reason == "timeout"
    assert result.detail.startswith("not done after 0.3 s: ")
    assert said in result.detail
    assert result.duration_s == 0.3
    assert took_s <= 0.3 + GRACE_S
    assert result.phases.connect_s is not None


async def test_redirects_for_ever_end_at_the_limit(asker: Asker) -> None:
    answer = b"HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n"
    async with speaking(saying(answer)) as port:
        result = await asker.http({"get": f"http://127.0.0.1:{port}/", "redirects": {"follow": 4}})

    assert (result.reason, result.facts.redirects) == ("redirects", 4)


@pytest.mark.parametrize(
    "to",
    [
        "ftp://x/",
        "file:///etc/passwd",
        "http://",
        "http://u:p@x/",
        "http://[::1/",
        "//[x]/",
        "http://x:99999/",
    ],
)
async def test_a_redirect_out_of_http_leads_nowhere(asker: Asker, to: str) -> None:
    answer = f"HTTP/1.1 302 Found\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n".encode()
    async with speaking(saying(answer)) as port:
        result = await asker.http({"get": f"http://127.0.0.1:{port}/"})

    assert result.reason == "redirects"


async def test_a_port_that_nobody_listens_on_is_refused(asker: Asker) -> None:
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        result = await asker.http({"get": f"http://127.0.0.1:{closed.getsockname()[1]}/"})

    assert (result.outcome, result.reason) == (Outcome.BAD, "connect")


async def test_a_reset_is_told_apart(asker: Asker) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        writer.transport.abort()

    async with speaking(reset) as port:
        result = await asker.http({"get": f"http://127.0.0.1:{port}/"})

    assert result.reason == "reset"


async def test_a_name_that_does_not_exist_is_dns(asker: Asker) -> None:
    result = await asker.http({"get": "http://name.invalid/"})

    assert (result.outcome, result.reason) == (Outcome.BAD, "dns")


async def test_a_bomb_takes_no_memory(asker: Asker) -> None:
    """250 KB on the wire took other probers to 550 MB; only a cap on decoded bytes stops it."""
    wire = ok(bomb(128), "Content-Encoding: gzip")
    async with speaking(saying(wire)) as port:
        before_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for _ in range(3):
            result = await asker.http(
                {"get": f"http://127.0.0.1:{port}/", "expect": {"body": {"contains": "x"}}}
            )
        after_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    assert result.reason == "body-too-large"
    assert after_kib - before_kib < 32 * 1024


async def test_the_limit_is_on_decoded_bytes_and_can_be_raised(asker: Asker) -> None:
    body = zlib.compress(bytes(3 * 1024**2))
    async with speaking(saying(ok(body, "Content-Encoding: deflate"))) as port:
        written = {"get": f"http://127.0.0.1:{port}/", "limits": {"body": "4MiB"}}
        result = await asker.http(written)

    assert result.outcome is Outcome.GOOD
    assert result.facts.body_bytes == 3 * 1024**2


async def test_no_file_descriptor_left_is_our_own_fault(asker: Asker) -> None:
    await asker.http({"get": "http://127.0.0.1:1/"})
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    with socket.socket() as last:
        resource.setrlimit(resource.RLIMIT_NOFILE, (last.fileno(), hard))
        try:
            result = await asker.http({"get": "http://127.0.0.1:1/"})
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

    assert (result.outcome, result.reason) == (Outcome.VOID, "no-sockets")
