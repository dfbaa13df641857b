"""The key exchange of SSH, up to the proof that the server holds its host key (RFC 4253, 5656)."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, x25519
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    load_ssh_public_key,
)

from probes.net.stream import Stream
from probes.net.trip import Trouble
from probes.ssh_parts.wire import Fields, mpint, names, receive, send, string

KEY_TYPES: dict[str, tuple[str, ...]] = {
    "ed25519": ("ssh-ed25519",),
    "ecdsa": ("ecdsa-sha2-nistp256", "ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"),
    "rsa": ("rsa-sha2-512", "rsa-sha2-256"),
}
"""Algorithms by the type of a host key, the best first."""

_KEXINIT, _KEX_START, _KEX_REPLY = 20, 30, 31
_CIPHERS = (
    "chacha20-poly1305@openssh.com", "aes128-gcm@openssh.com", "aes256-gcm@openssh.com",
    "aes128-ctr", "aes192-ctr", "aes256-ctr",
)  # fmt: skip
_MACS = (
    "hmac-sha2-256-etm@openssh.com", "hmac-sha2-512-etm@openssh.com", "hmac-sha2-256",
    "hmac-sha2-512", "hmac-sha1",
)  # fmt: skip
_COMPRESSIONS = ("none", "zlib@openssh.com")
_DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "rsa-sha2-256": hashes.SHA256(),
    "rsa-sha2-512": hashes.SHA512(),
    "ecdsa-sha2-nistp256": hashes.SHA256(),
    "ecdsa-sha2-nistp384": hashes.SHA384(),
    "ecdsa-sha2-nistp521": hashes.SHA512(),
}
_GROUP_14 = int(
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A0879"
    "8E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B"
    "0BFF5CB6F406B7EDEE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA4836"
    "1C55D39A69163FA8FD24CF5F83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804"
    "F1746C08CA18217C32905E462E36CE3BE39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6"
    "955817183995497CEA956AE515D2261898FA051015728E5A8AACAA68FFFFFFFFFFFFFFFF",
    16,
)  # fmt: skip
"""The prime of RFC 3526, section 3; the generator is 2."""


@dataclass(frozen=True, slots=True)
class HostKey:
    """
    A host key.

    Attributes:
        type: As SSH names it, ``ssh-ed25519``.
        blob: As it is on the wire.
    """

    type: str
    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As OpenSSH shows it: ``SHA256:…``."""
        digest = base64.b64encode(hashlib.sha256(self.blob).digest()).decode()
        return f"SHA256:{digest.rstrip('=')}"


async def host_key(
    stream: Stream, ours: bytes, theirs: bytes, algorithms: tuple[str, ...]
) -> HostKey:
    """
    The host key of the server, which has proved that it holds it.

    Args:
        stream: Where both banners have been said.
        ours: Our banner, without its end of line.
        theirs: The server's.
        algorithms: Those of host keys that will do, the best first.

    Raises:
        Trouble: ``key-exchange`` if nothing is agreed on or the proof does not hold;
            ``malformed``; ``refused``; as `Stream`.
    """
    offer = _offer(algorithms)
    await send(stream, offer)
    offered = await receive(stream)
    kex, algorithm, guessed = _agree(offer, offered)
    start, finish = _METHODS[kex]()
    await send(stream, bytes([_KEX_START]) + start)
    if guessed:
        await receive(stream)
    reply = await receive(stream)
    if reply[0] != _KEX_REPLY:
        raise Trouble("malformed", f"message {reply[0]} is no answer to a key exchange")
    fields = Fields(reply[1:])
    blob, public, signature = fields.string(), fields.string(), fields.string()
    try:
        shared = finish(public)
    except ValueError:
        raise Trouble("key-exchange", "the server's half of the exchange cannot be used") from None
    said = (ours, theirs, offer, offered, blob)
    share = string(public)
    hashed = hashlib.sha256(b"".join(map(string, said)) + start + share + mpint(shared)).digest()
    _verify(algorithm, blob, signature, hashed)
    return HostKey(Fields(blob).string().decode("ascii", "replace"), blob)


def _offer(algorithms: tuple[str, ...]) -> bytes:
    lists = (tuple(_METHODS), algorithms, *([_CIPHERS] * 2), *([_MACS] * 2), *([_COMPRESSIONS] * 2))
    head = bytes([_KEXINIT]) + secrets.token_bytes(16)
    return head + b"".join(map(names, (*lists, (), ()))) + bytes(5)


def _agree(offer: bytes, offered: bytes) -> tuple[str, str, bool]:
    """Method and algorithm; and whether the server has sent a guess that is to be passed over."""
    if offered[0] != _KEXINIT:
        raise Trouble("malformed", f"message {offered[0]} does not begin a key exchange")
    own, others = Fields(offer[17:]), Fields(offered[17:])
    agreed, first = [], []
    for what in ("method of key exchange", "type of host key", *["cipher"] * 2, *["MAC"] * 2,
                 *["compression"] * 2):  # fmt: skip
        wanted, had = own.names(), others.names()
        found = next((name for name in wanted if name in had), None)
        if found is None:
            shown = ", ".join(had)
            raise Trouble("key-exchange", f"no {what} in common; the server has {shown}")
        agreed.append(found)
        first.append(had[0] == wanted[0])
    others.names(), others.names()
    follows = others.take(1) != b"\0"
    return agreed[0], agreed[1], follows and not all(first[:2])


_Finish = Callable[[bytes], int]
"""The server's half in, the shared secret out; ``ValueError`` if it cannot be used."""


def _curve25519() -> tuple[bytes, _Finish]:
    key = x25519.X25519PrivateKey.generate()

    def finish(public: bytes) -> int:
        shared = key.exchange(x25519.X25519PublicKey.from_public_bytes(public))
        return int.from_bytes(shared, "big")

    return string(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)), finish


def _nistp256() -> tuple[bytes, _Finish]:
    curve = ec.SECP256R1()
    key = ec.generate_private_key(curve)

    def finish(public: bytes) -> int:
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(curve, public)
        return int.from_bytes(key.exchange(ec.ECDH(), theirs), "big")

    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return string(point), finish


def _group14() -> tuple[bytes, _Finish]:
    secret = secrets.randbits(512)

    def finish(public: bytes) -> int:
        theirs = int.from_bytes(public, "big")
        if not 1 < theirs < _GROUP_14 - 1:
            raise ValueError("out of range")
        return pow(theirs, secret, _GROUP_14)

    return mpint(pow(2, secret, _GROUP_14)), finish


_METHODS = {
    "curve25519-sha256": _curve25519,
    "curve25519-sha256@libssh.org": _curve25519,
    "ecdh-sha2-nistp256": _nistp256,
    "diffie-hellman-group14-sha256": _group14,
}
"""Ways to exchange keys, the best first; all of them hash by SHA-256."""


def _verify(algorithm: str, blob: bytes, signature: bytes, hashed: bytes) -> None:
    fields = Fields(signature)
    by, proof = fields.string(), fields.string()
    try:
        holds = by == algorithm.encode() and _is_signed(algorithm, blob, proof, hashed)
    except (InvalidSignature, UnsupportedAlgorithm, ValueError):
        holds = False
    if not holds:
        raise Trouble("key-exchange", "the server does not prove that it holds its host key")


def _is_signed(algorithm: str, blob: bytes, proof: bytes, hashed: bytes) -> bool:
    """Whether the key is one for *algorithm*; where *proof* is not by it, that raises."""
    key = load_ssh_public_key(Fields(blob).string() + b" " + base64.b64encode(blob))
    digest = _DIGESTS.get(algorithm)
    if isinstance(key, ed25519.Ed25519PublicKey) and digest is None:
        key.verify(proof, hashed)
    elif isinstance(key, rsa.RSAPublicKey) and digest is not None:
        key.verify(proof, hashed, padding.PKCS1v15(), digest)
    elif isinstance(key, ec.EllipticCurvePublicKey) and digest is not None:
        parts = Fields(proof)
        pair = [int.from_bytes(parts.string(), "big") for _ in range(2)]
        key.verify(encode_dss_signature(*pair), hashed, ec.ECDSA(digest))
    else:
        return False
    return True
