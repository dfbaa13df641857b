"""The doors of a running service: where commands hand in, and people answer."""

from __future__ import annotations

import secrets
from typing import Any

from synthetics.paging.acknowledging import Answer
from synthetics.paging.changes import Note, Noted
from synthetics.paging.drill import drill
from synthetics.paging.ways import Way
from synthetics.results.lines import Lines
from synthetics.service.house import House
from synthetics.store.acknowledgements import Acknowledgement
from synthetics.store.drills import Drill
from synthetics.web.acknowledge import Answers
from synthetics.web.changes import Diary
from synthetics.web.desk import Change, Desk
from synthetics.web.drills import Range
from synthetics.web.results import Hatch
from synthetics.web.server import Site


class Doors:
    """
    Leads from *site* into *house*.

    Attributes:
        token: What a command must show; whoever may write the database's folder finds it there.
    """

    def __init__(self, site: Site, house: House) -> None:
        self.token = secrets.token_urlsafe(24)
        self._site = site
        self._house = house

    def open(self) -> None:
        """Let in."""
        site, house, token = self._site, self._house, self.token
        board, reader = house.board, house.readers.pages
        site.sources = sources = house.sources()
        site.heartbeats = house.heartbeats
        site.hatch = Hatch(token, self._lines, house.settling.take)
        site.desk = Desk(token, board, self._declare)
        site.diary = Diary(token, board, self._note, reader, sources.reading)
        site.drills = Range(token, board, self._drill, self._fail_probe, reader, sources.reading)
        site.answers = Answers(token, board, self._answer, reader, sources.reading)

    def close(self) -> None:
        """Let nobody in any more; the database closes."""
        site = self._site
        site.answers = None
        site.sources = site.hatch = site.desk = site.diary = None
        site.drills = site.heartbeats = None

    def _lines(self) -> Lines:
        config = self._house.board.config
        return Lines(config.probes, config.location, self._house.clock.now_ms())

    async def _declare(self, change: Change) -> dict[str, Any]:
        """Write what a command declares, and go by it."""
        done = await self._house.store.write(change)
        await self._house.books.declared()
        return done

    async def _drill(self, way: Way, author: str, limit_s: float) -> Drill:
        """Test a way."""
        house = self._house
        return await drill(
            house.store,
            house.board.config,
            way,
            author=author,
            clock=house.clock,
            wake=house.courier.wake,
            limit_s=limit_s,
        )

    async def _fail_probe(self, probe: str, lasts_s: float, author: str) -> Drill:
        """Take a probe to fail."""
        house = self._house
        config = house.board.config
        return await house.exercises.start(config, probe, lasts_s=lasts_s, author=author)

    async def _note(self, note: Note) -> Noted:
        """Keep a change, and send it to whom it is owed."""
        done = await self._house.store.write(note)
        self._house.courier.wake()
        return done

    async def _answer(self, answer: Answer) -> Acknowledgement:
        """Write that somebody took an incident on, and tell it."""
        done = await self._house.store.write(answer)
        self._house.courier.wake()
        return done
