"""What asking a probe came to, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

import click

from probes.look import Look
from probes.result import Outcome, Phases, Result, StepResult, Vitals
from synthetics import words
from synthetics.cli.asking import certificates, often
from synthetics.cli.asking.ask import Seen
from synthetics.cli.asking.lines import NAME_WIDTH, fact, head, room, row, time, wrapped
from synthetics.config.describe import duration_text
from synthetics.reports.columns import left

BODY_LINES = 20
"""Lines of a body or of a conversation that are shown, the first `HEAD_LINES` and the last."""
HEAD_LINES = 6
NAMES_SHOWN = 8
"""Names of a certificate that are shown."""

_COLOURS = {"good": "green", "bad": "red", "void": "yellow", "skipped": "bright_black"}
_SIGNS = {"good": "✓", "bad": "✗", "void": "?", "skipped": "·"}
_SAID = {
    **dict.fromkeys(("http", "journey", "browser"), "body"),
    "composite": "members",
    "exec": "output",
    "ping": "replies",
}
"""What a target said, by the kind that asked it; else it is a conversation."""


def one(seen: Seen) -> Iterator[str]:
    """All of one attempt."""
    result = seen.result
    yield headline(seen)
    yield from wrapped(_detail(result), room(), indent="    ")
    rows = [line for step in result.steps for line in _step(step)]
    if not rows and result.phases != Phases():
        rows = list(row("", times(result.duration_s, result.phases)))
    if rows:
        yield ""
        yield from head()
        yield from rows
    facts = list(_facts(seen))
    if facts:
        yield ""
    for name, value in facts:
        yield from fact(name, value)


def headline(seen: Seen) -> str:
    """The verdict on one line."""
    result = seen.result
    colour = "yellow" if seen.degraded else _COLOURS[result.outcome]
    verdict = f"{result.outcome}: {result.reason}" if result.reason else str(result.outcome)
    if seen.degraded and seen.probe.within is not None:
        verdict += f", degraded: over {duration_text(seen.probe.within)}"
    return (
        f"{click.style(_SIGNS[result.outcome], fg=colour, bold=True)} "
        f"{click.style(seen.probe.id, bold=True)}  {click.style(verdict, fg=colour)}"
        f"  {time(result.duration_s)}"
    )


def many(seen: Sequence[Seen]) -> Iterator[str]:
    """How often a probe was what, how the times are spread, and the last failure whole."""
    counts = often.counts(seen)
    said = [f"{counts['good']} of {counts['asked']} good"]
    said += [f"{counts[what]} {what}" for what in ("bad", "void", "degraded") if counts[what]]
    yield f"{click.style(seen[0].probe.id, bold=True)}  {', '.join(said)}"
    spread = often.spread(seen)
    if spread:
        yield ""
        yield from head()
        for name in next(iter(spread.values())):
            each = [spread.get(column, {}).get(name) for column in ("total_s", *often.PHASES)]
            yield from row(name, each)
    failed = [each for each in seen if each.result.outcome is not Outcome.GOOD]
    if failed:
        yield ""
        yield click.style("The last that was not good:", dim=True)
        yield from one(failed[-1])


def times(total_s: float, phases: Phases) -> list[float | None]:
    """Seconds of the whole, and of each phase."""
    return [total_s, *(getattr(phases, name) for name in often.PHASES)]


def _detail(result: Result) -> str:
    """The detail, unless what was expected and what came are shown by themselves."""
    evidence = result.evidence
    apart = evidence is not None and evidence.expected and evidence.actual
    what = result.detail.removeprefix(f"{result.failed_step}: ")
    return "" if apart and what.startswith("expected ") else result.detail


def _step(step: StepResult) -> Iterator[str]:
    sign = click.style(_SIGNS[step.outcome], fg=_COLOURS[step.outcome], bold=True)
    if step.outcome == "skipped":
        yield f"    {sign} {left(step.name, NAME_WIDTH)} skipped"
        return
    yield from row(step.name, times(step.duration_s, step.phases), sign=sign)
    if step.always and step.detail:
        yield from wrapped(step.detail, room(), indent=" " * 6)


def _facts(seen: Seen) -> Iterator[tuple[str, str]]:
    result, look = seen.result, seen.look
    evidence, facts = result.evidence, result.facts
    if evidence is not None and evidence.expected:
        yield "expected", evidence.expected
    if evidence is not None and evidence.actual:
        yield "got", evidence.actual
    for request in _requests(seen):
        yield "request", request
    redirects = list(_redirects(look))
    if redirects:
        yield "redirects", "\n".join(redirects)
    if facts.status is not None:
        came = [str(facts.status), facts.protocol or "", f"from {facts.address}"]
        yield "answer", " ".join(part for part in came if part)
    elif facts.address is not None:
        yield "reached", f"{facts.address} {facts.protocol or ''}".rstrip()
    addresses = list(_addresses(look))
    if addresses:
        yield "resolved", "\n".join(addresses)
    shown = list(_handshakes(look, result.started_at))
    if shown:
        yield "TLS", "\n".join(shown)
    elif facts.certificate_expires_at is not None:
        yield "valid", _validity(facts.certificate_expires_at, result.started_at)
    if facts.vitals is not None:
        yield "vitals", vitals(facts.vitals)
    if look.remarks:
        yield "remarks", "\n".join(_less(look.remarks))
    for said in _said(seen):
        yield _SAID.get(seen.probe.kind, "said"), "\n".join(_less(said.strip("\n").splitlines()))
    if result.trace_id:
        yield "trace", result.trace_id


def _requests(seen: Seen) -> list[str]:
    """What was asked; of a journey that is well there is too much to say."""
    evidence, exchanges = seen.result.evidence, seen.look.exchanges
    if evidence is not None:
        return [evidence.request]
    if exchanges and seen.probe.kind == "http":
        return [f"{exchanges[0].method} {exchanges[0].url}"]
    return list(seen.look.said)


def _said(seen: Seen) -> list[str]:
    """What the target said: of a failure what its sample keeps, else all that there was to see."""
    evidence = seen.result.evidence
    every = [evidence.body] if evidence is not None else list(seen.look.said.values())
    if seen.probe.kind == "tls" and seen.look.handshakes:
        return []  # the certificates, which are shown by themselves
    return [said for said in every if said.strip()]


def vitals(felt: Vitals) -> str:
    """``LCP 1.2 s, FCP 480 ms, TTFB 34 ms, CLS 0.012``: what of it was measured."""
    times = (("LCP", felt.lcp_s), ("FCP", felt.fcp_s), ("TTFB", felt.ttfb_s))
    said = [f"{name} {time(seconds)}" for name, seconds in times if seconds is not None]
    said += [f"CLS {felt.cls:.3g}"] if felt.cls is not None else []
    return ", ".join(said) or "none measured"


def _less(lines: Sequence[str]) -> list[str]:
    """
    The first and the last of *lines*, and how many there are between: what went wrong in a
    conversation stands at its end.
    """
    more = len(lines) - BODY_LINES
    if more <= 0:
        return list(lines)
    between = f"… {words.many(more, 'line')} …"
    return [*lines[:HEAD_LINES], between, *lines[HEAD_LINES - BODY_LINES :]]


def _redirects(look: Look) -> Iterator[str]:
    for exchange in look.exchanges:
        if exchange.leads_to and exchange.followed:
            yield f"{exchange.status} {exchange.url} → {exchange.leads_to}"


def _addresses(look: Look) -> Iterator[str]:
    for host, addresses in look.addresses.items():
        if (host,) != addresses:
            yield f"{host}: {', '.join(addresses)}"


def _handshakes(look: Look, now: datetime) -> Iterator[str]:
    """Of each handshake what was agreed on, and the certificates that were presented."""
    shown: dict[tuple[str, ...], str] = {}
    for shake in look.handshakes:
        like = shown.setdefault(shake.chain, shake.host)
        same = f", certificates as {like}" if like != shake.host else ""
        yield f"{shake.version} {shake.cipher} with {shake.host}{same}"
        if same:
            continue
        for number, one_of in enumerate(certificates.read(shake.chain)):
            if number == 0:
                more = len(one_of.names) - NAMES_SHOWN
                names = ", ".join(one_of.names[:NAMES_SHOWN]) or "no host"
                yield f"certificate {one_of.subject}, for {names}" + (
                    f" and {more} more" if more > 0 else ""
                )
            else:
                yield f"signed by {one_of.subject}"
            yield f"  issued by {one_of.issuer}, {_validity(one_of.expires_at, now)}"


def _validity(expires_at: datetime, now: datetime) -> str:
    days = (expires_at - now).days
    if expires_at <= now:
        return f"expired {expires_at:%Y-%m-%d}, {-days} day{'s' * (days != -1)} ago"
    return f"valid for {days} more day{'s' * (days != 1)}, until {expires_at:%Y-%m-%d}"
