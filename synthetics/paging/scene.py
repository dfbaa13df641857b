"""What is the same for all incidents of one change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from synthetics.config.model_quiet import Incidents
from synthetics.paging.holds import Holds, Quiet
from synthetics.paging.routing import Audience
from synthetics.store.incidents import Alert

Routes = Callable[[Sequence[Alert], Sequence[int], Collection[str], int], Audience]
"""
Who is to know of an incident: of all its alerts, when it was acknowledged, who knows already, and
the present; see `synthetics.paging.routing.audience`.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """
    What is the same for all incidents of one change.

    Attributes:
        routes: Who is told.
        receivers: Those that are configured; others are owed nothing more.
        quiet: What decides how much is told.
        holds: What is held just now.
        at_ms: When this is decided.
        public_url: Where people reach the service, for links; empty for no links.
    """

    routes: Routes
    receivers: Collection[str]
    quiet: Quiet
    holds: Holds
    at_ms: int
    public_url: str

    def rules(self, service: str) -> Incidents:
        """How much is told of the incidents of *service*."""
        known = self.quiet.config.services.get(service)
        return self.quiet.config.incidents if known is None else known.incidents
