"""What people write of what is tried before anybody is paged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Annotated, ClassVar
from urllib.parse import urlsplit

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints

from probes.fields import Duration, Refused, Secret, SecretText
from synthetics.config.forms import closed, exactly_one

NOT_LOOKED_UP = "***"

Word = Annotated[str, StringConstraints(min_length=1, pattern="^[^\\x00]+$")]
Variable = Annotated[str, StringConstraints(pattern="^[A-Za-z_][A-Za-z0-9_]*$")]


def _check_url(value: Secret | None) -> Secret | None:
    text = "" if value is None else value.reveal()
    if value is None or NOT_LOOKED_UP in text:
        return value
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise Refused(
            "this is not an http or https URL", mend="write one like https://deploy.example/restart"
        )
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Remediation:
    """
    What is tried before anybody is paged: one of the two.

    If the probe is good again in time, a ticket is written instead of a page; if not, the page
    goes out at once and says what was tried.

    Attributes:
        webhook: A URL that is asked with POST to mend it; 2xx means that it was done.
        command: A program and its arguments, without a shell between; 0 means that it was done.
        env: Variables of its environment, besides `PATH`, `HOME`, `LANG` and those that tell of
            the alert; the place for secrets, since everybody on the machine can read arguments.
        at_most: How often within an hour; further pages go out at once.
        timeout: How long the program or the answer may take, then it is stopped.
        wait: How long after its beginning the probe must be good again; longer than `timeout`.
    """

    __pydantic_config__: ClassVar[ConfigDict] = closed(oneOf=exactly_one("webhook", "command"))
    webhook: Annotated[
        SecretText | None,
        AfterValidator(_check_url),
        Field(examples=["https://deploy.example/restart"]),
    ] = None
    command: Annotated[
        list[Word] | None, Field(min_length=1, examples=[["systemctl", "restart", "shop"]])
    ] = None
    env: Annotated[
        dict[Variable, SecretText], Field(examples=[{"TOKEN": "${env:DEPLOY_TOKEN}"}])
    ] = field(default_factory=dict)
    at_most: Annotated[int, Field(ge=1, le=60, examples=[3])] = 3
    timeout: Annotated[Duration, Field(examples=["30s"])] = timedelta(seconds=30)
    wait: Annotated[Duration, Field(examples=["5m"])] = timedelta(minutes=5)
