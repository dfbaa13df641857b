"""
Probers and keys that Debian's exporter does not know: held against what the newest one documents.

Names of metrics, and which of them there are in each case, were read from its source.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import ssl
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
import trustme
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from synthetics.exporter.modules import load
from synthetics.exporter.written_client import JWT_GRANT
from tests.exporter.asker import OFTEN, Asker, names
from tests.exporter.support import Targets
from tests.probes.support import ok, speaking
from tests.probes.test_protocols import speaking_all_versions


@pytest.fixture
async def unix(tmp_path: Path) -> AsyncIterator[str]:
    """Answers PING, and anything else with what it is not."""

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := (await reader.readline()).strip():
            writer.write(b"hello\n+PONG 7\n" if line == b"PING" else b"-ERR\n")
        writer.close()

    server = await asyncio.start_unix_server(speak, tmp_path / "socket")
    yield str(tmp_path / "socket")
    server.close()


@pytest.mark.parametrize(
    ("turns", "success", "regex"),
    [
        pytest.param("", 1, 0, id="a connection is enough"),
        pytest.param("{send: PING}, {expect: PONG}", 1, 0, id="an answer, some lines later"),
        pytest.param("{send: PING}, {expect: NEVER}", 0, 0, id="an answer that never comes"),
        pytest.param("{send: QUIT}, {expect: '^-'}, {send: ''}", 1, 0, id="another answer"),
    ],
)
async def test_a_socket_of_this_machine(
    asker: Asker, unix: str, turns: str, success: int, regex: int
) -> None:
    module = f"{{prober: unix, timeout: 400ms, unix: {{query_response: [{turns}]}}}}"
    found = await asker.metrics(module, unix)
    assert names(found) == OFTEN | {"probe_failed_due_to_regex", "probe_failed_due_to_bytes"}
    assert found["probe_success", ""] == success
    assert found["probe_failed_due_to_regex", ""] == regex


async def test_what_a_socket_says_is_put_into_labels(asker: Asker, unix: str) -> None:
    turn = '{send: PING}, {expect: "PONG (.)", labels: [{name: number, value: "$1"}]}'
    found = await asker.metrics(f"{{prober: unix, unix: {{query_response: [{turn}]}}}}", unix)
    assert found["probe_expect_info", '{number="7"}'] == 1


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/nowhere/socket", "No such file or directory"),
        ("/" + "x" * 200, "too long"),
        ("@nobody-listens-here", "Connection refused"),
    ],
)
async def test_a_socket_that_is_not_there(asker: Asker, target: str, why: str) -> None:
    said = await asker.text("{prober: unix}", target, debug=True)
    assert why in said
    assert "probe_success 0\n" in said
    assert "probe_failed_due" not in said


async def test_a_socket_over_tls_has_no_name_of_its_own(asker: Asker, unix: str) -> None:
    said = await asker.text("{prober: unix, unix: {tls: true}}", unix, debug=True)
    assert "write `server_name`" in said


async def test_a_socket_over_tls(
    asker: Asker, authority: trustme.CA, server_tls: ssl.SSLContext, tmp_path: Path
) -> None:
    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"hello\n")
        with contextlib.suppress(ConnectionError, ssl.SSLError):
            await reader.read()
            writer.close()
            await writer.wait_closed()
        ended.set()

    ended = asyncio.Event()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    tls = f"{{ca_file: {tmp_path}/ca.pem, server_name: localhost}}"
    unix = f"tls: true, tls_config: {tls}, query_response: [{{expect: hello}}]"
    server = await asyncio.start_unix_server(speak, tmp_path / "tls", ssl=server_tls)
    async with server:
        found = await asker.metrics(f"{{prober: unix, unix: {{{unix}}}}}", str(tmp_path / "tls"))
        await ended.wait()
    assert found["probe_success", ""] == 1
    assert {"probe_tls_version_info", "probe_ssl_earliest_cert_expiry"} <= names(found)


@pytest.mark.parametrize(
    ("key", "expression", "success"),
    [
        ("not_matches", "body.foo == 'bar' && body.baz.startsWith('q')", 1),
        ("not_matches", "body.foo == 'qux'", 0),
        ("matches", "body.foo == 'qux'", 1),
        ("matches", "body.foo == 'bar'", 0),
        ("not_matches", "body.size == 3 && body.list.exists(x, x > 1.5)", 1),
        pytest.param("not_matches", "body.none == 1", 0, id="a key that is not there"),
        pytest.param("not_matches", "body.foo", 0, id="no verdict"),
        pytest.param("not_matches", "body.size % 2 == 1", 0, id="numbers are doubles"),
    ],
)
async def test_json_is_judged_by_cel(
    asker: Asker, targets: Targets, key: str, expression: str, success: int
) -> None:
    module = f'{{prober: http, http: {{fail_if_body_json_{key}_cel: "{expression}"}}}}'
    found = await asker.metrics(module, f"{targets.http}/json")
    assert found["probe_success", ""] == success
    assert found["probe_failed_due_to_cel", ""] == 1 - success
    assert found["probe_failed_due_to_regex", ""] == 0


async def test_a_body_that_is_no_json(asker: Asker, targets: Targets) -> None:
    module = '{prober: http, http: {fail_if_body_json_matches_cel: "false"}}'
    said = await asker.text(module, f"{targets.http}/well", debug=True)
    assert "the body is no JSON" in said
    assert "probe_failed_due_to_cel 1\n" in said


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("/private", "basic_auth: {username_file: FOLDER/name, password_file: FOLDER/word}"),
        ("/secured", "authorization: {credentials_file: FOLDER/token}"),
        ("/secured", "bearer_token_file: FOLDER/token"),
        ("/secured", "authorization: {type: ' ', credentials: t0ken}"),
        ("/secured", "headers: {Authorization: Bearer t0ken}"),
    ],
)
async def test_logins_from_files(
    asker: Asker, targets: Targets, tmp_path: Path, path: str, keys: str
) -> None:
    for name, text in {"name": "me\n", "word": "secret-word\n", "token": " t0ken\n"}.items():
        (tmp_path / name).write_text(text)
    module = f"{{prober: http, http: {{{keys.replace('FOLDER', str(tmp_path))}}}}}"
    said = await asker.text(module, targets.http + path, debug=True)
    assert "probe_success 1\n" in said
    assert "t0ken" not in said


async def test_a_token_for_a_signed_one(asker: Asker, targets: Targets, tmp_path: Path) -> None:
    key = rsa.generate_private_key(public_exponent=65_537, key_size=2048)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(pem)
    heard: list[dict[str, str]] = []

    async def give(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0])
        heard.append(dict(parse_qsl((await reader.readexactly(length)).decode())))
        assert b"Authorization" not in head
        writer.write(ok(b'{"access_token": "t0ken"}'))

    async with speaking(give) as port:
        oauth = (
            f"client_id: me, token_url: 'http://127.0.0.1:{port}/', grant_type: '{JWT_GRANT}', "
            f"client_certificate_key_file: {tmp_path}/key.pem, signature_algorithm: RS512, "
            "client_certificate_key_id: k1, scopes: [a, b], audience: shop, claims: {tier: 1}"
        )
        module = f"{{prober: http, http: {{oauth2: {{{oauth}}}}}}}"
        found = await asker.metrics(module, f"{targets.http}/secured")

    assert found["probe_success", ""] == 1
    [form] = heard
    assert (form["grant_type"], form["scope"]) == (JWT_GRANT, "a b")
    head, claims, signature = (
        base64.urlsafe_b64decode(f"{part}===") for part in form["assertion"].split(".")
    )
    text = form["assertion"].rpartition(".")[0].encode()
    key.public_key().verify(signature, text, padding.PKCS1v15(), hashes.SHA512())
    assert json.loads(head) == {"alg": "RS512", "typ": "JWT", "kid": "k1"}
    said = json.loads(claims)
    assert said["exp"] - said["iat"] == 600
    assert {name: said[name] for name in ("iss", "sub", "aud", "scope", "tier")} == {
        "iss": "me", "sub": "me", "aud": "shop", "scope": "a b", "tier": 1,
    }  # fmt: skip


def test_without_its_library_cel_is_what_cannot_be_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    file = tmp_path / "blackbox.yml"
    file.write_text("modules: {a: {prober: http, http: {fail_if_body_json_matches_cel: '('}}}\n")
    assert load(file)["a"].cannot == (
        "expressions in CEL need a library: pip install 'synthetics[cel]'",
    )


async def test_http3(
    asker: Asker, authority: trustme.CA, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    http = f"enable_http3: true, enable_http2: false, tls_config: {{ca_file: {tmp_path}/ca.pem}}"
    module = f"{{prober: http, http: {{{http}, valid_http_versions: [HTTP/3.0]}}}}"
    async with speaking_all_versions(authority, tmp_path, monkeypatch) as port:
        found = await asker.metrics(module, f"http://127.0.0.1:{port}/")
    assert found["probe_success", ""] == 1
    assert found["probe_http_version", ""] == 3
    assert found["probe_http_ssl", ""] == 1
