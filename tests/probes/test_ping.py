"""Echoes on loopback, lost ones, errors from routers, and packets that are none."""

from __future__ import annotations

import asyncio
import errno
import socket
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from probes import ping
from probes.net.names import Address
from probes.net.trip import Trouble
from probes.ping_parts.packet import (
    NONCE,
    TOO_BIG,
    TOO_FAR,
    UNREACHABLE,
    Complaint,
    Heard,
    echo,
    read,
)
from probes.ping_parts.pinger import Echo, Pinger
from probes.result import Outcome, Result
from tests.probes.support import Asker, look_up, refusal

OPTIONS: TypeAdapter[ping.Options] = TypeAdapter(ping.Options)
V4, V6 = socket.AF_INET, socket.AF_INET6


async def ask(asker: Asker, written: dict[str, Any], timeout_s: float = 2) -> Result:
    options = OPTIONS.validate_python(written, context={"resolve": look_up})
    return await ping.run(options, asker.watch(timeout_s))


class Road(Pinger):
    """A pinger over a road of which *fates* tells: what becomes of each echo in turn."""

    def __init__(self, *fates: float | Complaint | None) -> None:
        super().__init__()
        self._fates = iter(fates)

    async def ping(self, address: Address, *, size: int, source: str = "") -> Echo:
        fate = next(self._fates)
        if fate is None:
            await asyncio.Event().wait()
        if isinstance(fate, Complaint):
            return Echo(None, Heard(b"", fate))
        return Echo(fate, Heard(b""))


async def over(asker: Asker, road: Road, written: dict[str, Any]) -> Result:
    async def ours() -> Pinger:
        return road

    await asker.shared.get(Pinger, ours)
    return await ask(asker, {"host": "192.0.2.1", "interval": "1ms", **written}, 0.2)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "localhost"])
async def test_this_machine_answers(asker: Asker, host: str) -> None:
    written = {"host": host, "count": 3, "interval": "5ms", "expect": {"slowest": "1s"}}
    result = await ask(asker, written)

    assert result.outcome is Outcome.GOOD, result.detail
    assert 0 < result.duration_s < 1
    assert result.phases.first_byte_s == result.duration_s
    assert (result.phases.resolve_s is None) == (host != "localhost")


async def test_the_duration_is_the_mean_of_the_replies(asker: Asker) -> None:
    result = await over(asker, Road(0.1, 0.3), {"count": 2})

    assert result.duration_s == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("fates", "expect", "reason"),
    [
        ((None,), {}, "timeout"),
        ((0.1, None, 0.1), {}, "loss"),
        ((0.1, None, 0.1), {"lost": 1}, ""),
        ((None, None, 0.1), {"lost": 1}, "loss"),
        ((0.125, 0.25, 0.375), {"average": "250ms", "slowest": "375ms"}, ""),
        ((0.1, 0.2, 0.31), {"average": "200ms"}, "slow"),
        ((0.1, 0.2, 0.31), {"slowest": "300ms"}, "slow"),
        ((UNREACHABLE, UNREACHABLE, UNREACHABLE), {}, "unreachable"),
        ((TOO_FAR, None, None), {"lost": 2}, "hop-limit"),
        ((TOO_BIG, None), {"lost": 1}, "packet-too-big"),
        ((0.1, TOO_BIG, 0.1), {}, "loss"),
    ],
)
async def test_what_becomes_of_the_echoes_decides(
    asker: Asker, fates: tuple[float | Complaint | None, ...], expect: dict[str, Any], reason: str
) -> None:
    result = await over(asker, Road(*fates), {"count": len(fates), "expect": expect})

    assert result.reason == reason, result.detail
    if reason:
        assert result.evidence is not None


async def test_pings_at_the_same_time_get_their_own_replies(asker: Asker) -> None:
    results = await asyncio.gather(*(ask(asker, {"host": "127.0.0.1"}) for _ in range(300)))

    assert {result.outcome for result in results} == {Outcome.GOOD}


async def test_who_may_not_ping_is_told_what_it_takes(
    asker: Asker, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forbidden(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    with monkeypatch.context() as patched:
        patched.setattr("probes.ping_parts.pinger.socket.socket", forbidden)
        result = await ask(asker, {"host": "127.0.0.1"})

    assert (result.outcome, result.reason) == (Outcome.VOID, "no-permission")
    assert "CAP_NET_RAW" in result.detail


async def test_a_ping_under_way_is_void_when_the_prober_stops(asker: Asker) -> None:
    """Of multicast to nobody, nothing comes back."""
    asking = asyncio.create_task(ask(asker, {"host": "224.0.0.99"}, 60))
    await asyncio.sleep(0.05)
    await asker.shared.close()
    result = await asyncio.wait_for(asking, 1)

    assert (result.outcome, result.reason) == (Outcome.VOID, "stopped")


async def test_a_host_that_there_is_not(asker: Asker) -> None:
    result = await ask(asker, {"host": "name.invalid"})

    assert (result.outcome, result.reason) == (Outcome.BAD, "dns")


async def test_whoever_waits_when_it_is_closed_is_told() -> None:
    pinger = Pinger()
    address = Address(V4, "127.0.0.1", 0)
    pinger._socket((V4, ""))[0].setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1)
    asyncio.get_running_loop().remove_reader(pinger._socket((V4, ""))[0])
    waiting = asyncio.create_task(pinger.ping(address, size=56))
    await asyncio.sleep(0)
    await pinger.close()

    with pytest.raises(Trouble) as caught:
        await waiting
    assert (caught.value.outcome, caught.value.reason) == (Outcome.VOID, "stopped")


def ip(payload: bytes, *, options: bytes = b"") -> bytes:
    """An IPv4 packet of ICMP around *payload*."""
    words = 5 + len(options) // 4
    head = struct.pack("!BBHHHBBH4s4s", 0x40 | words, 0, 0, 0, 0, 64, 1, 0, b"\x7f\0\0\1", bytes(4))
    return head + options + payload


def reply(family: int, nonce: bytes) -> bytes:
    """What the target makes of an echo."""
    kind = 0 if family == V4 else 129
    return bytes([kind]) + echo(family, 1, nonce, 56)[1:]


@pytest.mark.parametrize("options", [b"", bytes(8)])
def test_a_reply_is_known_by_its_nonce(options: bytes) -> None:
    nonce = b"12345678"

    assert read(V4, ip(reply(V4, nonce), options=options), with_ip=True) == Heard(nonce)
    assert read(V4, reply(V4, nonce), with_ip=False) == Heard(nonce)
    assert read(V6, reply(V6, nonce), with_ip=False) == Heard(nonce)
    assert read(V4, ip(echo(V4, 1, nonce, 56)), with_ip=True) is None


@pytest.mark.parametrize(
    ("family", "kind", "complaint"),
    [
        (V4, 3, UNREACHABLE),
        (V4, 11, TOO_FAR),
        (V6, 1, UNREACHABLE),
        (V6, 2, TOO_BIG),
        (V6, 3, TOO_FAR),
    ],
)
def test_an_error_of_a_router_is_about_the_echo_inside_it(
    family: int, kind: int, complaint: Complaint
) -> None:
    nonce = b"abcdefgh"
    ours = echo(family, 1, nonce, 56)
    error = bytes([kind, 1]) + bytes(6) + (ip(ours) if family == V4 else bytes(40) + ours)
    packet = ip(error) if family == V4 else error

    heard = read(family, packet, with_ip=family == V4)

    assert heard == Heard(nonce, complaint)


@given(st.sampled_from([V4, V6]), st.booleans(), st.binary(max_size=120))
def test_no_packet_is_too_strange(family: int, with_ip: bool, packet: bytes) -> None:
    heard = read(family, packet, with_ip=with_ip)

    assert heard is None or len(heard.nonce) == NONCE


def test_a_checksum_makes_all_words_sum_to_nothing() -> None:
    packet = echo(V4, 77, b"12345678", 57) + b"\0"

    total = sum(struct.unpack(f"!{len(packet) // 2}H", packet))
    assert (total & 0xFFFF) + (total >> 16) == 0xFFFF


@pytest.mark.parametrize(
    ("written", "what"),
    [
        ({"host": "http://a/"}, "this is no host"),
        ({"host": "a", "size": "4B"}, "an echo carries 8 to 65507 bytes"),
        (
            {"host": "a", "count": 2, "expect": {"lost": 2}},
            "of 2 echoes, 2 may be lost: nothing is expected",
        ),
    ],
)
def test_mistakes_are_named(written: dict[str, Any], what: str) -> None:
    assert refusal(OPTIONS, written).what == what
