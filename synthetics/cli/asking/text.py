"""What asking a probe came to, for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from textwrap import wrap

import click

from probes.look import Look
from probes.result import Outcome, Phases, Result, StepResult
from synthetics.cli.asking import certificates, often
from synthetics.cli.asking.ask import Seen
from synthetics.config.describe import duration_text

WIDTH = 80
NAME_WIDTH = 21
BODY_LINES = 20
"""Lines of a body or of a conversation that are shown."""
NAMES_SHOWN = 8
"""Names of a certificate that are shown."""

_COLOURS = {"good": "green", "bad": "red", "void": "yellow", "skipped": "bright_black"}
_SIGNS = {"good": "✓", "bad": "✗", "void": "?", "skipped": "·"}
_HEADS = ("total", "resolve", "connect", "tls", "first", "rest")
_LEFT = 15
"""Columns before a value: its name, and space around it."""


def one(seen: Seen) -> Iterator[str]:
    """All of one attempt."""
    result = seen.result
    yield headline(seen)
    for line in wrap(_detail(result), WIDTH - 4):
        yield f"    {line}"
    rows = [_step(step) for step in result.steps]
    if not rows and result.phases.connect_s is not None:
        rows = [f"      {'':{NAME_WIDTH}}{times(result.duration_s, result.phases)}"]
    if rows:
        yield ""
        yield head()
        yield from rows
    facts = list(_facts(seen))
    if facts:
        yield ""
    for name, value in facts:
        yield from _fact(name, value)


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
        yield head()
        for name in next(iter(spread.values())):
            each = [spread.get(column, {}).get(name) for column in ("total_s", *often.PHASES)]
            yield f"      {name:{NAME_WIDTH}}{_row(each)}"
    failed = [each for each in seen if each.result.outcome is not Outcome.GOOD]
    if failed:
        yield ""
        yield click.style("The last that was not good:", dim=True)
        yield from one(failed[-1])


def head() -> str:
    """The names of the columns of `times`."""
    columns = "".join(title.rjust(8) for title in _HEADS)
    return click.style(f"      {'':{NAME_WIDTH}}{columns}", dim=True)


def times(total_s: float, phases: Phases) -> str:
    """One row: the whole, and each phase."""
    return _row([total_s, *(getattr(phases, name) for name in often.PHASES)])


def _row(each: Sequence[float | None]) -> str:
    return "".join((time(value) if value is not None else "–").rjust(8) for value in each)


def time(seconds: float) -> str:
    """A duration in at most seven characters."""
    if seconds >= 9.9995:
        return f"{seconds:.1f} s"
    if seconds >= 0.00995:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds * 1000:.1f} ms"


def _detail(result: Result) -> str:
    """The detail, unless what was expected and what came are shown by themselves."""
    evidence = result.evidence
    apart = evidence is not None and evidence.expected and evidence.actual
    what = result.detail.removeprefix(f"{result.failed_step}: ")
    return "" if apart and what.startswith("expected ") else result.detail


def _step(step: StepResult) -> str:
    sign = click.style(_SIGNS[step.outcome], fg=_COLOURS[step.outcome], bold=True)
    name = step.name if len(step.name) <= NAME_WIDTH else step.name[: NAME_WIDTH - 1] + "…"
    if step.outcome == "skipped":
        return f"    {sign} {name:{NAME_WIDTH}} skipped"
    row = f"    {sign} {name:{NAME_WIDTH}}{times(step.duration_s, step.phases)}"
    if not (step.always and step.detail):
        return row
    return "\n".join([row, *(f"      {line}" for line in wrap(step.detail, WIDTH - 6))])


def _facts(seen: Seen) -> Iterator[tuple[str, str]]:
    result, look = seen.result, seen.look
    evidence, facts = result.evidence, result.facts
    if evidence is not None and evidence.expected:
        yield "expected", evidence.expected
    if evidence is not None and evidence.actual:
        yield "got", evidence.actual
    if evidence is not None and evidence.request:
        yield "request", evidence.request
    redirects = list(_redirects(look))
    if redirects:
        yield "redirects", "\n".join(redirects)
    if facts.status is not None:
        came = [str(facts.status), facts.protocol or "", f"from {facts.address}"]
        yield "answer", " ".join(part for part in came if part)
    elif facts.address is not None:
        yield "reached", facts.address
    addresses = list(_addresses(look))
    if addresses:
        yield "resolved", "\n".join(addresses)
    shown = list(_handshakes(look, result.started_at))
    if shown:
        yield "TLS", "\n".join(shown)
    elif facts.certificate_expires_at is not None:
        yield "valid", _validity(facts.certificate_expires_at, result.started_at)
    if evidence is not None and evidence.body.strip():
        lines = evidence.body.strip("\n").splitlines()
        less = [f"… and {len(lines) - BODY_LINES} more lines"] if len(lines) > BODY_LINES else []
        yield "body", "\n".join([*lines[:BODY_LINES], *less])
    if result.trace_id:
        yield "trace", result.trace_id


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


def _fact(name: str, value: str) -> Iterator[str]:
    """A name and its value; the line breaks of the value stay."""
    shown = click.style(f"{name:9}", dim=True)
    for line in value.splitlines() or [""]:
        plain = "".join(char if char.isprintable() else " " for char in line)
        indent = plain[: len(plain) - len(plain.lstrip())][: WIDTH // 4]
        for piece in wrap(
            plain.strip(),
            WIDTH - _LEFT,
            initial_indent=indent,
            subsequent_indent=indent,
            break_on_hyphens=False,
        ) or [""]:
            yield f"    {shown}  {piece}".rstrip()
            shown = " " * 9
