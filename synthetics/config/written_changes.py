"""What people write of changes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, ClassVar

from pydantic import AfterValidator, ConfigDict, Field

from probes.fields import Duration, Refused, Secret, SecretText
from synthetics.config.forms import closed

SHORTEST_TOKEN = 16
NOT_LOOKED_UP = "***"


def _check_token(value: Secret) -> Secret:
    text = value.reveal()
    if NOT_LOOKED_UP in text:
        return value
    if len(text) < SHORTEST_TOKEN or not text.isascii() or not text.isprintable() or " " in text:
        raise Refused(
            f"a token is one word of at least {SHORTEST_TOKEN} ASCII characters",
            mend="make one with: openssl rand -hex 20",
        )
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """
    What was changed in what is watched, such as a deploy, handed in so that pages can name it.

    Attributes:
        token: Who shows it may hand in changes from anywhere; without one, only commands on
            this machine may.
        lately: A page names changes from so long before it began.
        keep: How long they are kept, at least as long as `lately`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed()
    token: Annotated[
        SecretText | None,
        AfterValidator(lambda value: value and _check_token(value)),
        Field(examples=["${env:CHANGES_TOKEN}"]),
    ] = None
    lately: Annotated[Duration, Field(examples=["6h"])] = timedelta(hours=6)
    keep: Annotated[Duration, Field(examples=["400d"])] = timedelta(days=400)
