"""SCRAM: a login that proves the password and does not send it (RFC 5802, RFC 7677)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import unicodedata
from typing import Literal

from probes.net.trip import Trouble

MOST_ITERATIONS = 200_000
"""Rounds of hashing that a server may ask for, which are a tenth of a second, or two."""


class Scram:
    """
    One login.

    Args:
        password: Ours.
        username: Our name; empty where the server knows it already, as PostgreSQL does.
        digest: What hashes.
    """

    def __init__(
        self, password: str, *, username: str = "", digest: Literal["sha256", "sha512"] = "sha256"
    ) -> None:
        self._password = unicodedata.normalize("NFKC", password).encode()
        self._digest = digest
        nonce = base64.b64encode(secrets.token_bytes(18)).decode()
        name = username.replace("=", "=3D").replace(",", "=2C")
        self._nonce = nonce
        self._bare = f"n={name},r={nonce}"
        self._signature = b""

    def first(self) -> bytes:
        """What we say first."""
        return f"n,,{self._bare}".encode()

    async def answer(self, challenge: bytes) -> bytes:
        """
        The proof that we know the password.

        Raises:
            Trouble: ``login`` if the server's *challenge* is none, or asks for too much work.
        """
        told = challenge.decode("utf-8", "replace")
        said = dict(part.partition("=")[::2] for part in told.split(","))
        nonce, rounds = said.get("r", ""), said.get("i", "")
        if not nonce.startswith(self._nonce) or not (rounds.isascii() and rounds.isdigit()):
            raise Trouble("login", "the server's challenge is not SCRAM's")
        if len(rounds) > 9 or not 1 <= int(rounds) <= MOST_ITERATIONS:
            raise Trouble("login", f"the server asks for {rounds[:9]} rounds of hashing")
        try:
            salt = base64.b64decode(said.get("s", ""), validate=True)
        except ValueError:
            raise Trouble("login", "the server's challenge is not SCRAM's") from None
        salted = await asyncio.to_thread(
            hashlib.pbkdf2_hmac, self._digest, self._password, salt, int(rounds)
        )
        bare = f"{self._bare},{told},c=biws,r={nonce}".encode()
        client = self._keyed(salted, b"Client Key")
        stamp = self._keyed(hashlib.new(self._digest, client).digest(), bare)
        proof = bytes(one ^ other for one, other in zip(client, stamp, strict=True))
        self._signature = self._keyed(self._keyed(salted, b"Server Key"), bare)
        return f"c=biws,r={nonce},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, last: bytes) -> None:
        """
        The server knows the password too.

        Raises:
            Trouble: ``login``.
        """
        proof = b"v=" + base64.b64encode(self._signature)
        if not self._signature or not hmac.compare_digest(last, proof):
            raise Trouble("login", "the server does not prove that it knows the password")

    def _keyed(self, key: bytes, message: bytes) -> bytes:
        return hmac.digest(key, message, self._digest)
