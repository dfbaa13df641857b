"""``synthetics probe``: the close look, many times, and HAR."""

from __future__ import annotations

import json
import os
import re
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema
import pytest
import trustme
from click.testing import CliRunner, Result

from probes.result import Outcome, Phases
from synthetics.cli import main
from synthetics.cli.asking.lines import WIDTH
from synthetics.cli.asking.often import spread

SECRET = "open-sesame-42"
PAGE = b"<html>\n  <h1>Hello</h1>\n</html>\n"

TEXT = {"type": "string"}
NUMBER = {"type": "number", "minimum": -1}
INSTANT = {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"}


def group(**parts: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(parts), "properties": parts}


def many(part: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": part}


NAMED = many(group(name=TEXT, value=TEXT))
REQUEST = group(
    method=TEXT,
    url={"type": "string", "pattern": "^https?://"},
    httpVersion=TEXT,
    cookies=NAMED,
    headers=NAMED,
    queryString=NAMED,
    headersSize=NUMBER,
    bodySize=NUMBER,
)
RESPONSE = group(
    status={"type": "integer"},
    statusText=TEXT,
    httpVersion=TEXT,
    cookies=NAMED,
    headers=NAMED,
    content=group(size=NUMBER, mimeType=TEXT),
    redirectURL=TEXT,
    headersSize=NUMBER,
    bodySize=NUMBER,
)
HAR = group(
    log=group(
        version={"const": "1.2"},
        creator=group(name=TEXT, version=TEXT),
        pages=many(group(startedDateTime=INSTANT, id=TEXT, title=TEXT, pageTimings=group())),
        entries=many(
            group(
                pageref=TEXT,
                startedDateTime=INSTANT,
                time={"type": "number", "minimum": 0},
                request=REQUEST,
                response=RESPONSE,
                cache=group(),
                timings=group(send=NUMBER, wait=NUMBER, receive=NUMBER),
            )
        ),
    )
)
"""What HAR 1.2 requires."""


class _Shop(BaseHTTPRequestHandler):
    """A page, and two redirects before it."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        onward = {"/old": "/older", "/older": "/?token=" + SECRET}.get(self.path)
        body = b"" if onward else PAGE
        self.send_response(302 if onward else 200)
        if onward:
            self.send_header("Location", onward)
        self.send_header("Set-Cookie", f"session={SECRET}; Path=/")
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_POST(self) -> None:
        self.do_GET()

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Probes of a shop with a certificate."""
    folder = tmp_path_factory.mktemp("shop")
    authority = trustme.CA(organization_name="An Authority")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost", "shop.example", common_name="shop").configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Shop)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    at = f"localhost:{server.server_port}"
    tls = 'tls: {ca: "${file:ca.pem}"}'
    path = folder / "synthetics.yaml"
    path.write_text(
        f"""
services: {{shop: {{}}}}
probes:
  old: {{service: shop, within: 1ms, http: {{get: "https://{at}/old", {tls}}}}}
  bye: {{service: shop, http: {{get: "https://{at}/", {tls}, expect: {{body: {{contains: Bye}}}}}}}}
  closed: {{service: shop, invert: [connect], tcp: {{connect: "127.0.0.1:1"}}}}
  open: {{service: shop, invert: true, http: {{get: "https://{at}/", {tls}}}}}
  handshake: {{service: shop, tls: {{connect: "{at}", ca: "${{file:ca.pem}}"}}}}
  talk:
    service: shop
    timeout: 1s
    tcp:
      connect: "{at}"
      {tls}
      dialogue:
        - send: "GET / HTTP/1.1\\r\\nHost: shop\\r\\n\\r\\n"
        - expect: "^nothing of the kind"
  hello:
    service: shop
    tcp:
      connect: "{at}"
      {tls}
      dialogue:
        - send: "GET / HTTP/1.1\\r\\nHost: shop\\r\\n\\r\\n"
        - expect: "^HTTP/1.. 200"
  path:
    service: shop
    journey:
      - {{name: home, get: "https://{at}/old", {tls}}}
      - {{name: login, post: "https://{at}/", form: {{word: "${{env:WORD}}"}}, {tls}}}
"""
    )
    yield path
    server.shutdown()
    server.server_close()
    thread.join()


def ask(config: Path, *arguments: str) -> Result:
    runner = CliRunner()
    return runner.invoke(main, ["probe", "--config", str(config), *arguments], env={"WORD": SECRET})


def test_redirects_addresses_and_the_certificate_are_shown(config: Path) -> None:
    said = ask(config, "old").stdout

    assert "✓ old  good, degraded: over 1ms" in said
    assert "redirects  302 https://localhost:" in said
    assert "/older →" in said
    assert "resolved   localhost: 127.0.0.1" in said or "localhost: ::1, 127.0.0.1" in said
    assert "TLS        TLSv1.3 TLS_" in said
    assert "certificate shop, for localhost, shop.example" in said
    assert "issued by O=An Authority" in said or "issued by" in said
    assert "until 3000-01-01" in said
    assert SECRET not in said


def test_what_was_expected_stands_beside_what_came_and_lines_stay_lines(config: Path) -> None:
    said = ask(config, "bye").stdout.splitlines()

    assert "    expected   a body containing “Bye”" in said
    assert f"    got        {len(PAGE)} bytes without it" in said
    at = said.index("    body       <html>")
    assert said[at + 1 : at + 3] == ["                 <h1>Hello</h1>", "               </html>"]


def test_a_conversation_keeps_its_lines_and_the_handshake_is_shown(config: Path) -> None:
    said = ask(config, "talk").stdout.splitlines()

    at = said.index("    said       > GET / HTTP/1.1")
    assert said[at + 1] == "               > Host: shop"
    assert any("TLSv1.3" in line for line in said)
    assert max(map(len, said)) <= WIDTH


def test_of_much_that_was_said_the_beginning_and_the_end_are_shown(tmp_path: Path) -> None:
    file = tmp_path / "synthetics.yaml"
    file.write_text(
        "services: {shop: {}}\n"
        "probes: {count: {service: shop, every: 1h, exec: {command: [seq, '50'],"
        " expect: {exit_code: 1}}}}\n"
    )

    said = CliRunner().invoke(main, ["probe", "--config", str(file)]).output

    shown = [
        line.split()[-1] for line in said.splitlines() if re.fullmatch(r" +(output)? +\d+", line)
    ]
    assert shown == [str(number) for number in (*range(1, 7), *range(37, 51))]
    assert "… 30 lines …" in said


def test_what_should_fail_is_told_both_ways(config: Path) -> None:
    closed, wide_open = ask(config, "closed"), ask(config, "open")

    assert (closed.exit_code, wide_open.exit_code) == (0, 1)
    assert "fails as it should: connect: 127.0.0.1:1: Connection refused" in closed.stdout
    assert "✗ open  bad: should-fail" in wide_open.stdout


def test_json_holds_all_of_it(config: Path) -> None:
    [old, handshake] = json.loads(ask(config, "old", "handshake", "--format", "json").stdout)

    assert old["degraded"] is True
    assert [each["status"] for each in old["requests"]] == [302, 302, 200]
    assert old["requests"][1]["leads_to"].endswith("/?token=***")
    assert old["tls"][0]["certificates"][0]["names"] == ["localhost", "shop.example"]
    assert handshake["tls"][0]["version"] == "TLSv1.3"
    assert handshake["addresses"]["localhost"]


def test_har_is_as_the_specification_says_and_without_secrets(config: Path, tmp_path: Path) -> None:
    file = tmp_path / "out.har"

    result = ask(config, "old", "path", "closed", "--har", str(file))

    assert result.exit_code == 0
    text = file.read_text()
    log = json.loads(text)["log"]
    jsonschema.validate(json.loads(text), HAR)
    assert SECRET not in text
    assert [page["title"].split(":")[0] for page in log["pages"]] == ["old", "path", "closed"]
    assert [entry["response"]["status"] for entry in log["entries"]] == [302, 302, 200] * 2 + [200]
    assert log["entries"][2]["response"]["content"]["text"] == PAGE.decode()
    assert log["entries"][-1]["request"]["postData"]["text"] == "word=***"
    for entry in log["entries"]:
        spent = [v for k, v in entry["timings"].items() if k != "ssl" and v > 0]
        assert entry["time"] == pytest.approx(sum(spent), abs=0.01)
        assert entry["pageref"] in {page["id"] for page in log["pages"]}


def test_many_times_show_how_the_times_are_spread(config: Path) -> None:
    result = ask(config, "old", "bye", "--repeat", "3")

    assert result.exit_code == 1
    assert "old  3 of 3 good, 3 degraded" in result.stdout
    assert "bye  0 of 3 good, 3 bad" in result.stdout
    for name in ("min", "p50", "p90", "p95", "p99", "max", "mean"):
        assert f"      {name:21}" in result.stdout
    assert "The last that was not good:" in result.stdout

    [old] = json.loads(ask(config, "old", "--repeat", "2", "--format", "json").stdout)
    assert old["counts"] == {"asked": 2, "good": 2, "bad": 0, "void": 0, "degraded": 2}
    assert len(old["runs"]) == 2
    assert old["spread"]["total_s"]["min"] <= old["spread"]["total_s"]["max"]


def test_percentiles_are_by_nearest_rank() -> None:
    """Of a hundred times the 99th is p99, and of one time all are that one."""

    def took(seconds: float) -> Any:
        result = SimpleNamespace(outcome=Outcome.GOOD, duration_s=seconds, phases=Phases())
        return SimpleNamespace(result=result)

    seen = [took(float(n)) for n in range(1, 101)]

    assert spread(seen)["total_s"] == {
        "min": 1.0,
        "p50": 50.0,
        "p90": 90.0,
        "p95": 95.0,
        "p99": 99.0,
        "max": 100.0,
        "mean": 50.5,
    }
    assert set(spread(seen[:1])["total_s"].values()) == {1.0}


def test_of_what_is_well_the_conversation_is_shown_too(config: Path) -> None:
    said = ask(config, "hello").stdout.splitlines()
    (seen,) = json.loads(ask(config, "hello", "--format", "json").stdout)

    at = said.index("    said       > GET / HTTP/1.1")
    assert "               HTTP/1.1 200 OK" in said[at:]
    assert seen["evidence"] is None
    assert next(iter(seen["said"].values())).startswith("> GET / HTTP/1.1\n")


def test_watching_goes_on_until_it_is_ended(config: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "synthetics", "probe", "--config", str(config), "--watch", "old"],
        stdout=subprocess.PIPE,
        env={**os.environ, "WORD": SECRET, "PYTHONUNBUFFERED": "1"},
        text=True,
    ) as asking:
        assert asking.stdout is not None
        lines = [asking.stdout.readline() for _ in range(2)]
        asking.send_signal(signal.SIGINT)
        summary = asking.stdout.read()
        assert asking.wait(10) == 0

    assert re.search(r"^old  (\d+) of \1 good, \1 degraded$", summary, re.MULTILINE)
    assert "p99" in summary
    assert all("✓ old  good, degraded: over 1ms" in line for line in lines)


def test_json_may_be_asked_for_in_short(config: Path) -> None:
    (seen,) = json.loads(ask(config, "closed", "--json").stdout)

    assert (seen["probe"], seen["outcome"]) == ("closed", "good")


def test_a_har_without_requests_is_said_to_be_one(config: Path, tmp_path: Path) -> None:
    path = tmp_path / "no.har"

    said = ask(config, "closed", "--har", str(path)).stderr

    assert said == f"{path} holds no request: none was made over HTTP\n"
    assert json.loads(path.read_text())["log"]["entries"] == []


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["--watch", "--repeat", "2"], "--watch goes on until it is ended"),
        (["--watch", "--format", "json"], "--watch goes on until it is ended"),
        (["closed", "--har", "/nowhere/at/all.har"], "/nowhere/at/all.har cannot be written"),
    ],
)
def test_what_does_not_go_together_is_refused(config: Path, arguments: list[str], why: str) -> None:
    result = ask(config, *arguments)

    assert result.exit_code == 2
    assert why in result.stderr
