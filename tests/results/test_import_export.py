"""``results import`` and ``results export``: what comes in goes out, and nothing else happens."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from synthetics.clock import HeldClock
from synthetics.results.export import export
from synthetics.results.lines import Lines
from synthetics.results.take import Taken, take
from synthetics.store import Reader, Store
from synthetics.store.history import archived_until_ms
from tests.results.support import (
    DAY_MS,
    MINUTE_MS,
    OCTOBER_MS,
    call,
    filled,
    folder_with,
    json_line,
    minutes,
)
from tests.store.support import failed_journey

OUT = (
    '{"probe":"checkout","location":"local","scheduled_at":"2026-10-01T00:00:00Z",'
    '"outcome":"good","duration_s":0.123,"reason":""}\n'
    '{"probe":"home","location":"東京","scheduled_at":"2026-10-01T00:00:00.250Z",'
    '"outcome":"bad","confirmed":"good","duration_s":10.0,"reason":"timeout"}\n'
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folder_with(tmp_path)


def test_what_was_imported_is_exported_as_it_was(folder: Path) -> None:
    done = call(folder, "results", "import", "-", stdin=OUT)

    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "2 results read, 2 new or changed\n"
    assert call(folder, "results", "export").stdout == OUT


def test_a_file_is_read_by_its_name(folder: Path) -> None:
    file = folder / "week.jsonl"
    file.write_bytes(b"\xef\xbb\xbf" + OUT.replace("\n", "\r\n").encode())

    assert call(folder, "results", "import", str(file)).exit_code == 0
    assert call(folder, "results", "export").stdout == OUT


def test_importing_again_changes_nothing(folder: Path) -> None:
    call(folder, "results", "import", "-", stdin=OUT)
    done = call(folder, "results", "import", "-", stdin=OUT + OUT)

    assert done.stderr == "4 results read, 0 new or changed\n"
    assert call(folder, "results", "export").stdout == OUT


def test_another_result_of_the_same_instant_takes_its_place(folder: Path) -> None:
    call(folder, "results", "import", "-", stdin=minutes("..."))
    done = call(folder, "results", "import", "-", stdin=minutes(".x."))

    assert done.stderr == "3 results read, 1 new or changed\n"
    outcomes = call(folder, "results", "export").stdout
    assert outcomes.count('"bad"') == 1


def test_a_bad_line_is_named_and_nothing_is_kept(folder: Path) -> None:
    text = minutes("..") + json_line(OCTOBER_MS, probe="chekout") + "{\n" + minutes(".")
    done = call(folder, "results", "import", "-", stdin=text)

    assert (done.exit_code, done.stdout) == (1, "")
    assert done.stderr == (
        "standard input:3:11: there is no probe `chekout` in the configuration\n"
        "  to mend: did you mean `checkout`?\n"
        "standard input:4:2: this is not JSON: expecting property name enclosed in double quotes\n"
        '  to mend: write {"probe": …, "scheduled_at": …, "outcome": …}\n'
        "nothing of it was kept; --keep-going keeps the good lines\n"
    )
    assert not (folder / "synthetics.db").exists()


def test_keep_going_keeps_the_good_lines_and_lists_every_bad_one(folder: Path) -> None:
    text = minutes("..") + "no\n" * 30
    done = call(folder, "results", "import", "-", "--keep-going", stdin=text)

    assert done.exit_code == 1
    assert done.stderr.count("this is not JSON") == 30
    assert done.stderr.endswith("2 results read, 2 new or changed\n")
    assert len(call(folder, "results", "export").stdout.splitlines()) == 2


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ((), "checkout home checkout home"),
        (("--probe", "home"), "home home"),
        (("--probe", "home", "--probe", "checkout"), "checkout home checkout home"),
        (("--from", "2026-10-02T00:00Z"), "checkout home"),
        (("--to", "2026-10-02T00:00Z"), "checkout home"),
        (("--from", "2026-10-02T02:00+02:00", "--to", "2026-10-02T00:00:00.001Z"), "checkout home"),
        (("--from", "2026-10-03T00:00Z"), ""),
        (("--to", "2026-10-01T00:00Z"), ""),
    ],
)
def test_an_export_is_of_the_probes_and_the_time_asked_for(
    folder: Path, words: tuple[str, ...], kept: str
) -> None:
    instants = (OCTOBER_MS, OCTOBER_MS + DAY_MS)
    text = [json_line(at, probe=probe) for probe in ("home", "checkout") for at in instants]
    filled(folder, text)

    lines = call(folder, "results", "export", *words).stdout.splitlines()
    assert " ".join(line.split('"')[3] for line in lines) == kept


def test_a_probe_that_is_not_known_anywhere_is_a_mistake(folder: Path) -> None:
    filled(folder, minutes("."))

    assert call(folder, "results", "export", "--probe", "home").exit_code == 0
    done = call(folder, "results", "export", "--probe", "hom")
    assert done.exit_code == 2
    assert done.stderr == "there is no probe `hom`\n  to mend: did you mean `home`?\n"


def test_days_that_are_over_are_archived_at_once(folder: Path) -> None:
    filled(folder, minutes("." * 1440 + ".....", from_ms=OCTOBER_MS - 30 * DAY_MS))

    with Reader.open(folder / "synthetics.db") as reader:
        assert reader.read(archived_until_ms) >= OCTOBER_MS - 29 * DAY_MS


async def test_an_import_leaves_what_a_probe_saw_alone(tmp_path: Path) -> None:
    """An export says less than is stored: steps, timings and evidence are not in it."""
    journey = failed_journey(OCTOBER_MS)
    store = await Store.open(tmp_path / "own.db", clock=HeldClock(OCTOBER_MS))
    try:
        await store.add([journey])
        with Reader.open(store.path) as reader:
            lines = Lines(["checkout"], "local", OCTOBER_MS)
            lines.read("".join(export(reader, frozenset(), None, None)).splitlines())
            assert await take(store, lines.samples, OCTOBER_MS) == Taken(samples=1, changed=0)
            stored = list(reader.every_sample(0, 2 * OCTOBER_MS))
    finally:
        await store.close()

    assert [each.sample for each in stored] == [journey]


letters = st.text(".xbo ", min_size=1, max_size=30)
imports = st.lists(st.tuples(st.integers(-2000, 2000), letters), min_size=1, max_size=4)


@settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(imports)
def test_many_imports_in_any_order_are_as_one(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[tuple[int, str]]
) -> None:
    """Late, early, over each other, into days that are archived and days that are not."""

    async def imported() -> str:
        path = tmp_path_factory.mktemp("any") / "any.db"
        store = await Store.open(path, reserve_bytes=0, low_water_bytes=0)
        now_ms = OCTOBER_MS + DAY_MS // 2
        try:
            for offset, text in pieces:
                lines = Lines(["checkout"], "local", 2 * OCTOBER_MS)
                lines.read(minutes(text, from_ms=OCTOBER_MS + offset * MINUTE_MS).splitlines())
                await take(store, lines.samples, now_ms)
            with Reader.open(path) as reader:
                return "".join(export(reader, frozenset(), None, None))
        finally:
            await store.close()

    expected: dict[int, str] = {}
    for offset, text in pieces:
        for index, letter in enumerate(text):
            if letter != " ":
                expected[offset + index] = letter
    outcomes = {".": '"good"', "x": '"bad"', "b": '"bad","confirmed":"good"', "o": '"void"'}

    lines = asyncio.run(imported()).splitlines()
    assert len(lines) == len(expected)
    for line, (_, letter) in zip(lines, sorted(expected.items()), strict=True):
        assert f'"outcome":{outcomes[letter]},"duration_s"' in line
