"""What people write of alerts about a budget itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

from pydantic import ConfigDict, Field

from probes.fields import Duration
from synthetics.config.forms import closed
from synthetics.config.scalars import Percent

Tells = Literal["page", "ticket", "log", "none"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Low:
    """
    Little is left.

    Attributes:
        severity: Whom it tells; `none` turns it off.
        below: It fires when less than this share of the budget is left.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    severity: Tells = "ticket"
    below: Annotated[Percent | None, Field(json_schema_extra={"default": "25%"})] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Exhausted:
    """
    Nothing is left.

    Attributes:
        severity: Whom it tells; `none` turns it off.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    severity: Tells = "ticket"


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """
    Nothing will be left before the window ends, if it goes on as of late.

    Attributes:
        severity: Whom it tells; `none` turns it off.
        over: How far back the pace is taken from, and how far ahead a window that moves on is
            foretold; a tenth of the window if it is not written.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    severity: Tells = "ticket"
    over: Annotated[Duration | None, Field(examples=["3d"])] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """
    Alerts about the budget itself, beside the tiers.

    Attributes:
        low: Little is left; off if it is not written.
        exhausted: Nothing is left; a ticket if it is not written.
        forecast: Nothing will be left before the window ends; off if it is not written.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    low: Low | None = None
    exhausted: Exhausted | None = None
    forecast: Forecast | None = None
