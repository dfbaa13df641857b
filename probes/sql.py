"""Probe kind ``sql``: does a database take us, and answer a query as it should?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydantic import ConfigDict

from probes.expect import CertificateExpectation
from probes.expect_count import CountExpectation
from probes.expect_json import ValueExpectation
from probes.fields import FilledText, Refused, SecretText
from probes.judge_json import judge_values
from probes.net.certificates import refuse_without_tls
from probes.net.conversation import Conversation
from probes.net.starttls import Protocol, ask_for_tls
from probes.net.stream import Stream
from probes.net.target import HostPort, Target
from probes.net.trip import Unmet
from probes.result import Result
from probes.settings import Encryption, Family, exactly_one
from probes.sql_parts import mysql, postgresql
from probes.sql_parts.table import Inquiry, Table
from probes.watch import Watch

SUMMARY = "A query to PostgreSQL or MySQL, and its answer."
LIMIT = 1 << 20
"""Most bytes that the target may say in one run."""

SOURCE = True
"""Whether it can be asked from an address of choice."""

_DIALECTS = ("postgresql", "mysql")
_SHOWN_ROWS = 5


@dataclass(frozen=True, kw_only=True)
class Login:
    """
    Who we are.

    Attributes:
        username: The name.
        password: The password, if the server wants one.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    username: FilledText
    password: SecretText | None = None


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold; all that is given.

    Attributes:
        rows: How many there are.
        value: The first column of the first row.
        columns: By name, that column in every row, of which there must be one.
        certificate: What the target's certificate must be.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    rows: CountExpectation = ()
    value: ValueExpectation = ()
    columns: Mapping[str, ValueExpectation] = field(default_factory=dict)
    certificate: CertificateExpectation | None = None


@dataclass(frozen=True, kw_only=True)
class Options:
    """
    Attributes:
        postgresql: Where to, ``host:port``, if that speaks as PostgreSQL does.
        mysql: Where to, ``host:port``, if that speaks as MySQL does.
        ip: Which addresses to use.
        tls: Encrypt before logging in; ``true``, or how.
        login: Who we are.
        database: Which one to ask; without it, the one that the server gives us.
        query: One statement.
        read_only: Whether the server shall refuse to change anything.
        expect: What must hold.
    """

    __pydantic_config__ = ConfigDict(
        extra="forbid", json_schema_extra={"oneOf": exactly_one(_DIALECTS)}
    )

    postgresql: HostPort | None = None
    mysql: HostPort | None = None
    ip: Family = "any"
    tls: Encryption | None = None
    login: Login
    database: FilledText | None = None
    query: FilledText | None = None
    read_only: bool = True
    expect: Expect = field(default_factory=Expect)

    def __post_init__(self) -> None:
        if sum(getattr(self, name) is not None for name in _DIALECTS) != 1:
            raise Refused("a query goes to one database", mend="write postgresql or mysql")
        refuse_without_tls(self.expect.certificate, self.tls is not None)

    @property
    def connect(self) -> Target:
        """Where to."""
        where = self.postgresql or self.mysql
        assert where is not None
        return where

    @property
    def told(self) -> str:
        """What is asked, as it may be shown."""
        return "SELECT 1" if self.query is None else str(self.query)


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Connect, log in, ask once, and hang up."""
    talk = Conversation(f"{options.told} to {options.connect}", watch)
    return await talk.result(_Visit(options, talk).make())


class _Visit:
    """One run, with one database."""

    def __init__(self, options: Options, talk: Conversation) -> None:
        self._options = options
        self._talk = talk

    async def make(self) -> None:
        """Log in, ask, and look at the answer."""
        options, talk = self._options, self._talk
        async with talk.stream(options.connect, limit=LIMIT, ip=options.ip) as stream:
            if options.postgresql is not None and options.tls is not None:
                await ask_for_tls(stream, Protocol.POSTGRES, talk.trip)
                await self._encrypt(stream)
            table = await self._ask(stream)
        talk.transcript.heard(_shown(table))
        self._judge(table)

    async def _ask(self, stream: Stream) -> Table:
        options, login = self._options, self._options.login
        trip = self._talk.trip
        inquiry = Inquiry(
            username=login.username.render(),
            password=login.password.reveal() if login.password is not None else None,
            database=options.database.render() if options.database is not None else None,
            query=options.query.render() if options.query is not None else "SELECT 1",
            read_only=options.read_only,
            limit_s=max(0.001, trip.watch.remaining_s()),
        )
        if options.postgresql is not None:
            return await postgresql.inquire(stream, inquiry, trip)

        async def start_tls() -> None:
            await self._encrypt(stream)

        later = start_tls if options.tls is not None else None
        return await mysql.inquire(stream, inquiry, trip, later)

    async def _encrypt(self, stream: Stream) -> None:
        options = self._options
        await self._talk.encrypt(stream, options.tls or True, options.connect.host)

    def _judge(self, table: Table) -> None:
        expect = self._options.expect
        if unmet := judge_values("the number of rows", expect.rows, [len(table.rows)], {}):
            raise Unmet("rows", *unmet)
        _hold("the value", expect.value, [row[0] for row in table.rows[:1]])
        for name, wanted in expect.columns.items():
            if name not in table.columns:
                had = ", ".join(table.columns) or "none"
                raise Unmet("value", f"a column {name}", f"the columns {had}")
            at = table.columns.index(name)
            _hold(f"column {name}", wanted, [row[at] for row in table.rows])
        self._talk.judge_certificate(expect.certificate)


def _hold(name: str, wanted: Sequence[tuple[str, Any]], found: Sequence[Any]) -> None:
    if unmet := judge_values(name, wanted, found, {}):
        raise Unmet("value", *unmet)


def _shown(table: Table) -> str:
    """The names of the columns and the first rows."""
    lines = [" | ".join(table.columns)]
    lines += [" | ".join(map(_cell, row)) for row in table.rows[:_SHOWN_ROWS]]
    hidden = len(table.rows) - _SHOWN_ROWS
    return "\n".join([*lines, *([f"({hidden} more rows)"] if hidden > 0 else []), ""])


def _cell(value: Any) -> str:
    """*value* as SQL writes it."""
    if value is None:
        return "NULL"
    return str(value).lower() if isinstance(value, bool) else str(value)
