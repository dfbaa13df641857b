"""Probe kind ``composite``: what other probes came to, taken together."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from probes.failure import Failure
from probes.fields import Refused, said
from probes.result import DETAIL_LIMIT, Evidence, Outcome, Result, StepResult
from probes.settings import exactly_one

SUMMARY = "Any, all, or at least so many of other probes, round by round: paths with redundancy."
MOST = 100


def _member(value: object) -> object:
    if not isinstance(value, str):
        raise Refused(f"{said(value)} is not a probe", mend="write the identifier of one")
    return value


Members = Annotated[
    tuple[
        Annotated[
            str,
            BeforeValidator(_member),
            WithJsonSchema({"type": "string", "examples": ["tokyo", "osaka"]}),
        ],
        ...,
    ],
    Field(min_length=1, max_length=MOST, json_schema_extra={"uniqueItems": True}),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Attributes:
        any: Probes of which one has to be good.
        all: Probes all of which have to be.
        at_least: How many of those in ``of`` have to be.
        of: These.
    """

    __pydantic_config__ = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "oneOf": exactly_one(("any", "all", "at_least")),
            "dependentRequired": {"at_least": ["of"], "of": ["at_least"]},
        },
    )

    any: Members | None = None
    all: Members | None = None
    at_least: Annotated[int, Field(ge=1, le=MOST, examples=[2])] | None = None
    of: Members | None = None

    def __post_init__(self) -> None:
        forms = [form for form in (self.any, self.all, self.at_least or self.of) if form]
        if len(forms) != 1:
            raise Refused(
                "one of `any`, `all` and `at_least` says what is needed",
                mend="write one, such as {any: [tokyo, osaka]}",
            )
        if (self.at_least is None) != (self.of is None):
            raise Refused(
                "`at_least` says how many, and `of` of which probes",
                mend="write both, as {at_least: 2, of: [tokyo, osaka, nagoya]}",
            )
        for place, name in enumerate(self.members):
            if name in self.members[:place]:
                raise Refused(f"`{name}` is here twice", mend="delete one of the two")
        if self.needed > len(self.members):
            raise Refused(
                f"of {len(self.members)} probes, {self.needed} are never good",
                mend=f"write {len(self.members)} or less",
                at=("at_least",),
            )

    @property
    def members(self) -> tuple[str, ...]:
        """The probes that it is made of."""
        return self.any or self.all or self.of or ()

    @property
    def needed(self) -> int:
        """How many of them have to be good."""
        if self.any is not None:
            return 1
        return len(self.members) if self.all is not None else self.at_least or 1

    def __str__(self) -> str:
        """In words."""
        how = "any of" if self.any else "all of" if self.all else f"at least {self.needed} of"
        return f"{how} {', '.join(self.members)}"


def steps(options: Options) -> tuple[str, ...]:
    """The probes that it is made of: what an SLO can look at by itself."""
    return options.members


def taken_together(options: Options, outcomes: Iterable[Outcome]) -> Outcome:
    """
    What *outcomes*, one for each member that is known, come to.

    A member that is void or missing may have been good or bad.  Where that would make a
    difference, nothing is known of the whole: it is void.
    """
    seen = list(outcomes)
    good, bad = seen.count(Outcome.GOOD), seen.count(Outcome.BAD)
    if good >= options.needed:
        return Outcome.GOOD
    return Outcome.BAD if len(options.members) - bad < options.needed else Outcome.VOID


def combine(options: Options, results: Mapping[str, Result]) -> Result:
    """
    The result of one round.

    It takes as long as the slowest of those that were needed: of good ones the fastest so many;
    where too few were good, the slowest of all.

    Args:
        options: How.
        results: By member; those that are missing are not known.

    Raises:
        ValueError: No member has a result.
    """
    if not results:
        raise ValueError("no member of the composite has a result")
    outcome = taken_together(options, (result.outcome for result in results.values()))
    good = sorted(r.duration_s for r in results.values() if r.outcome is Outcome.GOOD)
    known = [result.duration_s for result in results.values()]
    told = [_told(name, results.get(name)) for name in options.members]
    reason, detail, evidence = "", "", None
    if outcome is not Outcome.GOOD:
        wanted, came = f"at least {options.needed} good", f"{len(good)} good"
        failure = Failure("too-few-good", wanted, came)
        if outcome is Outcome.VOID:
            failure = Failure("members-unknown", wanted, came)
        wrong = [text for text, is_good in told if not is_good]
        reason = failure.reason
        detail = _cut(f"{len(good)} of {len(options.members)} good: {'; '.join(wrong)}")
        evidence = Evidence(
            request=_cut(str(options)),
            body="".join(f"{text}\n" for text, _ in told),
            expected=failure.expected,
            actual=failure.actual,
        )
    return Result(
        started_at=min(result.started_at for result in results.values()),
        duration_s=good[options.needed - 1] if outcome is Outcome.GOOD else max(known),
        outcome=outcome,
        reason=reason,
        detail=detail,
        steps=tuple(_step(name, results[name]) for name in options.members if name in results),
        evidence=evidence,
    )


def _step(name: str, result: Result) -> StepResult:
    return StepResult(
        name=name,
        outcome=result.outcome,
        reason=result.reason,
        detail=result.detail,
        duration_s=result.duration_s,
        phases=result.phases,
        facts=result.facts,
    )


def _told(name: str, result: Result | None) -> tuple[str, bool]:
    """What is known of one member, and whether that is good."""
    if result is None:
        return f"{name}: no sample", False
    if result.outcome is Outcome.GOOD:
        return f"{name}: good", True
    return f"{name}: {result.reason}: {result.detail}".removesuffix(": "), False


def _cut(text: str) -> str:
    return text if len(text) <= DETAIL_LIMIT else text[: DETAIL_LIMIT - 1] + "…"
