"""What is expected of a whole run, held against it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from probes.browser_parts.written import Expect
from probes.net.trip import Unmet
from probes.result import Vitals

if TYPE_CHECKING:
    from probes.browser_parts.window import Window


def judge(expect: Expect, worst: Vitals | None, window: Window) -> None:
    """
    The first expectation that does not hold.

    Raises:
        Unmet: What was expected, and what was seen.
    """
    seen = worst or Vitals()
    times = (("LCP", expect.lcp, seen.lcp_s), ("FCP", expect.fcp, seen.fcp_s))
    for name, bound, seconds in (*times, ("TTFB", expect.ttfb, seen.ttfb_s)):
        if bound is None:
            continue
        limit_s = bound.under.total_seconds()
        if seconds is None:
            raise Unmet("vitals", f"{name} under {limit_s:g} s", "none measured")
        if seconds >= limit_s:
            raise Unmet("vitals", f"{name} under {limit_s:g} s", f"{seconds:.3f} s")
    if expect.cls is not None and (seen.cls is None or seen.cls >= expect.cls.under):
        got = "none measured" if seen.cls is None else f"{seen.cls:.3f}"
        raise Unmet("vitals", f"CLS under {expect.cls.under:g}", got)
    if expect.console_errors is not None and window.console_errors > expect.console_errors:
        wanted = f"at most {expect.console_errors} errors in the console"
        raise Unmet("console", wanted, _counted(window.console_errors, window, "console: "))
    if expect.failed_requests is not None and window.failed_requests > expect.failed_requests:
        wanted = f"at most {expect.failed_requests} failed requests"
        raise Unmet("requests", wanted, _counted(window.failed_requests, window, "request: "))


def _counted(count: int, window: Window, kind: str) -> str:
    first = next((line.removeprefix(kind) for line in window.lines if line.startswith(kind)), "")
    return f"{count}, the first: {first}"
