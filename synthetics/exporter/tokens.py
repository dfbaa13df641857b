"""Tokens for ``Authorization`` by OAuth 2: for a client by itself (RFC 6749, 4.4; RFC 7523)."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator, Mapping
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit

from probes.ask import header_values
from probes.curl.engine import Line
from probes.curl.order import Answer, Order
from probes.curl.reasons import verdict
from probes.url import check_url, to_send
from probes.watch import Gate
from synthetics.exporter.assertion import signed
from synthetics.exporter.client import Tokens
from synthetics.exporter.frame import Failed, Frame
from synthetics.exporter.proxies import proxy_for
from synthetics.exporter.written_client import JWT_GRANT

_LIMIT = 1 << 20
"""Bytes of an answer with a token."""


async def authorization(frame: Frame, tokens: Tokens, line: Line, gate: Gate) -> str:
    """
    A header line with a new token; asked for at each probe, as the exporter does.

    How the client is to name itself is not known beforehand: by a login first, and where that is
    refused by fields of the form.

    Raises:
        Failed: There is none.
    """
    written = tokens.written
    why = ""
    for headers, fields in _forms(tokens):
        answer = await line.ask(
            _order(tokens, fields, headers, frame.watch.user_agent),
            (),
            timeout_ms=max(1, round(frame.watch.remaining_s() * 1000)),
            permits=gate,
        )
        if answer.failure:
            _, reason, detail = verdict(answer, timeout_s=frame.watch.timeout_s, proxy=False)
            raise Failed(f"oauth2: no token: {reason}: {detail}")
        if 200 <= answer.status < 300:
            return f"Authorization: {_token(answer)}"
        why = f"oauth2: no token: {written.token_url} answered {answer.status}"
    raise Failed(why)


def _forms(tokens: Tokens) -> Iterator[tuple[tuple[str, ...], dict[str, str]]]:
    """Headers and fields of one request after the other, until one is taken."""
    written = tokens.written
    scope = {"scope": " ".join(written.scopes)} if written.scopes else {}
    if tokens.key is not None:
        said = {"grant_type": JWT_GRANT, "assertion": signed(written, tokens.key)}
        yield (), said | scope | written.endpoint_params
        return
    fields = {"grant_type": "client_credentials"} | scope | written.endpoint_params
    login = f"{quote_plus(written.client_id)}:{quote_plus(tokens.secret)}".encode()
    yield (f"Authorization: Basic {base64.b64encode(login).decode()}",), fields
    own = {"client_id": written.client_id}
    yield (), fields | own | ({"client_secret": tokens.secret} if tokens.secret else {})


def _order(
    tokens: Tokens, fields: Mapping[str, str], headers: tuple[str, ...], user_agent: str
) -> Order:
    written = tokens.written
    url = to_send(check_url(written.token_url))
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    form = "Content-Type: application/x-www-form-urlencoded"
    return Order(
        method="POST",
        url=url,
        headers=(*headers, form, f"User-Agent: {user_agent}", "Accept:", "Expect:"),
        body=urlencode(fields).encode(),
        body_limit=_LIMIT,
        body_keep=_LIMIT,
        proxy=proxy_for(written, secure=secure, host=parts.hostname or "", port=port),
        proxy_headers=connect_headers(written.proxy_connect_header),
        tls=tokens.tls,
    )


def connect_headers(written: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """Header lines for a proxy that is asked to connect."""
    return tuple(f"{name}: {value}" for name, values in written.items() for value in values)


def _token(answer: Answer) -> str:
    """What ``Authorization`` says with the token in *answer*."""
    text = answer.body.decode("utf-8", "replace")
    kind = next(iter(header_values(answer.headers, "content-type")), "").partition(";")[0]
    if kind.strip().lower() in ("application/x-www-form-urlencoded", "text/plain"):
        found: object = dict(parse_qsl(text))
    else:
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
    token = found.get("access_token") if isinstance(found, dict) else None
    if not isinstance(found, dict) or not isinstance(token, str) or not token:
        raise Failed("oauth2: no token: there is no access_token in the answer")
    said = str(found.get("token_type") or "Bearer")
    scheme = {"bearer": "Bearer", "mac": "MAC", "basic": "Basic"}.get(said.lower(), said)
    if any(character < " " for character in scheme + token):
        raise Failed("oauth2: no token: the access_token has a line break in it")
    return f"{scheme} {token}"
