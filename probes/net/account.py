"""Who we are to a server: a name and a password."""

from __future__ import annotations

import base64
from dataclasses import dataclass

from pydantic import ConfigDict

from probes.fields import FilledText, SecretText


@dataclass(frozen=True, kw_only=True)
class Account:
    """
    Who we are.

    Attributes:
        username: The name.
        password: The password.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    username: FilledText
    password: SecretText

    @property
    def plain(self) -> str:
        """Both, as SASL PLAIN says them (RFC 4616)."""
        both = f"\0{self.username.render()}\0{self.password.reveal()}"
        return base64.b64encode(both.encode()).decode()

    @property
    def disguises(self) -> tuple[str, ...]:
        """What the password looks like on the wire, for the mask."""
        password = self.password.reveal()
        encoded = base64.b64encode(password.encode()).decode()
        return (self.plain, encoded, password.replace("\\", "\\\\").replace('"', '\\"'))
