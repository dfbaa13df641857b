"""How long changes are kept and shown, and who may hand them in, as values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from probes.fields import Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """
    What was changed in what is watched.

    Attributes:
        token: Who shows it may hand in changes from anywhere; ``None`` for this machine only.
        lately: A page names changes from so long before it began.
        keep: How long they are kept.
    """

    token: Secret | None = None
    lately: timedelta = timedelta(hours=6)
    keep: timedelta = timedelta(days=400)
