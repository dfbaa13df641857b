"""Who we are at a broker: SASL by PLAIN and by SCRAM (KIP-43, KIP-84, KIP-152)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import ConfigDict

from probes.fields import FilledText, SecretText
from probes.kafka_parts.errors import refusal
from probes.kafka_parts.wire import SASL_AUTHENTICATE, SASL_HANDSHAKE, Line, blob, text
from probes.net.scram import Scram
from probes.net.trip import Trouble

Mechanism = Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"]


@dataclass(frozen=True, kw_only=True)
class Login:
    """
    Who we are.

    Attributes:
        username: The name.
        password: The password.
        mechanism: How to say it: ``PLAIN`` sends the password as it is, the others prove it.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    username: FilledText
    password: SecretText
    mechanism: Mechanism

    async def at(self, line: Line) -> None:
        """
        Log in at the broker of *line*.

        Raises:
            Trouble: ``login``; as `Line.ask`.
        """
        answer = await line.ask(SASL_HANDSHAKE, text(self.mechanism))
        code = answer.number(2)
        if code == 33:
            known = ", ".join(answer.text() for _ in answer.items(2)) or "nothing"
            raise Trouble("login", f"{line.name} takes {known}, and not {self.mechanism}")
        if code:
            raise refusal(code, f"{line.name} to a login by {self.mechanism}")
        if self.mechanism == "PLAIN":
            both = f"\0{self.username.render()}\0{self.password.reveal()}"
            await self._say(line, both.encode())
            return
        digest: Literal["sha256", "sha512"] = "sha512" if "512" in self.mechanism else "sha256"
        scram = Scram(self.password.reveal(), username=self.username.render(), digest=digest)
        challenge = await self._say(line, scram.first())
        scram.verify(await self._say(line, await scram.answer(challenge)))

    async def _say(self, line: Line, said: bytes) -> bytes:
        answer = await line.ask(SASL_AUTHENTICATE, blob(said))
        code, message = answer.number(2), answer.text()
        if code == 58:
            raise Trouble("login", f"{line.name} does not take our login: {message}")
        if code:
            raise refusal(code, f"{line.name} to our login")
        return answer.blob()
