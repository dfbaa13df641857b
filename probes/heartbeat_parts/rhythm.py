"""When a job is due: each so often after it last began, or by a cron expression in a time zone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from itertools import islice, pairwise
from typing import Annotated
from zoneinfo import ZoneInfo, available_timezones

from cronsim import CronSim, CronSimError
from pydantic import BeforeValidator, ConfigDict, Field, WithJsonSchema

from probes.fields import Duration, Refused, said
from probes.settings import exactly_one

MS = timedelta(milliseconds=1)

A_FRIDAY = datetime(2027, 1, 1, tzinfo=UTC)
"""From here on an expression is looked at: a weekend comes early, so it is among the gaps."""

LOOKED_AT, AT_LEAST, FURTHEST = 1000, 3, timedelta(days=400)
"""Times of an expression: at most so many, at least so few, otherwise no further than this."""

EARLY_MS = 60_000
"""A job may begin this early by its own clock, or a quarter of the gap before if that is less."""


def parse_cron(value: object) -> str:
    """
    Read ``0 3 * * *``: the five fields of cron.

    Raises:
        Refused: Something else, or what no calendar ever shows.
    """
    if not isinstance(value, str):
        raise Refused(f"{said(value)} is not text", mend='put it in quotes: "0 3 * * *"')
    fields = value.split()
    if len(fields) != 5:
        raise Refused(
            f"{said(value)} has {len(fields)} fields, and cron has five",
            mend='write minute, hour, day, month and weekday, such as "0 3 * * *"',
        )
    written = " ".join(fields)
    try:
        next(CronSim(written, A_FRIDAY))
    except CronSimError as error:
        raise Refused(f"{said(value)} is no cron expression: {error}") from None
    except StopIteration:
        raise Refused(f"{said(value)} never comes", mend="write a day that there is") from None
    return written


def parse_zone(value: object) -> ZoneInfo:
    """
    Read the name of a time zone.

    Raises:
        Refused: Not known to the system or to the package `tzdata`.
    """
    if not isinstance(value, str) or value not in available_timezones():
        raise Refused(f"{said(value)} is not a time zone", mend="write it as Asia/Tokyo")
    return ZoneInfo(value)


Cron = Annotated[
    str,
    BeforeValidator(parse_cron),
    WithJsonSchema({"type": "string", "examples": ["0 3 * * *"]}),
]
Zone = Annotated[
    ZoneInfo,
    BeforeValidator(parse_zone),
    WithJsonSchema({"type": "string", "examples": ["Asia/Tokyo"]}),
]


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """
    When a job is due: one of the first two.

    Attributes:
        every: So long after it last began.
        cron: At the times of this expression, as Debian's cron takes it, also in the nights
            when clocks change.
        timezone: Whose clock the expression is read from.
    """

    __pydantic_config__ = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": exactly_one(("every", "cron"))}
    )

    every: Annotated[Duration | None, Field(examples=["1h"])] = None
    cron: Annotated[Cron | None, Field(examples=["0 3 * * *"])] = None
    timezone: Annotated[Zone, Field(examples=["Asia/Tokyo"])] = field(
        default_factory=lambda: ZoneInfo("UTC")
    )

    def __post_init__(self) -> None:
        if self.every is not None and self.cron is not None:
            raise Refused(
                "`every` and `cron` both say when it is due", mend="leave one of them out"
            )
        if self.every is None and self.cron is None:
            raise Refused(
                "nothing says when it is due", mend='add `every: 1h` or `cron: "0 3 * * *"`'
            )
        if self.every is not None and self.every < timedelta(seconds=1):
            raise Refused("that is too often", mend="write 1s or more", at=("every",))

    @property
    def longest(self) -> timedelta:
        """The interval; of an expression the longest time from one of its times to the next."""
        return _gaps(self.cron)[1] if self.cron is not None else self.every or timedelta()

    @property
    def shortest(self) -> timedelta:
        """The interval; of an expression the shortest time from one of its times to the next."""
        return _gaps(self.cron)[0] if self.cron is not None else self.every or timedelta()

    @property
    def every_ms(self) -> int:
        """The interval; 0 for an expression."""
        return 0 if self.every is None else self.every // MS

    @property
    def early_ms(self) -> int:
        """How much before a time of the expression a run may begin that is meant for it."""
        return min(EARLY_MS, self.shortest // MS // 4)

    def next_ms(self, after_ms: int) -> int:
        """The first time of the expression strictly after *after_ms*."""
        assert self.cron is not None
        # In the night when clocks go forward two times can fall on one instant.
        after = datetime.fromtimestamp(after_ms // 1000, tz=self.timezone)
        for due in CronSim(self.cron, after):
            due_ms = round(due.timestamp()) * 1000
            if due_ms > after_ms:
                return due_ms
        raise AssertionError("parse_cron has seen that there is always a next one")

    def __str__(self) -> str:
        return f"{self.every_ms} ms" if self.cron is None else f"{self.cron} {self.timezone.key}"


@lru_cache(maxsize=4096)
def _gaps(cron: str) -> tuple[timedelta, timedelta]:
    """The shortest and the longest time between two times of *cron*, where no clock changes."""
    each = [later - one for one, later in pairwise(_times(cron))]
    return min(each), max(each)


def _times(cron: str) -> Iterator[datetime]:
    for number, due in enumerate(islice(CronSim(cron, A_FRIDAY), LOOKED_AT)):
        yield due
        if number >= AT_LEAST and due - A_FRIDAY > FURTHEST:
            return
