"""What is tried before anybody is paged, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from types import MappingProxyType

from probes.fields import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """
    Attributes:
        webhook: What is asked to mend it; ``None`` where a command is.
        command: A program and its arguments; empty where a webhook is asked.
        env: Variables of its environment.
        at_most: How often within an hour, >= 1; further pages go out at once.
        timeout: How long the program or the answer may take.
        wait: How long after its beginning the probe must be good again.
    """

    webhook: Secret | None = None
    command: tuple[str, ...] = ()
    env: Mapping[str, Secret] = field(default_factory=lambda: MappingProxyType({}))
    at_most: int = 3
    timeout: timedelta = timedelta(seconds=30)
    wait: timedelta = timedelta(minutes=5)

    @property
    def how(self) -> str:
        """What kind it is, a slug."""
        return "command" if self.command else "webhook"
