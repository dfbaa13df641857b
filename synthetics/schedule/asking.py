"""The frame in which one probe is asked, the same for the service and for the command line."""

from __future__ import annotations

from probes.watch import Shared, Watch
from synthetics.clock import Clock
from synthetics.config.model import Config, Probe


def watch_of(probe: Probe, config: Config, *, clock: Clock, shared: Shared) -> Watch:
    """A new frame for one attempt of *probe*."""
    return Watch(
        clock=clock,
        timeout_s=probe.timeout.total_seconds(),
        shared=shared,
        mask=config.mask,
        denied=config.denied,
        allowed=config.allowed,
        source=probe.source,
    )
