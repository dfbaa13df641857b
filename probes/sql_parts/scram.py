"""SCRAM-SHA-256 as PostgreSQL asks for it (RFC 5802, RFC 7677)."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import secrets
import unicodedata

from probes.net.trip import Trouble

MOST_ITERATIONS = 200_000
"""Rounds of hashing that a server may ask for, which are a tenth of a second."""


class Scram:
    """
    One login.

    Args:
        password: Ours.
    """

    def __init__(self, password: str) -> None:
        self._password = unicodedata.normalize("NFKC", password).encode()
        self._nonce = base64.b64encode(secrets.token_bytes(18)).decode()
        self._signature = b""

    def first(self) -> bytes:
        """What we say first; PostgreSQL knows our name already."""
        return f"n,,n=,r={self._nonce}".encode()

    async def answer(self, challenge: bytes) -> bytes:
        """
        The proof that we know the password.

        Raises:
            Trouble: ``login`` if the server's *challenge* is none, or asks for too much work.
        """
        said = dict(
            part.partition("=")[::2] for part in challenge.decode("utf-8", "replace").split(",")
        )
        nonce, rounds = said.get("r", ""), said.get("i", "")
        if not nonce.startswith(self._nonce) or not (rounds.isascii() and rounds.isdigit()):
            raise Trouble("login", "the server's challenge is not SCRAM's")
        if not 1 <= int(rounds[:9]) <= MOST_ITERATIONS:
            raise Trouble("login", f"the server asks for {rounds[:9]} rounds of hashing")
        try:
            salt = base64.b64decode(said.get("s", ""), validate=True)
        except ValueError:
            raise Trouble("login", "the server's challenge is not SCRAM's") from None
        salted = await asyncio.to_thread(
            hashlib.pbkdf2_hmac, "sha256", self._password, salt, int(rounds)
        )
        bare = (
            f"n=,r={self._nonce},{challenge.decode('utf-8', 'replace')},c=biws,r={nonce}".encode()
        )
        client = hmac.digest(salted, b"Client Key", "sha256")
        stamp = hmac.digest(hashlib.sha256(client).digest(), bare, "sha256")
        proof = bytes(one ^ other for one, other in zip(client, stamp, strict=True))
        self._signature = hmac.digest(hmac.digest(salted, b"Server Key", "sha256"), bare, "sha256")
        return f"c=biws,r={nonce},p={base64.b64encode(proof).decode()}".encode()

    def verify(self, last: bytes) -> None:
        """
        The server knows the password too.

        Raises:
            Trouble: ``login``.
        """
        if not hmac.compare_digest(last, b"v=" + base64.b64encode(self._signature)):
            raise Trouble("login", "the server does not prove that it knows the password")
