"""A target for the kind ``ssh``: a server as far as its host key."""

from __future__ import annotations

import asyncio
import hashlib

from cryptography.hazmat.primitives.asymmetric import ed25519, x25519
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from probes.ssh_parts.wire import Fields, mpint, names, string

_BANNER = b"SSH-2.0-specimen"
_KEY = ed25519.Ed25519PrivateKey.generate()
_OFFER = (
    bytes([20])
    + bytes(16)
    + b"".join(
        names([name])
        for name in (
            "curve25519-sha256", "ssh-ed25519", *["aes128-ctr"] * 2, *["hmac-sha2-256"] * 2,
            *["none"] * 2, "", "",
        )
    )
    + bytes(5)
)  # fmt: skip


def _packet(payload: bytes) -> bytes:
    padding = 16 - (5 + len(payload)) % 8
    size = (1 + len(payload) + padding).to_bytes(4, "big")
    return size + bytes([padding]) + payload + bytes(padding)


async def _payload(reader: asyncio.StreamReader) -> bytes:
    packet = await reader.readexactly(int.from_bytes(await reader.readexactly(4), "big"))
    return packet[1 : -packet[0]]


async def welcome(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Proves that it holds its key."""
    writer.write(_BANNER + b"\r\n" + _packet(_OFFER))
    theirs = (await reader.readline()).rstrip()
    offered = await _payload(reader)
    public = Fields((await _payload(reader))[1:]).string()
    own = x25519.X25519PrivateKey.generate()
    share = own.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    shared = own.exchange(x25519.X25519PublicKey.from_public_bytes(public))
    raw = _KEY.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    blob = string(b"ssh-ed25519") + string(raw)
    said = b"".join(map(string, (theirs, _BANNER, offered, _OFFER, blob, public, share)))
    hashed = hashlib.sha256(said + mpint(int.from_bytes(shared, "big"))).digest()
    signature = string(b"ssh-ed25519") + string(_KEY.sign(hashed))
    writer.write(_packet(bytes([31]) + string(blob) + string(share) + string(signature)))
    await writer.drain()
    await reader.read()
