"""The status page: the right words, for every state, and safe whatever the names are."""

from __future__ import annotations

import sqlite3
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path

import pytest

from synthetics.store import deliveries, incidents
from synthetics.web import probe_lines
from synthetics.web.page import ago, latency
from tests.web.support import (
    NOW_MS,
    Rig,
    a_config,
    a_journey,
    a_probe,
    a_rig,
    a_sample,
    an_slo,
)


class Text(HTMLParser):
    """What a reader sees, and the references that the page makes."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.links: list[str] = []
        self.tags: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in {"href", "src"}]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def shown(self) -> str:
        return " ".join(" ".join(self.words).split())


async def test_before_the_first_sample_nothing_is_claimed(rig: Rig) -> None:
    shown = Text(await rig.text("/")).shown

    assert "Nothing known yet" in shown
    assert "not yet" in shown
    assert "100%" not in shown.partition("How this is counted")[0]


async def test_what_is_well_says_so(rig: Rig) -> None:
    await rig.take(*(a_sample(due_ms=NOW_MS - 60_000 * n) for n in range(10)))

    shown = Text(await rig.text("/")).shown

    assert "All objectives are met" in shown
    assert "100% left" in shown
    assert "0s of 43m12s allowed" in shown
    assert "nothing burns lately" in shown
    assert "84 ms" in shown


@pytest.mark.parametrize(
    ("severity", "said"),
    [
        ("page", "The monitoring itself needs somebody"),
        ("ticket", "The monitoring itself needs a look"),
    ],
)
async def test_a_blind_location_is_no_objective_that_burns(
    rig: Rig, severity: str, said: str
) -> None:
    def fire(db: sqlite3.Connection) -> None:
        incidents.fire(
            db,
            incident_id=None,
            service="synthetics",
            slo="tokyo",
            tier="blind",
            severity=severity,
            fired_ms=NOW_MS,
            message="{}",
        )

    await rig.store.write(fire)

    assert said in Text(await rig.text("/")).shown


async def test_where_nothing_is_promised_the_newest_samples_speak(tmp_path: Path) -> None:
    config = replace(a_config([a_probe("home"), a_probe("cart")]), slos={})
    async with a_rig(tmp_path, config) as rig:
        before = Text(await rig.text("/")).shown
        await rig.take(a_sample(), a_sample("cart"))
        well = Text(await rig.text("/")).shown
        await rig.take(a_sample("cart", NOW_MS, outcome="bad"))
        hurt = Text(await rig.text("/")).shown

    assert "Nothing known yet" in before
    assert "No probe failed when last asked" in well
    assert "1 of 2 probes failed when last asked" in hurt


async def test_a_message_that_was_refused_is_shown(rig: Rig) -> None:
    """Nobody was told, so it must be seen where people look."""

    def refuse(db: sqlite3.Connection) -> None:
        incident = incidents.open_incident(
            db,
            service="shop",
            severity="page",
            dedup_key="key",
            summary="home fails",
            since_ms=NOW_MS,
            opened_ms=NOW_MS,
            probe="home",
            step="",
            reason="status",
        )
        deliveries.owe(
            db,
            incident_id=incident,
            receiver="oncall",
            event="trigger",
            severity="page",
            dedup_key="key",
            message="{}",
            owed_ms=NOW_MS,
        )
        (owed,) = deliveries.owed(db)
        why = {"reason": "status-400", "detail": "answered 400"}
        deliveries.refused(db, owed.id, at_ms=NOW_MS, **why)

    await rig.store.write(refuse)

    shown = Text(await rig.text("/")).shown
    async with rig.client.get("/api/v1/status") as answer:
        (refused,) = (await answer.json())["deliveries_refused"]

    assert "Refused messages" in shown
    assert "oncall trigger, page status-400 answered 400" in shown
    assert (refused["receiver"], refused["reason"]) == ("oncall", "status-400")


async def test_what_fails_is_shown_first_with_its_reason(rig: Rig) -> None:
    await rig.take(a_sample(), a_journey())

    shown = Text(await rig.text("/")).shown

    assert shown.index("bad checkout") < shown.index("good home")
    assert "status order: " in shown


async def test_an_overspent_budget_is_said_both_ways(rig: Rig) -> None:
    await rig.take(
        *(a_sample(due_ms=NOW_MS - 60_000 * n, outcome="bad" if n else "good") for n in range(4))
    )

    shown = Text(await rig.text("/")).shown

    assert "overspent" in shown
    assert "overspent: 75000% used" in shown
    assert "3m of 43m12s allowed" in shown


async def test_a_refused_configuration_is_on_the_page_as_it_would_be_on_the_terminal(
    rig: Rig,
) -> None:
    rig.board.refused("s.yaml:1:1: <oops>\n        1 | <oops>\n")

    html = await rig.text("/")

    assert "The newest configuration was refused" in Text(html).shown
    assert "<oops>" not in html


async def test_names_cannot_smuggle_markup(tmp_path: Path) -> None:
    config = a_config(name="<script>alert(1)</script>")
    async with a_rig(tmp_path, config) as rig:
        html = await rig.text("/")

    assert "<script>alert" not in html
    assert "alert(1)" in Text(html).shown


async def test_everything_comes_from_this_server(rig: Rig) -> None:
    links = Text(await rig.text("/")).links

    assert {link for link in links if not link.startswith(("/", "data:"))} == {
        "https://wiki.example/shop"
    }


async def test_the_page_has_what_a_screen_reader_needs(rig: Rig) -> None:
    html = await rig.text("/")
    tags = Text(html).tags

    assert '<html lang="en">' in html
    assert tags.count("h1") == tags.count("main") == 1
    assert html.count('role="img"') == html.count("aria-label=") == 1
    assert 'scope="col"' in html


async def test_thousands_of_probes_are_shown_on_request(tmp_path: Path) -> None:
    probes = [a_probe(f"p{number}") for number in range(300)]
    async with a_rig(tmp_path, a_config(probes, [an_slo(probe="p0")])) as rig:
        first = Text(await rig.text("/")).shown
        everything = Text(await rig.text("/?probes=all")).shown

    assert "Show 200 more" in first
    assert "p299" not in first
    assert "p299" in everything


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0s ago"),
        (59, "59s ago"),
        (60, "1m ago"),
        (61, "1m 1s ago"),
        (3600, "1h ago"),
        (90_061, "1d 1h ago"),
        (-33, "in 33s"),
    ],
)
def test_ago(seconds: int, said: str) -> None:
    assert ago(NOW_MS, NOW_MS - seconds * 1000) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(0.0004, "0 ms"), (0.084, "84 ms"), (1.25, "1.25 s")]
)
def test_latency(seconds: float, said: str) -> None:
    assert latency(seconds) == said


def test_every_probe_has_a_rank() -> None:
    """The worst first; one that was never asked stands between what fails and what is well."""
    ranked = sorted(probe_lines.RANK, key=probe_lines.RANK.__getitem__)

    assert ranked == ["bad", "void", "degraded", None, "good"]
    assert probe_lines.LOOKS.keys() == probe_lines.RANK.keys()


async def test_what_is_slow_and_still_good_says_so_in_a_word_and_not_by_its_colour_alone(
    tmp_path: Path,
) -> None:
    home = replace(a_probe("home"), within=timedelta(milliseconds=50))
    config = replace(a_config([home, a_probe("cart")]), slos={})
    async with a_rig(tmp_path, config) as rig:
        await rig.take(a_sample(), a_sample("cart"))
        html = await rig.text("/")
        async with rig.client.get("/api/v1/status") as answer:
            probes = {one["id"]: one for one in (await answer.json())["probes"]}
        metrics = await rig.text("/metrics")

    assert '<span class="pill hurt">degraded</span>' in html
    assert "1 of 2 probes too slow when last asked" in Text(html).shown
    assert "good, but took over 50ms" in Text(html).shown
    assert (probes["home"]["within_s"], probes["home"]["newest"]["degraded"]) == (0.05, True)
    assert (probes["cart"]["within_s"], probes["cart"]["newest"]["degraded"]) == (None, False)
    assert 'probe_degraded{probe="home",kind="http",service="shop"} 1' in metrics
    assert 'probe_degraded{probe="cart"' not in metrics


async def test_programs_read_by_which_rules_it_was_counted(rig: Rig) -> None:
    async with rig.client.get("/api/v1/status") as answer:
        told = await answer.json()

    said = {rule["rule"]: rule["text"] for rule in told["accounting"]["rules"]}
    assert list(said) == [f"R{number}" for number in range(1, 13)]
    assert "It is judged over" in said["R1"]
