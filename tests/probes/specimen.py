"""What a kind brings to the conformance test."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from tests.probes.support import Speak

Target = AbstractAsyncContextManager[Any]
"""Inside it the target is there; gives what is written below the kind's key to ask it."""


@dataclass(frozen=True, kw_only=True)
class Silence:
    """A target that never answers: when it was asked, and when whoever asked had gone."""

    written: Any
    came: asyncio.Event
    gone: asyncio.Event | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """
    Attributes:
        enough_s: In which a good target is certainly looked at.
        limit_s: How long a silent target is waited for.
        at_once: Runs at the same time, all of which are done within *enough_s*.
    """

    enough_s: float = 5
    limit_s: float = 0.25
    at_once: int = 100


@dataclass(frozen=True, kw_only=True)
class Specimen:
    """
    Attributes:
        good: A target that is as it should be.
        silent: One that takes the question and never answers.
        repeating: One that fails and says back all that it was sent, the secret
            ``open & sesame`` too, in every place that might be shown; ``None`` if the kind
            sends nothing that could be secret.
        shared: Whether runs go through a resource of ``watch.shared``, which ends them.
        pace: How fast such a kind can be.
        write: What is written to ask a port of 127.0.0.1; ``None`` if it is not TCP.
        speak: What *good* says there.
    """

    good: Callable[[], Target]
    silent: Callable[[], AbstractAsyncContextManager[Silence]]
    repeating: Callable[[], Target] | None = None
    shared: bool = False
    pace: Pace = Pace()
    write: Callable[[int], Any] | None = None
    speak: Speak | None = None
