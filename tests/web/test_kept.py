"""Files that a browser has kept of a failure: shown, served, and nothing besides them."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from pydantic import TypeAdapter

from probes import browser
from synthetics.sample import Sample
from synthetics.web import kept
from tests.web.support import Rig, a_config, a_probe, a_rig, a_sample

TRACE_ID = "0123456789abcdef0123456789abcdef"
STEM = f"20261123T094155Z-{TRACE_ID}"
OPTIONS: TypeAdapter[browser.Visit] = TypeAdapter(browser.Options)
HOME = f"/kept/home/{TRACE_ID}"


def failed() -> Sample:
    sample = a_sample(outcome="bad", reason="element")
    return replace(sample, result=replace(sample.result, trace_id=TRACE_ID))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder of what was kept, beside things that nobody is to see."""
    (tmp_path / "secret.har").write_text("secret")
    folder = tmp_path / "evidence"
    folder.mkdir()
    (folder / f"{STEM}.png").write_bytes(b"a picture")
    (folder / f"{STEM}-1.png").write_bytes(b"a picture of step 1")
    (folder / f"{STEM}.har").write_text("{}")
    (folder / f"{STEM}.zip").write_bytes(b"cookies")
    (folder / "notes.har").write_text("secret")
    (folder / f"{STEM[:-1]}0.har").symlink_to(tmp_path / "secret.har")
    return folder


@pytest.fixture
async def rig(tmp_path: Path, folder: Path) -> AsyncIterator[Rig]:
    steps = [{"name": "home", "goto": "https://shop.example/"}]
    options = OPTIONS.validate_python({"steps": steps, "keep": {"folder": str(folder)}})
    probe = replace(a_probe("home", kind="browser"), options=options)
    async with a_rig(tmp_path, a_config([probe, a_probe("api")])) as rig:
        yield rig


async def test_a_failure_leads_to_what_was_kept_of_it(rig: Rig) -> None:
    await rig.take(failed())

    page = await rig.text("/")
    [newest] = [
        probe["newest"]
        for probe in json.loads(await rig.text("/api/v1/status"))["probes"]
        if probe["id"] == "home"
    ]

    assert f'<a href="{HOME}/{STEM}.png">screenshot</a>' in page
    assert f'<a href="{HOME}/{STEM}.har">HAR</a>' in page
    assert newest["kept"] == {"png": f"{HOME}/{STEM}.png", "har": f"{HOME}/{STEM}.har"}


@pytest.mark.parametrize(
    ("name", "content_type", "disposition", "body"),
    [
        (f"{STEM}.png", "image/png", "inline", b"a picture"),
        (f"{STEM}-1.png", "image/png", "inline", b"a picture of step 1"),
        (f"{STEM}.har", "application/json", "attachment", b"{}"),
    ],
)
async def test_a_file_is_what_it_is_and_no_page(
    rig: Rig, name: str, content_type: str, disposition: str, body: bytes
) -> None:
    async with rig.client.get(f"{HOME}/{name}") as answer:
        assert (answer.status, answer.content_type) == (200, content_type)
        assert await answer.read() == body
        assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert answer.headers["Content-Disposition"] == f'{disposition}; filename="{name}"'


@pytest.mark.parametrize(
    "path",
    [
        pytest.param(f"{HOME}/{STEM}.zip", id="a trace, which holds cookies"),
        pytest.param(f"{HOME}/notes.har", id="not ours"),
        pytest.param(f"{HOME}/..%2Fsecret.har", id="out of the folder"),
        pytest.param(f"{HOME}/%2e%2e/secret.har", id="out of it by dots"),
        pytest.param(f"{HOME}/%2Fetc%2Fpasswd", id="from the root"),
        pytest.param(f"{HOME}/", id="nothing"),
        pytest.param(f"/kept/home/{TRACE_ID[:-1]}0/{STEM[:-1]}0.har", id="a link"),
        pytest.param(f"/kept/home/{TRACE_ID[:-1]}1/{STEM}.har", id="of another run"),
        pytest.param(f"/kept/home/{TRACE_ID[:4]}/{STEM}.har", id="of half a run"),
        pytest.param(f"/kept/api/{TRACE_ID}/{STEM}.har", id="of a kind that keeps nothing"),
        pytest.param(f"/kept/nobody/{TRACE_ID}/{STEM}.har", id="of nobody"),
    ],
)
async def test_nothing_else_is_served(rig: Rig, path: str) -> None:
    from yarl import URL

    async with rig.client.get(URL(path, encoded=True)) as answer:
        assert answer.status == 404
        assert "secret" not in (await answer.text()).replace("secret.har", "")


async def test_what_is_removed_or_too_large_is_not_there(
    rig: Rig, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "LARGEST", 5)
    (folder / f"{STEM}.har").unlink()
    os.mkfifo(folder / f"{STEM}.har")

    for ending in ("png", "har"):
        async with rig.client.get(f"{HOME}/{STEM}.{ending}") as answer:
            assert answer.status == 404
