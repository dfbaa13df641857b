"""Steps in a real Chromium, against pages on loopback."""

from __future__ import annotations

import json
import socket
import ssl
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import TypeAdapter

from probes import browser
from probes.look import Look
from probes.result import Outcome, Result
from probes.watch import METADATA_AND_LINK_LOCAL, Network
from tests.probes.specimen_browser import html
from tests.probes.support import Asker, Handler, look_up, serving

pytestmark = pytest.mark.asyncio(loop_scope="package")

OPTIONS: TypeAdapter[browser.Visit] = TypeAdapter(browser.Options)
ENOUGH_S = 30

LOGIN = """<!doctype html><title>Shop</title><h1>Welcome</h1>
<form action=/home method=post>
  <input id=user name=user><input id=password name=password type=password>
  <select id=country name=country><option value=DE>Germany<option value=JP>Japan</select>
  <button>Log in</button>
</form>"""


async def home(request: web.Request) -> web.Response:
    form = await request.post()
    text = f"<title>Home</title><h1>Hello {form['user']!s} from {form['country']!s}</h1>"
    answer = web.Response(text=f"{text}<input id=amount value=1>", content_type="text/html")
    answer.set_cookie("session", "cookie-of-the-shop")
    return answer


async def cookies(request: web.Request) -> web.Response:
    return web.Response(text=f"<p>{len(request.cookies)} cookies", content_type="text/html")


PAGES: dict[str, Handler] = {
    "/": html(LOGIN),
    "/home": home,
    "/cookies": cookies,
    "/sorry": html("<h1>Sorry</h1>", status=503),
    "/slow": html("<body><script>setTimeout(()=>document.body.innerHTML='<p>late',300)</script>"),
    "/errors": html(
        "<script>console.error('first'); console.log('no error'); throw Error('second')</script>"
        "<img src=/nothing><img src=http://169.254.1.1/>"
    ),
    "/jumpy": html(
        "<p id=a>text</p><script>"
        "const seen = (type, f) => new PerformanceObserver(f).observe({type, buffered: true});"
        "seen('paint', () => setTimeout(() => {a.style.marginTop = '300px'}, 50));"
        "seen('layout-shift', () => {a.className = 'jumped'});"
        "</script>"
    ),
}


@pytest_asyncio.fixture(scope="module", loop_scope="package")
async def shop() -> AsyncIterator[str]:
    async with serving(PAGES) as origin:
        yield origin


def asking(*steps: dict[str, Any], **more: Any) -> dict[str, Any]:
    named = [{"name": f"step {number}", **step} for number, step in enumerate(steps, 1)]
    return {"sandbox": False, "patience": "15s", **({"steps": named} if steps else {}), **more}


async def ask(
    asker: Asker,
    written: dict[str, Any],
    timeout_s: float = ENOUGH_S,
    *,
    denied: tuple[Network, ...] = METADATA_AND_LINK_LOCAL,
) -> Result:
    context = {"resolve": look_up, "show": lambda _, path: Path(path).read_text(encoding="utf-8")}
    options = OPTIONS.validate_python(written, context=context)
    return await browser.run(options, asker.watch(timeout_s, denied=denied))


async def test_a_path_through_a_shop(browsing: Asker, shop: str) -> None:
    result = await ask(
        browsing,
        asking(
            {"name": "login", "goto": f"{shop}/", "expect": {"title": "^Shop$"}},
            {
                "fill": {"#user": "aiko", "#password": "${env:PASSWORD}"},
                "select": {"#country": "Japan"},
                "press": {"#password": "Enter"},
                "expect": {"url": "/home$", "text": "Hello aiko from JP", "hidden": "#user"},
            },
            {"expect": {"text": {"h1": "aiko  from"}, "value": {"#amount": "1"}, "visible": "h1"}},
            patience="5s",
        ),
    )

    assert result.outcome is Outcome.GOOD, result.detail
    assert [step.name for step in result.steps] == ["login", "step 2", "step 3"]
    assert {step.outcome for step in result.steps} == {Outcome.GOOD}
    assert (result.facts.status, result.facts.address) == (200, "127.0.0.1")
    assert result.duration_s == pytest.approx(sum(step.duration_s for step in result.steps))
    assert result.phases.first_byte_s is not None
    vitals = result.facts.vitals
    assert vitals is not None
    assert vitals.lcp_s is not None
    assert vitals.ttfb_s is not None
    assert vitals.fcp_s is not None
    assert 0 < vitals.ttfb_s <= vitals.fcp_s <= vitals.lcp_s < 10


async def test_no_run_knows_another(browsing: Asker, shop: str) -> None:
    first = {"goto": f"{shop}/", "fill": {"#user": "x"}, "click": "button"}
    look = {"goto": f"{shop}/cookies"}

    after = await ask(browsing, asking(first, {**look, "expect": {"text": "1 cookies"}}))
    alone = await ask(browsing, asking({**look, "expect": {"text": "0 cookies"}}))

    assert (after.outcome, alone.outcome) == (Outcome.GOOD, Outcome.GOOD)


@pytest.mark.parametrize(
    ("path", "step", "reason", "detail"),
    [
        ("/sorry", {}, "status", "expected a status below 400, got 503"),
        ("/", {"expect": {"status": 201}}, "status", "expected status 201, got 200"),
        ("/", {"expect": {"text": "Sorry"}}, "text", "got `Welcome Germany Japan Log in`"),
        ("/", {"expect": {"text": {"#no": "x"}}}, "text", "in #no, got no such element"),
        ("/", {"expect": {"url": "/home$"}}, "url", "expected a URL with `/home$`"),
        ("/", {"expect": {"title": "^Home"}}, "title", "got `Shop`"),
        ("/", {"expect": {"visible": "#cart"}}, "element", "waiting for #cart: not possible"),
        ("/", {"expect": {"hidden": "h1"}}, "hidden", "expected h1 hidden, got 1 to be seen"),
        ("/", {"expect": {"value": {"#user": "x"}}}, "value", "expected `x` in #user, got ``"),
        ("/", {"click": "#cart"}, "element", "clicking #cart: not possible within 0.4 s"),
        ("/", {"click": "input"}, "element", "resolved to 2 elements"),
        ("/", {"click": "h1 >>> !"}, "element", "clicking h1 >>> !"),
        ("/", {"fill": {"h1": "x"}}, "element", "not an <input>"),
    ],
)
async def test_what_is_not_as_expected_is_named(
    browsing: Asker, shop: str, path: str, step: dict[str, Any], reason: str, detail: str
) -> None:
    result = await ask(
        browsing, asking({"goto": f"{shop}{path}", **step}, {"click": "button"}, patience="400ms")
    )

    assert (result.outcome, result.reason, result.failed_step) == (Outcome.BAD, reason, "step 1")
    assert detail in result.detail
    assert [step.outcome for step in result.steps] == [Outcome.BAD, Outcome.SKIPPED]
    assert result.evidence is not None


async def test_what_comes_late_is_waited_for(browsing: Asker, shop: str) -> None:
    step = {"goto": f"{shop}/slow", "expect": {"text": "late", "visible": "p"}}

    assert (await ask(browsing, asking(step, patience="5s"))).outcome is Outcome.GOOD


async def test_what_is_worth_knowing_of_a_good_run_is_told_to_who_looks(
    browsing: Asker, shop: str
) -> None:
    watch = browsing.watch(ENOUGH_S)
    watch.look = Look()
    options = OPTIONS.validate_python(asking({"goto": f"{shop}/errors"}))

    result = await browser.run(options, watch)

    assert result.outcome is Outcome.GOOD
    assert "console: uncaught second" in watch.look.remarks
    assert f"request: GET {shop}/nothing 404" in watch.look.remarks


async def test_evidence_that_cannot_be_kept_is_said(
    browsing: Asker, shop: str, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    keep = {"folder": str(tmp_path / "file")}

    result = await ask(browsing, asking({"goto": f"{shop}/sorry"}, keep=keep))

    assert result.evidence is not None
    assert f"not kept: {tmp_path / 'file'}: File exists" in result.evidence.body


async def test_errors_of_the_console_and_failed_requests_are_counted(
    browsing: Asker, shop: str
) -> None:
    step = {"goto": f"{shop}/errors"}

    console = await ask(browsing, asking(step, expect={"console_errors": 1}))
    requests = await ask(browsing, asking(step, expect={"failed_requests": 1}))
    enough = await ask(browsing, asking(step, expect={"console_errors": 9, "failed_requests": 9}))

    assert (console.reason, console.failed_step) == ("console", "")
    assert "expected at most 1 errors in the console, got 4, the first: " in console.detail
    assert requests.reason == "requests"
    assert "got 2, the first: GET " in requests.detail
    assert requests.evidence is not None
    assert "console: uncaught second" in requests.evidence.body
    assert "network: connecting to 169.254.1.1 is not permitted here" in requests.evidence.body
    assert enough.outcome is Outcome.GOOD


@pytest.mark.parametrize(
    ("expect", "detail"),
    [
        ({"lcp": {"under": "1ms"}}, "expected LCP under 0.001 s, got 0."),
        ({"ttfb": {"under": "1ms"}}, "expected TTFB under 0.001 s, got 0."),
        ({"cls": {"under": 0.01}}, "expected CLS under 0.01, got 0."),
    ],
)
async def test_how_a_page_felt_can_be_expected(
    browsing: Asker, shop: str, expect: dict[str, Any], detail: str
) -> None:
    step = {"goto": f"{shop}/jumpy"}

    result = await ask(browsing, asking(step, {"expect": {"visible": ".jumped"}}, expect=expect))
    fine = {"lcp": {"under": "20s"}, "fcp": {"under": "20s"}, "cls": {"under": 5}}

    assert (result.outcome, result.reason) == (Outcome.BAD, "vitals")
    assert detail in result.detail
    assert (await ask(browsing, asking(step, expect=fine))).outcome is Outcome.GOOD


async def test_what_a_failure_looked_like_is_kept_without_secrets(
    browsing: Asker, shop: str, tmp_path: Path
) -> None:
    keep = {"folder": str(tmp_path / "evidence"), "files": 4, "trace": True}
    fill = {"#user": "aiko", "#password": "${env:PASSWORD}"}
    steps = (
        {"goto": f"{shop}/?token=${{env:TOKEN}}", "fill": fill, "screenshot": True},
        {"click": "button", "expect": {"text": "nothing"}},
    )
    keep_and_wait = {"keep": keep, "patience": "2s"}

    result = await ask(browsing, asking(*steps, **keep_and_wait))
    again = await ask(browsing, asking(*steps, **keep_and_wait))

    assert result.evidence is not None
    assert again.evidence is not None
    assert f"{result.trace_id}.png" in result.evidence.body
    kept = sorted((tmp_path / "evidence").iterdir())
    assert len(kept) == 4  # of eight: the newest
    assert {path.suffix for path in kept if again.trace_id in path.name} == {".png", ".har", ".zip"}
    [har] = [path for path in kept if path.name == f"{_stem(kept)}.har"]
    entries = json.loads(har.read_text("utf-8"))["log"]["entries"]
    assert {entry["response"]["status"] for entry in entries} >= {200}
    everything = har.read_text("utf-8") + repr(result)
    with zipfile.ZipFile(har.with_suffix(".zip")) as trace:
        assert "trace.trace" in trace.namelist()
        everything += "".join(
            trace.read(name).decode("utf-8", "replace") for name in trace.namelist()
        )
    for secret in ("open & sesame", "open+%26+sesame", "t0k3n-of-the-probe"):
        assert secret not in everything
    assert "cookie-of-the-shop" not in har.read_text("utf-8")


def _stem(paths: list[Path]) -> str:
    return paths[-1].stem


async def test_a_certificate_that_cannot_be_verified(
    browsing: Asker, server_tls: ssl.SSLContext
) -> None:
    async with serving(PAGES, tls=server_tls) as origin:
        refused = await ask(browsing, asking({"goto": f"{origin}/"}))
        taken = await ask(browsing, asking({"goto": f"{origin}/"}, verify=False))

    assert (refused.outcome, refused.reason) == (Outcome.BAD, "tls-unknown-ca")
    assert taken.outcome is Outcome.GOOD
    assert taken.facts.certificate_expires_at is not None
    assert taken.phases.tls_s is not None


async def test_a_page_that_cannot_be_reached(browsing: Asker) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and listens not
        where = f"127.0.0.1:{deaf.getsockname()[1]}"
        result = await ask(browsing, asking({"goto": f"http://{where}/"}))

    assert (result.outcome, result.reason) == (Outcome.BAD, "connect")
    assert result.detail == f"step 1: {where}: Connection refused"
