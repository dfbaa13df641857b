"""``synthetics probe``: what it prints, and how it ends."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from synthetics.cli.asking.lines import WIDTH
from synthetics.cli.probe import command


class _Shop(BaseHTTPRequestHandler):
    """One page, and nothing else."""

    def do_GET(self) -> None:
        self.send_response(200 if self.path == "/" else 404)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"shop")

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        """Say nothing."""


@pytest.fixture
def config(tmp_path: Path) -> Iterator[Path]:
    """A configuration of three probes of a server that is there."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Shop)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    origin = f"http://127.0.0.1:{server.server_port}"
    path = tmp_path / "synthetics.yaml"
    path.write_text(
        f"""
defaults: {{every: 1m, timeout: 5s}}
services: {{shop: {{name: shop}}}}
probes:
  home: {{service: shop, http: {{get: {origin}/}}}}
  lost:
    service: shop
    http: {{get: {origin}/lost, expect: {{body: {{contains: "${{env:WORD}}"}}}}}}
  path:
    service: shop
    journey:
      - {{name: a step whose name is far too long for its column, get: {origin}/}}
      - {{name: missing, get: {origin}/lost}}
      - {{name: never, get: {origin}/}}
      - {{name: clean, get: {origin}/lost, always: true}}
"""
    )
    yield path
    server.shutdown()
    server.server_close()
    thread.join()


def ask(config: Path, *arguments: str, environ: dict[str, str] | None = None) -> Result:
    """The command, without a terminal."""
    given = {"WORD": "se-cret", **(environ or {})}
    return CliRunner().invoke(command, ["--config", str(config), *arguments], env=given)


def test_a_good_probe_ends_with_0(config: Path) -> None:
    result = ask(config, "home")

    assert result.exit_code == 0
    assert result.stdout.startswith("✓ home  good  ")


def test_a_bad_one_ends_with_1_and_says_what_was_expected(config: Path) -> None:
    result = ask(config)

    assert result.exit_code == 1
    assert "✗ lost  bad: status" in result.stdout
    assert "    expected   status 2xx\n    got        404\n" in result.stdout
    assert "· never                 skipped" in result.stdout
    assert "1 of 3 good" in result.stdout


def test_every_line_fits_the_terminal_and_is_plain_in_a_pipe(config: Path) -> None:
    result = ask(config)

    assert max(map(len, result.stdout.splitlines())) <= WIDTH
    assert "\x1b" not in result.output


def test_colour_is_for_terminals_that_want_it(config: Path) -> None:
    def coloured(**environ: str) -> bool:
        runner = CliRunner()
        arguments = ["--config", str(config), "home"]
        said = runner.invoke(command, arguments, env={"WORD": "word", **environ}, color=True)
        return "\x1b" in said.stdout

    assert coloured()
    assert not coloured(NO_COLOR="1")


def test_json_has_steps_phases_and_no_secret(config: Path) -> None:
    result = ask(config, "path", "lost", "--format", "json")
    path, lost = json.loads(result.stdout)

    assert (path["probe"], path["failed_step"], path["reason"]) == ("path", "missing", "status")
    assert [step["outcome"] for step in path["steps"]] == ["good", "bad", "skipped", "bad"]
    assert path["steps"][0]["phases"]["connect_s"] > 0
    assert re.fullmatch(r"[0-9a-f]{32}", lost["trace_id"])
    assert "se-cret" not in result.stdout


def test_an_unknown_name_and_a_wrong_file_end_with_2(config: Path, tmp_path: Path) -> None:
    unknown = ask(config, "hom")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text("probes: {a: {http: {}}}")
    refused = ask(wrong)

    assert (unknown.exit_code, refused.exit_code) == (2, 2)
    assert "did you mean home?" in unknown.stderr
    assert "probes.a" in refused.stderr
    assert unknown.stdout == refused.stdout == ""
