"""English."""

from __future__ import annotations

from synthetics import reasons
from synthetics.language.phrases import Labels, Links, Phrases

ENGLISH = Phrases(
    units={"d": "d", "h": "h", "m": "m", "s": "s", "ms": "ms"},
    times="×",
    comma=", ",
    unknown="unknown",
    infinite="infinitely fast",
    fails="{service}: {what} fails{step}{why}{since}",
    slower="{service}: {what} is slower than {bound}{since}",
    at_step=" at step {step}",
    because=" ({why})",
    since=" since {when}",
    status="status {status}",
    where="{what}{step}{why}",
    began="{when}, noticed after {time}",
    failed={
        "sample": "{failed} of {valid} samples failed in the last {window}",
        "round": "{failed} of {valid} rounds failed in the last {window}",
    },
    burning="{long} over {long_window} and {short} over {short_window}, fires above {factor}",
    left="{share} left",
    overspent="overspent: {share} used",
    none_allowed="none was allowed, and some failed",
    gone="{left}, gone in {time} at this rate",
    objective="{slo} {objective}, tier {tier}",
    took="took {time}",
    before="{when}, {time} before it began: {what}",
    after="{when}, {time} after it began: {what}",
    said_by="{what} ({author})",
    no_more="and {count} more",
    resolved="Resolved after {time}: {summary}",
    closed="Closed, {why}: {summary}",
    endings={
        "slo-removed": "its SLO is no longer configured",
        "slo-moved": "its SLO belongs to another service now",
        "policy-changed": "its alert policy no longer has this tier",
        "rerouted": "others are told now",
    },
    reasons=reasons.SAID,
    severities={"page": "page", "ticket": "ticket", "log": "log"},
    drill="TEST: {summary}",
    test="nothing is wrong with {service}; this shows that a {severity} arrives",
    drill_ends="the drill is over, nothing was wrong with {service}",
    labels=Labels(
        failing="Fails",
        since="Since",
        failed="How bad",
        burn="Burn rate",
        budget="Error budget",
        slo="SLO",
        last_failure="Last failure",
        request="Request id",
        trace="Trace id",
        location="Asked from",
        changed="Changed lately",
        tried="Tried already",
        also="Also firing",
        owner="Owner",
        opened="Incident",
    ),
    links=Links(
        runbook="Runbook", dashboard="Dashboard", guide="On-call guide", status="Status page"
    ),
)
