"""Receiver ``email``: mail by SMTP over TLS, an incident a thread."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, ConfigDict, Field
from yarl import URL

from probes.fields import Refused, Template, Text
from synthetics.receivers.base import Event, Fate, Message, Verdict
from synthetics.receivers.fields import NOT_LOOKED_UP, Key
from synthetics.receivers.mail import composed
from synthetics.receivers.smtp import Post, Server, hand_over

if TYPE_CHECKING:
    import aiohttp

SUMMARY = "mail, by SMTP"

_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9.-]{1,253}")
_TOLD = frozenset({Event.TRIGGER, Event.RESOLVE})
_PORTS = {"smtp": 587, "smtps": 465}


def _check_address(text: str) -> str:
    if not _ADDRESS.fullmatch(text):
        raise Refused(
            f"{text!r} is not an address" if len(text) <= 60 else "this is not an address",
            mend="write the address alone, like oncall@shop.example",
        )
    return text


Address = Annotated[
    str,
    AfterValidator(_check_address),
    Field(json_schema_extra={"examples": ["oncall@shop.example"]}),
]


def _check_addresses(addresses: tuple[str, ...]) -> tuple[str, ...]:
    if not addresses:
        raise Refused("nobody is written to", mend="add an address")
    return addresses


def _check_url(value: Template) -> Template:
    if value.captures:
        raise Refused("nothing is captured here", mend="write ${env:NAME} or ${file:/path}")
    text = value.render()
    if NOT_LOOKED_UP in text:
        return value
    try:
        url = URL(text)
        usable = url.scheme in _PORTS and bool(url.host) and url.path in {"", "/"}
        login = url.user is not None
    except ValueError:
        usable = login = False
    if not usable:
        raise Refused(
            "this is not an smtp or smtps URL", mend="write one like smtp://mail.example:587"
        )
    if login:
        raise Refused("the login does not belong into the URL", mend="write user and password")
    return value


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Attributes:
        url: `smtp://host`, port 587, which then must speak STARTTLS, or `smtps://host`,
            port 465, which speaks TLS from the start.
        sender: Who it is from.
        to: Who is written to.
        user: To log in with; without one nobody logs in.
        password: The same.
        starttls: Whether `smtp` must become TLS.  Say no only to a relay on this machine.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    url: Annotated[Text, AfterValidator(_check_url)]
    sender: Annotated[Address, Field(alias="from")]
    to: Annotated[tuple[Address, ...], AfterValidator(_check_addresses)]
    user: str = ""
    password: Key | None = None
    starttls: bool = True

    def __post_init__(self) -> None:
        """Who logs in has both halves of a login, and says it to nobody but the server."""
        if bool(self.user) != (self.password is not None):
            raise Refused("a login is user and password", mend="write both, or neither")
        plain = self.url.render().startswith("smtp:") and not self.starttls
        if plain and self.password is not None:
            raise Refused(
                "without TLS the password could be read on the way",
                mend="take `starttls: false` out, or user and password",
            )


async def send(options: Options, message: Message, session: aiohttp.ClientSession) -> Verdict:
    """Hand one mail to the server; *session* speaks HTTP and is not needed."""
    if message.event not in _TOLD:
        return Verdict.delivered()
    del session
    own, mail = composed(message, sender=options.sender, to=options.to)
    url = URL(options.url.render())
    server = Server(
        host=url.host or "",
        port=url.port or _PORTS[url.scheme],
        tls=url.scheme == "smtps",
        starttls=options.starttls,
        user=options.user,
        password=options.password,
    )
    verdict = await hand_over(server, Post(options.sender, options.to, mail))
    if verdict.fate is not Fate.DELIVERED:
        return verdict
    return Verdict.delivered(handle=message.handle or own)
