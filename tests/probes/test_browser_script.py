"""What people write for a browser, in YAML and in Python: what is taken, and how it is told."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from probes import browser
from probes.result import Outcome, Result
from synthetics.cli import main
from synthetics.config.load import load
from tests.docs.support import REPOSITORY
from tests.probes.specimen_browser import html
from tests.probes.support import Asker, refusal, serving
from tests.probes.test_browser import LOGIN, OPTIONS, ask, asking, home

URL = "https://shop.example/"
GO = {"name": "home", "goto": URL}


@pytest.mark.parametrize(
    ("written", "at", "what"),
    [
        ({}, (), "there is nothing to do"),
        ({"steps": [GO], "script": "x.py"}, (), "steps and script are two ways"),
        ({"steps": [GO, GO]}, (1, "name"), "two steps are called 'home'"),
        ({"steps": [{"name": "a", "click": "b"}]}, (0,), "the first step is on no page yet"),
        ({"steps": [{"name": "a"}]}, (), "this step does nothing"),
        ({"steps": [GO | {"goto": "ftp://x/"}]}, (), "this is not an http or https URL"),
        ({"steps": [GO | {"fill": {"#a": "${b}"}}]}, (), "nothing is captured here to fill ${b}"),
        (
            {"steps": [GO, {"name": "b", "expect": {"status": 200}}]},
            ("expect", "status"),
            "without `goto` there is no status",
        ),
        (
            {"steps": [GO | {"screenshot": True}]},
            ("steps", 0, "screenshot"),
            "there is no folder to keep it in",
        ),
        ({"steps": [GO], "values": {"a": "b"}}, ("values",), "only a script asks for values"),
        ({"steps": [GO], "viewport": "9x9"}, (), "`9x9` is not a size of a window"),
        ({"steps": [GO], "memory": "1MiB"}, ("memory",), "no page fits into less than 256MiB"),
        ({"script": 5}, (), "the number 5 is not a file"),
    ],
)
def test_a_mistake_is_told_with_its_path(
    written: dict[str, Any], at: tuple[object, ...], what: str
) -> None:
    refused = refusal(OPTIONS, written)

    assert (refused.at, refused.what) == (at, what)


CONFIG = """\
services: {shop: {}}
probes:
  home:
    service: shop
    browser:
      executable: EXECUTABLE
      script: check.py
"""


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("async def check(page):\n    pass\n", "`check` of `check.py` does not take two arguments"),
        ("def check(page, run):\n    pass\n", "`check.py` has no `async def check`"),
        ("async def check(page, run)\n", "`check.py` is not Python in line 1: expected ':'"),
    ],
)
def test_a_script_is_read_by_check_and_not_run(tmp_path: Path, script: str, said: str) -> None:
    (tmp_path / "check.py").write_text(
        f"raise SystemExit\n{script}" if "in line" not in said else script
    )

    output = check(tmp_path, "/bin/true")

    assert f"synthetics.yaml:7:15: probes.home.browser.script: {said}" in output


def test_a_missing_browser_or_extra_is_told_by_check(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "check.py").write_text("async def check(page, run): ...\n")

    missing = check(tmp_path, "/no/such/chromium")
    anywhere = CONFIG.replace("      executable: EXECUTABLE\n", "")
    monkeypatch.setenv("PATH", str(tmp_path))
    nowhere = check(tmp_path, "", anywhere)
    monkeypatch.setattr(browser, "find_spec", lambda _: None)
    extra = check(tmp_path, "/bin/true")

    assert "synthetics.yaml:6:19: probes.home.browser.executable: there is no program" in missing
    assert "synthetics.yaml:5:5: probes.home.browser: there is no Chromium on this" in nowhere
    assert "apt-get install chromium-headless-shell" in nowhere
    assert "the library Playwright is not installed" in extra
    assert "pip install 'synthetics[browser]'" in extra


def test_the_folder_of_evidence_is_beside_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home, elsewhere = tmp_path / "etc", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    steps = "      steps: [{name: home, goto: 'https://shop.example/'}]\n"
    text = CONFIG.replace("      script: check.py\n", steps).replace("EXECUTABLE", "/bin/true")
    (home / "synthetics.yaml").write_text(f"{text}      keep: {{folder: evidence}}\n")
    monkeypatch.chdir(elsewhere)

    read = load(Path("../etc/synthetics.yaml"), environ={})

    assert read.probes["home"].options.keep.folder == str(home / "evidence")


def check(folder: Path, executable: str, text: str = CONFIG) -> str:
    """What ``synthetics check`` says."""
    file = folder / "synthetics.yaml"
    file.write_text(text.replace("EXECUTABLE", executable))
    done = CliRunner().invoke(main, ["check", str(file)])
    assert done.exit_code == 2, done.output
    return done.output


SCRIPT = """
from playwright.async_api import expect


async def check(page, run):
    async with run.step("home"):
        await page.goto(run.values["origin"])
    async with run.step("log in"):
        await page.fill("#password", run.values["password"])
        await page.click("button")
        await expect(page.locator("h1")).to_contain_text("Hello", timeout=5000)
    BODY
    async with run.step("last"):
        pass
"""


async def run_script(asker: Asker, folder: Path, body: str, timeout_s: float = 30) -> Result:
    script = folder / "check.py"
    script.write_text(SCRIPT.replace("BODY", body))
    async with serving({"/": html(LOGIN), "/home": home}) as origin:
        values = {"origin": origin, "password": "${env:PASSWORD}"}
        return await ask(asker, asking(script=str(script), values=values, patience="3s"), timeout_s)


@pytest.mark.asyncio(loop_scope="package")
async def test_a_script_has_steps_like_any_other(browsing: Asker, tmp_path: Path) -> None:
    result = await run_script(browsing, tmp_path, "")

    assert result.outcome is Outcome.GOOD, result.detail
    assert [step.name for step in result.steps] == ["home", "log in", "last"]
    assert result.facts.vitals is not None


@pytest.mark.parametrize(
    ("body", "outcome", "reason", "detail"),
    [
        ("assert 1 == 2, 'sum is wrong'", "bad", "assertion", "sum is wrong"),
        ("assert 1 == 2", "bad", "assertion", "check.py, line 12"),
        ("open('/no/such')", "void", "script-error", "FileNotFoundError: "),
        ("await page.click('#no', timeout=300)", "bad", "element", "Timeout 300ms exceeded"),
        ("raise ValueError(run.values['password'])", "void", "script-error", "ValueError: ***"),
        ("import asyncio; await asyncio.sleep(60)", "bad", "timeout", "not done after 3 s"),
    ],
)
@pytest.mark.asyncio(loop_scope="package")
async def test_what_a_script_raises_says_whose_fault_it_is(
    browsing: Asker, tmp_path: Path, body: str, outcome: str, reason: str, detail: str
) -> None:
    result = await run_script(browsing, tmp_path, body, 3 if reason == "timeout" else 30)

    assert (result.outcome, result.reason) == (outcome, reason), result.detail
    assert detail in result.detail
    assert "sesame" not in repr(result)


@pytest.mark.asyncio(loop_scope="package")
async def test_a_script_that_swallows_a_failure_does_not_pass(
    browsing: Asker, tmp_path: Path
) -> None:
    body = (
        "try:\n        async with run.step('bad'):\n            assert False, 'swallowed'\n"
        "    except Exception: pass"
    )
    result = await run_script(browsing, tmp_path, body)

    assert (result.outcome, result.failed_step, result.detail) == ("bad", "bad", "bad: swallowed")


def test_steps_of_a_script_are_known_by_name(tmp_path: Path) -> None:
    script = tmp_path / "check.py"
    script.write_text(SCRIPT.replace("BODY", ""))
    show = {"show": lambda _, path: Path(path).read_text("utf-8"), "resolve": lambda *_: "secret"}
    written = {"script": str(script), "executable": "/bin/true"}

    options = OPTIONS.validate_python(written, context=show)

    assert browser.steps(options) == ("home", "log in", "last")


def test_the_script_in_the_page_is_one() -> None:
    from probes.browser_parts.source import read_script

    page = (REPOSITORY / "docs/probes/browser.md").read_text("utf-8")
    text = page.partition("```python\n")[2].partition("```")[0]

    assert read_script("checkout.py", text).steps == ("log in", "cart")


def test_nothing_of_playwright_is_imported_before_a_run() -> None:
    """The extra may be missing, and it takes half a second."""
    import subprocess
    import sys

    assert importlib.util.find_spec("playwright") is not None
    code = "import sys, probes.browser; sys.exit('playwright' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], check=False, env=dict(os.environ))

    assert done.returncode == 0
