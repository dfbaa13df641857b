"""
Taking an incident on: by the link in a message, and by ``POST /api/v1/incidents/N/acknowledge``.

A link is followed by more than people: chats and mail servers fetch what they are sent, to show
what is there.  So following it changes nothing; the page that it shows has a button.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from synthetics import words
from synthetics.accounting.declaring import NotDeclaredError
from synthetics.config.model import Config
from synthetics.language.speech import speech
from synthetics.paging.acknowledging import Answer, answering, as_json
from synthetics.store import Reader, StoreError, acknowledgements, incidents
from synthetics.store.acknowledgements import Acknowledgement, How, LinkOf
from synthetics.store.incidents import Incident
from synthetics.web.admission import admit, body_of
from synthetics.web.board import Board

MOST_BYTES = 16 << 10
LONGEST_TOKEN = 64
FORM_POLICY = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src data:; base-uri 'none'; "
        "form-action 'self'; frame-ancestors 'none'"
    )
}
"""Of the one page with a form."""

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What a link leads to, and who took it on so far."""

    link: LinkOf
    incident: Incident
    answers: list[Acknowledgement]


@dataclass(frozen=True, slots=True)
class Answers:
    """
    Takes acknowledgements.

    Attributes:
        token: What commands on this machine show.
        board: Knows the configuration in force.
        answer: Writes one, and has it told.
        reader: Opened for the pages alone, used under *reading*.
    """

    token: str
    board: Board
    answer: Callable[[Answer], Awaitable[Acknowledgement]]
    reader: Reader
    reading: asyncio.Lock

    async def post(self, request: web.Request) -> web.Response:
        """Take an incident on for a program on this machine."""
        admit(request, self.token)
        number = int(request.match_info["number"])
        try:
            body = json.loads(await body_of(request, MOST_BYTES))
            done = await self.answer(self._answering(body, number))
        except ValueError as error:  # not JSON, or a `NotDeclaredError`
            raise web.HTTPBadRequest(text=f"{error}\n") from error
        except StoreError as error:
            raise web.HTTPInsufficientStorage(text=f"{error}\n") from error
        return web.json_response(as_json(done))

    async def show(self, request: web.Request) -> web.Response:
        """What a link leads to; changes nothing."""
        return self._page(await self._shown(request))

    async def confirm(self, request: web.Request) -> web.Response:
        """The button of that page."""
        shown = await self._shown(request)
        if request.content_length is None or request.content_length > MOST_BYTES:
            raise web.HTTPRequestEntityTooLarge(
                max_size=MOST_BYTES, actual_size=request.content_length or 0
            )
        form = await request.post()
        body = {
            "author": str(form.get("author", "")).strip() or _whose(self.board.config, shown.link),
            "note": str(form.get("note", "")),
            "how": How.LINK.value,
        }
        try:
            await self.answer(self._answering(body, shown.incident.id))
        except NotDeclaredError as error:
            return self._page(await self._shown(request), refusal=str(error).partition("\n")[0])
        except StoreError as error:
            raise web.HTTPInsufficientStorage(text=f"{error}\n") from error
        raise web.HTTPSeeOther(location=request.path)  # a reload does not say it twice

    def _answering(self, body: object, number: int) -> Answer:
        if not isinstance(body, dict):
            raise NotDeclaredError("a JSON object with `author` and perhaps `note` is taken")
        board = self.board
        return answering(body, number, board.config.receivers, board.clock.now_ms())

    async def _shown(self, request: web.Request) -> _Shown:
        token = request.match_info["token"]

        def query(db: sqlite3.Connection) -> _Shown | None:
            link = acknowledgements.link_of(db, token) if len(token) <= LONGEST_TOKEN else None
            incident = incidents.by_id(db, link.incident_id) if link else None
            if link is None or incident is None:
                return None
            return _Shown(link, incident, acknowledgements.of_incident(db, incident.id))

        async with self.reading:
            shown = await asyncio.to_thread(self.reader.read, query)
        if shown is None:
            raise web.HTTPGone(text="this link leads nowhere (any more)\n")
        return shown

    def _page(self, shown: _Shown, refusal: str = "") -> web.Response:
        config = self.board.config
        service = config.services.get(shown.incident.service)
        of = service or config
        said = speech(of.language, of.zone)
        now_ms = self.board.clock.now_ms()
        html = _PAGES.get_template("acknowledge.html.j2").render(
            incident=shown.incident,
            service=service.name if service else shown.incident.service,
            answers=shown.answers,
            author=_whose(config, shown.link),
            refusal=refusal,
            lang=said.language.value,
            phrases=said.phrases.taking,
            moment=lambda ms: said.when(ms, now_ms),
            iso=words.iso,
        )
        return web.Response(
            text=html,
            content_type="text/html",
            headers=FORM_POLICY,
            status=400 if refusal else 200,
        )


def _whose(config: Config, link: LinkOf) -> str:
    """Who most likely follows *link*: whose receiver it is, if it is one person's."""
    owners = [person for person in config.people.values() if link.receiver in person.receivers]
    return owners[0].name if len(owners) == 1 else link.receiver
