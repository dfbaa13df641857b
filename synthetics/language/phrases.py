"""Everything that a page may say, as the names of phrases; each language says them its own way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Labels:
    """What stands before each fact of a page."""

    failing: str
    since: str
    failed: str
    burn: str
    budget: str
    slo: str
    last_failure: str
    request: str
    trace: str
    location: str
    changed: str
    tried: str
    also: str
    also_failed: str
    owner: str
    opened: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """What a link of a page is called."""

    acknowledge: str
    runbook: str
    dashboard: str
    guide: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watching:
    """
    The first lines of what is wrong with the monitoring itself.

    Attributes:
        blind: A location whose guards fail.
        no_samples: A probe that nothing was stored of; *elsewhere*, that it is another location's.
        low_coverage: An SLO of which too little is known.
        undelivered: A message that somebody did not get, by why: it is `late` and tried again,
            past its `deadline`, or `refused`.
    """

    blind: str
    no_samples: str
    elsewhere: str
    low_coverage: str
    undelivered: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Taking:
    """
    The page on which an incident is taken on.

    Attributes:
        incident: Which one it is; *noticed* and *over*, since when and until when.
        refused: Above why an answer was not taken; *taken* above those that were.
        ways: By how somebody said so.
        take, take_over: Above the form, where nobody has taken it on and where somebody has.
        who, note, optional, button: Its fields.
        effect: What the button does.
        nothing_left: Instead of the form, once it is over.
    """

    incident: str
    noticed: str
    over: str
    refused: str
    taken: str
    ways: Mapping[str, str]
    take: str
    take_over: str
    who: str
    note: str
    optional: str
    button: str
    effect: str
    nothing_left: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrases:
    """
    One language.

    Attributes:
        units: For each unit of time, as `synthetics.words` writes it, what stands instead.
        times: Behind a burn rate.
        comma: Between the members of a list.
        fails, slower: The first line, where samples fail and where they are only too slow.
        at_step, because, since: Parts of it, empty where there is nothing to say.
        status: A reason: the status that came.
        where: What fails, as a fact: a probe, perhaps its step, and why.
        began: When it began, and how long it took to be noticed.
        failed: By what one event is called: how many of how many failed of late.
        burning: How fast the budget burns over both windows of a tier.
        on_evidence: Behind it, where a page takes evidence: why it fired, and what ends it.
        left, overspent, none_allowed, gone: What is left of the budget, and for how long.
        budgets: By name of an alert about a budget, its first line.
        objective: The promise: of which SLO, how much, and which tier fires.
        took: How long an answer took that was only too slow.
        before, after: A change, and how long before or after the beginning it was.
        said_by: The author behind a change; *no_more* is how many changes were left out.
        together: Behind what is wrong: how much else is, at once.
        unanswered, acknowledged: The first line where nobody took it on so far, and where somebody
            did.
        again, flapping, reminder: Before what is wrong: it began for so many times, and so often
            that it stays open, or it goes on for so long.
        held_back: Behind it: how many pages the receiver was spared.
        resolved, closed: The first line of an end: the outage is over, or nobody looks any more.
        endings: By slug, why nobody looks any more.
        reasons: By slug, why a sample is bad; where a slug is missing it stands itself.
        severities: By slug.
        remedies: By slug, what can be tried before anybody is paged.
        exit_code: How a program ended.
        tried: By what came of it, that something was tried.
        mended: The first line of a ticket instead of a page.
        drill: Before the first line of everything that is only an exercise.
        test: The first line of a test message: nothing is wrong.
        drill_ends: The first line of the end of a drill.
        watch, taking, labels, links: See there.
    """

    units: Mapping[str, str]
    times: str
    comma: str
    unknown: str
    infinite: str
    fails: str
    slower: str
    at_step: str
    because: str
    since: str
    status: str
    where: str
    began: str
    failed: Mapping[str, str]
    burning: str
    on_evidence: str
    left: str
    overspent: str
    none_allowed: str
    gone: str
    budgets: Mapping[str, str]
    objective: str
    took: str
    before: str
    after: str
    said_by: str
    no_more: str
    together: str
    unanswered: str
    acknowledged: str
    again: str
    flapping: str
    reminder: str
    held_back: str
    resolved: str
    closed: str
    endings: Mapping[str, str]
    reasons: Mapping[str, str]
    severities: Mapping[str, str]
    remedies: Mapping[str, str]
    exit_code: str
    tried: Mapping[str, str]
    mended: str
    drill: str
    test: str
    drill_ends: str
    watch: Watching
    taking: Taking
    labels: Labels
    links: Links
