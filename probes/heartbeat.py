"""Probe kind ``heartbeat``: did a job report in time?  It is not asked: it tells us."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated
from uuid import UUID

from pydantic import BeforeValidator, ConfigDict, Field, ValidationInfo, WithJsonSchema

from probes.fields import Duration, Refused, Secret, parse_secret, said
from probes.heartbeat_parts.facts import State
from probes.heartbeat_parts.follower import Follower
from probes.heartbeat_parts.rhythm import MS, Rhythm
from probes.heartbeat_parts.verdict import STEPS
from probes.settings import exactly_one

__all__ = ["SUMMARY", "Options", "Rhythm", "RunTime", "follow", "steps"]

SUMMARY = (
    "A job of yours that reports to us: did it run, in time, with success, for as long as usual?"
)


def parse_uuid(value: object, info: ValidationInfo) -> Secret:
    """
    Read the secret part of a job's address.

    Raises:
        Refused: No UUID; what was there instead is not repeated.
    """
    secret = parse_secret(value, info)
    try:
        usual = str(UUID(secret.reveal().strip()))
    except ValueError:
        raise Refused("this is not a UUID", mend="make one with uuidgen") from None
    if keep := (info.context or {}).get("keep"):
        keep(usual)  # it may have been written in capitals, or without dashes
    return Secret(usual)


Uuid = Annotated[
    Secret,
    BeforeValidator(parse_uuid),
    WithJsonSchema({"type": "string", "writeOnly": True, "minLength": 4}),
]


def parse_ping_key(value: object, info: ValidationInfo) -> Secret:
    """
    Read a key that is the secret part of the addresses of several jobs.

    Raises:
        Refused: It is guessable, or no part of an address; what was there is not repeated.
    """
    secret = parse_secret(value, info)
    key = secret.reveal().strip()
    if not re.fullmatch(PING_KEY, key):
        raise Refused(
            "this is no ping key: 16 to 100 letters, digits, `-` and `_`",
            mend="make one with: openssl rand -hex 16",
        )
    if re.fullmatch(UUID_SHAPE, key, re.IGNORECASE):
        raise Refused("this is a UUID", mend="write it as `uuid`, or take another key")
    return Secret(key)


UUID_SHAPE = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
PING_KEY = r"[A-Za-z0-9_-]{16,100}"
SLUG = r"^[a-z0-9_-]{1,100}$"

PingKey = Annotated[
    Secret,
    BeforeValidator(parse_ping_key),
    WithJsonSchema({"type": "string", "writeOnly": True, "pattern": rf"\$\{{|^{PING_KEY}$"}),
]


@dataclass(frozen=True, kw_only=True)
class RunTime:
    """
    How long a run may take, from its start to its end.

    Attributes:
        at_least: One that is shorter did not do its work.
        at_most: One that is longer hangs; it is bad from then on, also before it ends.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    at_least: Annotated[Duration | None, Field(examples=["1m"])] = None
    at_most: Annotated[Duration | None, Field(examples=["30m"])] = None

    def __post_init__(self) -> None:
        if self.at_least and self.at_most and self.at_least > self.at_most:
            raise Refused("no run is that long and that short", at=("at_least",))


@dataclass(frozen=True, kw_only=True)
class Options(Rhythm):
    """
    Attributes:
        uuid: The last part of the job's address; whoever knows it can report for the job.
        ping_key: Instead of it or besides: a key of several jobs, which stands before the slug.
        slug: What the job is called behind `ping_key`; its identifier unless it is written.
        every: So long after it last began, it is due again.
        cron: It is due at the times of this expression, as Debian's cron takes it, also in the
            nights when clocks change.
        timezone: Whose clock the expression is read from.
        grace: How long after it was due a run may end.
        start_within: How long after it was due a run may start.
        run: How long a run may take.
    """

    __pydantic_config__ = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "oneOf": exactly_one(("every", "cron")),
            "anyOf": [{"required": ["uuid"]}, {"required": ["ping_key"]}],
            "dependentRequired": {"slug": ["ping_key"]},
        },
    )

    uuid: Annotated[Uuid | None, Field(examples=["${env:BACKUP_UUID}"])] = None
    ping_key: Annotated[PingKey | None, Field(examples=["${env:PING_KEY}"])] = None
    slug: Annotated[str | None, Field(pattern=SLUG, examples=["database-backup"])] = None
    grace: Annotated[Duration, Field(examples=["10m"])]
    start_within: Annotated[Duration | None, Field(examples=["2m"])] = None
    run: RunTime = field(default_factory=RunTime)

    def __post_init__(self) -> None:
        Rhythm.__post_init__(self)
        if self.uuid is None and self.ping_key is None:
            raise Refused(
                "the job has no address to report to",
                mend="write uuid, or ping_key",
            )
        if self.slug is not None and self.ping_key is None:
            raise Refused("a slug needs the key before it", mend="write ping_key", at=("slug",))
        if self.cron is not None and self.grace > self.shortest:
            raise Refused(
                f"with {said(self.cron)} it is due again before that, so nobody could tell which "
                "run is meant",
                mend="write no more than from one time to the next",
                at=("grace",),
            )
        for name, limit in (("start_within", self.start_within), ("at_most", self.run.at_most)):
            if limit is not None and limit > self.grace:
                raise Refused(
                    "that is longer than `grace`, by the end of which it must be over",
                    mend="write less, or a longer grace",
                    at=("run", name) if name == "at_most" else (name,),
                )

    def addresses(self, name: str) -> dict[str, str]:
        """Where the job *name* reports, without ``/ping/``, by the key that says so; secret."""
        found = {} if self.uuid is None else {"uuid": self.uuid.reveal()}
        if self.ping_key is not None:
            found["ping_key"] = f"{self.ping_key.reveal()}/{self.slug or name}"
        return found

    @property
    def grace_ms(self) -> int:
        """How long after it was due a run may end."""
        return self.grace // MS

    @property
    def start_ms(self) -> int | None:
        """How long after it was due a run may start; ``None`` if that is all the same."""
        return None if self.start_within is None else self.start_within // MS

    @property
    def shortest_ms(self) -> int:
        """How short a run may be."""
        return 0 if self.run.at_least is None else self.run.at_least // MS

    @property
    def longest_ms(self) -> int | None:
        """How long a run may be; ``None`` for as long as it likes."""
        return None if self.run.at_most is None else self.run.at_most // MS


def steps(_: Options) -> Sequence[str]:
    """What an SLO can look at by itself."""
    return STEPS


def follow(options: Options, *, state: State | None, since_ms: int) -> Follower:
    """
    Follow what the job says.

    Args:
        options: What is expected of it.
        state: Where following it stopped; ``None`` for one that is new.
        since_ms: From when on something is expected of a new one.
    """
    return Follower(options, state or State.new(since_ms))
