"""The page that a link to acknowledge leads to."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp.test_utils import make_mocked_request

from synthetics.clock import HeldClock
from synthetics.language import Language
from synthetics.store import Reader, Store, acknowledgements, incidents
from synthetics.store.acknowledgements import Acknowledgement
from synthetics.web.acknowledge import Answers
from synthetics.web.board import Board
from tests.web.support import NOW_MS, a_config

MINUTE_MS = 60_000


async def shown(path: Path, language: Language, *, over: bool = False) -> str:
    config = a_config(name="<本店>")
    shop = replace(config.services["shop"], language=language, zone="Asia/Tokyo")
    clock = HeldClock(NOW_MS)
    board = Board(clock=clock, config=replace(config, services={"shop": shop}))
    store = await Store.open(path / "synthetics.db", clock=clock, linger_s=0)

    def an_outage(db: sqlite3.Connection) -> None:
        incident = incidents.open_incident(
            db,
            dedup_key="key",
            service="shop",
            severity="page",
            opened_ms=NOW_MS - 10 * MINUTE_MS,
            since_ms=None,
            summary="<本店>: home fails",
            probe="home",
            step="",
            reason="status",
        )
        acknowledgements.link(db, incident, "oncall", token="token")
        if over:
            incidents.close(db, incident, at_ms=NOW_MS - MINUTE_MS)

    await store.write(an_outage)
    with Reader.open(store.path) as reader:
        answers = Answers("", board, _nobody, reader, asyncio.Lock())
        request = make_mocked_request("GET", "/acknowledge/token", match_info={"token": "token"})
        page = (await answers.show(request)).text
    await store.close()
    assert page is not None
    return page


async def _nobody(_: object) -> Acknowledgement:
    raise AssertionError


@pytest.mark.parametrize(
    ("language", "said"),
    [
        (Language.EN, ["Incident 1 · &lt;本店&gt;", "noticed <time", "Take it on", "Who you are"]),
        (Language.JA, ["インシデント 1 · &lt;本店&gt;", "検知 <time", "対応を始める", "お名前"]),
    ],
)
async def test_it_speaks_the_language_of_the_service(
    tmp_path: Path, language: Language, said: list[str]
) -> None:
    page = await shown(tmp_path, language)

    assert f'<html lang="{language.value}">' in page
    assert [each for each in said if each not in page] == []
    assert "JST</time>" in page
    assert "<本店>" not in page


async def test_what_is_over_has_no_button(tmp_path: Path) -> None:
    page = await shown(tmp_path, Language.JA, over=True)

    assert "<form" not in page
    assert "対応は不要です" in page
