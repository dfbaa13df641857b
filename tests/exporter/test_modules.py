"""The module file: mistakes have a place, and what we cannot do is said of its module alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetics.config.problems import ConfigError
from synthetics.exporter.modules import Module, line_of, load
from synthetics.exporter.written_client import JWT_GRANT

_CLIENT = "client_id: me, token_url: 'http://a.test/'"


def read(folder: Path, text: str) -> dict[str, Module]:
    file = folder / "blackbox.yml"
    file.write_text(text, encoding="utf-8")
    return dict(load(file))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param(
            "modules:\n  web:\n    prober: http\n    http:\n      methode: GET\n",
            "5:7: modules.web.http.methode: there is no key `methode` here",
            id="a key that is not there",
        ),
        pytest.param(
            "modules:\n  web: {prober: ftp}\n", "2:9: modules.web.prober: ", id="a prober"
        ),
        pytest.param(
            "modules:\n  web: {prober: http, timeout: 5}\n",
            "2:23: modules.web.timeout: the number 5 is no duration",
            id="a time without a unit",
        ),
        pytest.param(
            "modules:\n  web:\n    prober: tcp\n    tcp:\n      query_response:\n"
            "        - expect: '('\n",
            "6:11: modules.web.tcp.query_response[0].expect: `(` is no regular expression",
            id="a pattern",
        ),
        pytest.param("modules: [", "not YAML", id="no YAML"),
        pytest.param("probes: {}", "this is no module file", id="another file"),
        pytest.param("", "this is no module file", id="nothing"),
    ],
)
def test_a_mistake_has_its_place(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ConfigError) as refused:
        read(tmp_path, text)
    assert said in str(refused.value.problems[0])


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read: No such file"):
        load(tmp_path / "none.yml")


@pytest.mark.parametrize(
    ("module", "why"),
    [
        ("{prober: grpc, grpc: {tls_config: {ca_file: /none}}}", "/none cannot be read"),
        ("{prober: dns}", "there is no `dns:` in it, so nothing to ask for"),
        ("{prober: dns, dns: {query_name: a.test, dns_over_tls: true}}", "transport_protocol: tcp"),
        (
            f"{{prober: http, http: {{oauth2: {{{_CLIENT}, grant_type: '{JWT_GRANT}'}}}}}}",
            "`client_certificate_key` is no RSA key",
        ),
        ("{prober: http, http: {body_file: /none}}", "/none cannot be read"),
        ('{prober: http, http: {headers: {X: "a\\nb"}}}', "'X' has a line break"),
        ("{prober: unix, unix: {tls_config: {ca_file: /none}}}", "/none cannot be read"),
        (
            '{prober: websocket, websocket: {headers: {X: "a\\nb"}}}',
            "'X' has a line break",
        ),
    ],
)
def test_what_cannot_be_done_is_said_of_its_module(tmp_path: Path, module: str, why: str) -> None:
    found = read(tmp_path, f"modules:\n  fine: {{prober: http}}\n  other: {module}\n")
    assert why in found["other"].cannot[0]
    assert not found["fine"].cannot
    assert line_of(tmp_path / "blackbox.yml", "other") == 3


def test_anchors_merges_and_bytes_are_read_as_the_exporter_reads_them(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "modules:\n  one: &one {prober: tcp, timeout: 1m30s}\n  two:\n    <<: *one\n"
        "    tcp: {query_response: [{send: !!binary AAAACATSFi8=, expect_bytes: S}]}\n",
    )
    assert found["two"].written.timeout == 90
    assert found["two"].written.tcp.query_response[0].send == b"\0\0\0\x08\x04\xd2\x16\x2f"


def test_what_is_shown_of_a_module_holds_no_secret(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        "modules:\n  web:\n    prober: http\n    http:\n"
        "      basic_auth: {username: me, password: pass-word}\n"
        "      headers: {X-Api-Key: key-word}\n"
        "      http_headers: {X-Other: {secrets: [other-word]}}\n"
        "      fail_if_body_matches_regexp: [down]\n",
    )
    shown = found["web"].shown
    assert not any(word in shown for word in ("pass-word", "key-word", "other-word"))
    assert "down" in shown
    assert "username: me" in shown
