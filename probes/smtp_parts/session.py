"""A session of SMTP over a bounded stream (RFC 5321, RFC 4954)."""

from __future__ import annotations

import base64

from probes.net.account import Account
from probes.net.starttls import read_reply
from probes.net.stream import Stream
from probes.net.transcript import Transcript
from probes.net.trip import Trouble


class Session:
    """
    What is asked of a server, and what it says.

    Args:
        stream: To the server.
        transcript: Where what is said goes.

    Attributes:
        offers: The extensions that it announced, in capitals, such as ``AUTH PLAIN LOGIN``.
    """

    def __init__(self, stream: Stream, transcript: Transcript) -> None:
        self._stream = stream
        self._transcript = transcript
        self.offers: tuple[str, ...] = ()

    async def greet(self, name: str, *, greeted: bool) -> None:
        """
        Hear the greeting, unless that is done, and say that we are *name*.

        Raises:
            Trouble: ``refused``, ``malformed``; as `Stream`.
        """
        if not greeted:
            await self._heard("the greeting", "2", reason="refused")
        lines = await self.ask(f"EHLO {name}")
        self.offers = tuple(line[4:].strip().upper() for line in lines[1:])

    async def log_in(self, account: Account) -> None:
        """
        Say who we are.

        Raises:
            Trouble: ``login``; as `greet`.
        """
        ways = {word for offer in self.offers if offer.startswith("AUTH") for word in offer.split()}
        if "PLAIN" in ways:
            await self.ask(f"AUTH PLAIN {account.plain}", reason="login", told="AUTH PLAIN ***")
        elif "LOGIN" in ways:
            await self.ask("AUTH LOGIN", "3", reason="login")
            for part, good in ((account.username.render(), "3"), (account.password.reveal(), "2")):
                said = base64.b64encode(part.encode()).decode()
                await self.ask(said, good, reason="login", told="***")
        else:
            raise Trouble("login", "the server takes no password, at least not unencrypted")

    async def ask(
        self, line: str, good: str = "2", *, reason: str = "refused", told: str = ""
    ) -> list[str]:
        """
        The lines that answer *line*.

        Args:
            line: One line.
            good: The digit that the code of a good answer begins with.
            reason: Of the trouble if the answer has another.
            told: What the transcript says instead of *line*, where that is secret.

        Raises:
            Trouble: *reason*, ``malformed``; as `Stream`.
        """
        self._transcript.said(told or line)
        await self._stream.write(line.encode() + b"\r\n")
        return await self._heard(told or line, good, reason=reason)

    async def send(self, sender: str, recipient: str, mail: bytes) -> None:
        """
        Hand over *mail*, of which no line begins with a dot.

        Raises:
            Trouble: ``refused``, ``malformed``; as `Stream`.
        """
        await self.ask(f"MAIL FROM:<{sender}>")
        await self.ask(f"RCPT TO:<{recipient}>")
        await self.ask("DATA", "3")
        self._transcript.said("(the mail)")
        await self._stream.write(mail + b".\r\n")
        await self._heard("the mail", "2", reason="refused")

    async def leave(self) -> None:
        """
        Say goodbye, and wait for no answer.

        Raises:
            Trouble: ``reset``.
        """
        await self._stream.write(b"QUIT\r\n")

    async def _heard(self, what: str, good: str, *, reason: str) -> list[str]:
        reply = await read_reply(self._stream, f"an answer of SMTP to {what}")
        lines = [line.decode("utf-8", "replace") for line in reply]
        self._transcript.heard("".join(f"{line}\n" for line in lines))
        if lines[0][0] != good:
            raise Trouble(reason, f"{what}: {lines[0]}")
        return lines
