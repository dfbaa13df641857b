"""What the exporter takes we take, and what it refuses is refused with its place and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetics.config.problems import ConfigError
from synthetics.exporter.modules import load
from synthetics.exporter.written import takes

GOOD = r"""
modules:
  empty: {prober: http, http: }
  all_of_http:
    prober: http
    timeout: 5s
    http:
      valid_http_versions: [HTTP/1.1, HTTP/2.0]
      valid_status_codes: []
      method: GET
      headers: {Host: shop.test, Accept-Encoding: "br;q=0.5, gzip"}
      http_headers: {Accept-Language: {values: [en]}, X-Key: {secrets: [a], files: []}}
      compression: gzip
      body_size_limit: 10MB
      follow_redirects: true
      fail_if_ssl: false
      fail_if_not_ssl: false
      fail_if_body_matches_regexp: [down]
      fail_if_body_not_matches_regexp: [up]
      fail_if_header_matches: [{header: Set-Cookie, allow_missing: true, regexp: '.*'}]
      fail_if_header_not_matches: [{header: X, regexp: '(\*|a)'}]
      fail_if_body_json_matches_cel: "body.a == 1"
      fail_if_body_json_not_matches_cel: "has(body.b)"
      tls_config: {insecure_skip_verify: false, min_version: TLS10, max_version: TLS13}
      preferred_ip_protocol: ip4
      ip_protocol_fallback: false
  login: {prober: http, http: {basic_auth: {username: me, password: pass-word}}}
  bearer: {prober: http, http: {authorization: {credentials: a}}}
  token:
    prober: http
    http:
      oauth2:
        client_id: me
        client_secret: a
        token_url: https://id.test/token
        scopes: [a]
        endpoint_params: {grant_type: client_credentials}
        tls_config: {insecure_skip_verify: true}
  proxy:
    prober: http
    http:
      proxy_url: http://me:pass-word@127.0.0.1:3128
      no_proxy: a.test, 10.0.0.0/8
      proxy_connect_header: {Proxy-Authorization: [Bearer a]}
      skip_resolve_phase_with_proxy: true
  environment: {prober: http, http: {proxy_from_environment: true}}
  http3: {prober: http, http: {enable_http3: true, enable_http2: false}}
  post: {prober: http, http: {method: POST, body: '{}'}}
  tcp:
    prober: tcp
    tcp:
      tls: true
      source_ip_address: 127.0.0.1
      query_response:
        - {expect: "^220 ([^ ]+)", labels: [{name: host, value: "${1}"}]}
        - {send: "EHLO prober\r"}
        - {expect_bytes: S, starttls: true}
  unix: {prober: unix, unix: {query_response: [{send: PING}, {expect: PONG}], tls: false}}
  websocket:
    prober: websocket
    websocket:
      http_config: {basic_auth: {username: me, password: a}}
      headers: {X-One: alone, X-Two: {values: [a, b]}}
      query_response: [{expect: "^Hello", send: hi}]
  icmp: {prober: icmp, icmp: {ttl: 5, dont_fragment: true, payload_size: 64}}
  dns: {prober: dns, dns: {query_name: a.test, query_class: CH, query_type: TXT, valid_rcodes: [NXDOMAIN]}}
"""  # noqa: E501 - one module a line


def test_every_key_is_taken(tmp_path: Path) -> None:
    file = tmp_path / "blackbox.yml"
    file.write_text(GOOD, encoding="utf-8")
    modules = load(file)
    assert {name: module.cannot for name, module in modules.items() if module.cannot} == {}
    assert "pass-word" not in "".join(module.shown for module in modules.values())
    assert "body.a == 1" in modules["all_of_http"].shown


OAUTH = "client_id: me, token_url: 'http://a.test/'"


@pytest.mark.parametrize(
    ("prober", "keys", "at", "said"),
    [
        ("http", "body: a, body_file: b", "", "`body` and `body_file` exclude each other"),
        ("http", "bearer_token: a, bearer_token_file: b", "", "`bearer_token` and `bearer_token_"),
        ("http", "basic_auth: {}, bearer_token: a", "", "`basic_auth` and `bearer_token` exclude"),
        ("http", "basic_auth: {}, authorization: {}", "", "`basic_auth` and `authorization`"),
        ("http", f"authorization: {{}}, oauth2: {{{OAUTH}}}", "", "`oauth2` and `authorization`"),
        ("http", "authorization: {type: basic}", ".authorization.type", "cannot be Basic"),
        (
            "http",
            "authorization: {credentials: a, credentials_file: b}",
            ".authorization",
            "`credentials` and `credentials_file` exclude each other",
        ),
        ("http", "basic_auth: {password: a, password_file: b}", ".basic_auth", "`password` and"),
        ("http", "oauth2: {client_id: me}", ".oauth2.token_url", "`token_url` is missing"),
        ("http", "oauth2: {token_url: 'a'}", ".oauth2.client_id", "`client_id` is missing"),
        ("http", "oauth2: {client_id: a, token_url: b}", ".oauth2.token_url", "this is not an"),
        (
            "http",
            f"oauth2: {{{OAUTH}, client_secret: a, client_secret_file: b}}",
            ".oauth2",
            "`client_secret` and `client_secret_file` exclude each other",
        ),
        (
            "http",
            "http_headers: {User-agent: {values: [a]}}",
            ".http_headers.User-agent",
            "User-agent is none of `http_headers`",
        ),
        ("http", "no_proxy: a", "", "`no_proxy` is for a proxy, and there is none"),
        ("http", "proxy_connect_header: {A: [b]}", "", "`proxy_connect_header` is for a proxy"),
        ("http", "proxy_url: squid", ".proxy_url", "this is no URL of a proxy"),
        (
            "http",
            "proxy_url: 'http://a:1', proxy_from_environment: true",
            "",
            "`proxy_from_environment` and `proxy_url` exclude each other",
        ),
        (
            "http",
            "compression: gzip, headers: {accEpt-enCoding: deflate}",
            ".headers.accEpt-enCoding",
            "`Accept-Encoding: deflate` does not take the compression gzip",
        ),
        ("http", "enable_http3: true", "", "HTTP/3 and HTTP/2 exclude each other"),
        (
            "http",
            "enable_http3: true, enable_http2: false, valid_http_versions: [HTTP/1.1]",
            ".valid_http_versions",
            "with `enable_http3` only HTTP/3.0 can be",
        ),
        ("http", "valid_http_versions: [HTTP/3.0]", ".valid_http_versions", "HTTP/3.0 needs"),
        ("http", "fail_if_body_matches_regexp: [':[']", ".fail_if_body_matches_regexp[0]", "`:[`"),
        (
            "http",
            "fail_if_header_matches: [{header: A}]",
            ".fail_if_header_matches[0].regexp",
            "`regexp` is missing",
        ),
        (
            "http",
            "fail_if_body_json_matches_cel: 'body.a =='",
            ".fail_if_body_json_matches_cel",
            "`body.a ==` is no expression in CEL: <input>:1:10: Syntax error",
        ),
        (
            "http",
            "fail_if_body_json_not_matches_cel: 'status == 200'",
            ".fail_if_body_json_not_matches_cel",
            "undeclared reference to 'status'",
        ),
        ("http", "tls_config: {ca: a, ca_file: b}", ".tls_config", "`ca` and `ca_file` exclude"),
        ("http", "tls_config: {cert_file: a}", ".tls_config", "a client certificate needs its key"),
        ("http", "tls_config: {max_version: TLS9}", ".tls_config.max_version", "`TLS9`"),
        (
            "tcp",
            "query_response: [{expect: a, expect_bytes: b}]",
            ".query_response[0]",
            "`expect` and `expect_bytes` exclude each other",
        ),
        ("tcp", "query_response: [{expect: ':['}]", ".query_response[0].expect", "`:[` is no"),
        ("unix", "query_response: [{expect: ':['}]", ".query_response[0].expect", "`:[` is no"),
        ("unix", "path: /a", ".path", "there is no key `path` here"),
        ("websocket", "query_response: [{expect: '('}]", ".query_response[0].expect", "`(` is no"),
        ("websocket", "http_config: {bearer: a}", ".http_config.bearer", "there is no key"),
        ("icmp", "ttl: 256", ".ttl", "the number 256 is above 255"),
        ("icmp", "ttl: -1", ".ttl", "the number -1 is below 0"),
        ("dns", "query_type: A", ".query_name", "`query_name` is missing"),
        ("dns", "query_name: ''", ".query_name", ""),
        ("dns", "query_name: a, query_type: X", ".query_type", "`X` is nothing that DNS knows"),
        ("dns", "query_name: a, query_class: X", ".query_class", "`X` is nothing that DNS knows"),
        ("dns", "query_name: a, valid_rcodes: [X]", ".valid_rcodes[0]", "`X` is nothing that"),
    ],
)
def test_what_cannot_be_is_refused(
    tmp_path: Path, prober: str, keys: str, at: str, said: str
) -> None:
    file = tmp_path / "blackbox.yml"
    file.write_text(f"modules:\n  one:\n    prober: {prober}\n    {prober}: {{{keys}}}\n")
    with pytest.raises(ConfigError) as refused:
        load(file)
    problem = refused.value.problems[0]
    assert problem.path == f"modules.one.{prober}{at}"
    assert problem.line == 4
    assert said in problem.what


@pytest.mark.parametrize(
    ("accepted", "encoding", "taken"),
    [
        ("gzip", "gzip", True),
        ("br, gzip;q=0.1", "gzip", True),
        ("br;q=1.0, *", "gzip", True),
        ("*;q=0.0", "gzip", False),
        ("gzip;q=0, *", "gzip", True),
        ("br, identity", "gzip", False),
        ("gzip;q=much", "gzip", False),
        ("", "gzip", True),
        ("br", "", True),
    ],
)
def test_what_accept_encoding_takes(accepted: str, encoding: str, *, taken: bool) -> None:
    assert takes(accepted, encoding) is taken
