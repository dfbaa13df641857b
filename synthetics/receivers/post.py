"""One request, and what its answer or its failure means for another attempt."""

from __future__ import annotations

import json
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from yarl import URL

from probes.fields import Secret
from probes.watch import Mask
from synthetics.receivers.base import Verdict
from synthetics.receivers.text import shorten

# Loaded when the first message is sent: every command reads the configuration, which loads
# the receivers, and few of them send anything.
if TYPE_CHECKING:
    import aiohttp

LONGEST_PAUSE_S = 3600.0
"""A far side that asks for more is asked again after this; a page must not wait for a typo."""

CONNECT_LIMIT_S = 5.0
"""Who does not answer a knock within this has certainly not taken the message."""

_READ_AT_MOST = 4096
"""Of an answer that is only looked at to tell what was wrong."""

_DETAIL_LIMIT = 200
_SHORTEST_KEY = 8
_WORTH_REPEATING = frozenset({408, 425, 429})
_MOVED_FOR_GOOD = frozenset({301, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; of the body no more than its beginning, as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def new_session() -> aiohttp.ClientSession:
    """
    A session fit for receivers: nothing is remembered from one message to the next.

    A kept connection may be dead, and a POST that finds out so cannot tell whether it
    arrived; pages are rare enough to open a new one each.  Answers are not unpacked,
    so no bomb in one can go off.
    """
    import aiohttp

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=True, ssl=verifying()),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        timeout=aiohttp.ClientTimeout(total=None, connect=CONNECT_LIMIT_S),
        headers={"User-Agent": "synthetics", "Accept-Encoding": "identity"},
    )


def verifying() -> ssl.SSLContext:
    """Trust in what OpenSSL trusts, and in the bundle of the probes: a slim image has only that."""
    from probes.net.trust import authorities_file

    context = ssl.create_default_context()
    context.load_verify_locations(authorities_file())
    return context


async def post(
    session: aiohttp.ClientSession,
    url: Secret,
    body: bytes,
    headers: Mapping[str, str],
    *,
    method: str = "POST",
    at_most: int = _READ_AT_MOST,
) -> Answer | Verdict:
    """
    Send *body* once, following no redirect.

    What aiohttp says of a failure may hold the URL, so only its kind is passed on.

    Args:
        session: As `new_session` makes it.
        url: Where to.
        body: What to send.
        headers: Beside those of the session.
        method: ``POST``, or ``PATCH`` to mend what was sent before.
        at_most: How many bytes of the answer are read.
    """
    import aiohttp

    try:
        async with session.request(
            method, url.reveal(), data=body, headers=headers, allow_redirects=False
        ) as response:
            return Answer(response.status, response.headers, await _beginning(response, at_most))
    except aiohttp.ConnectionTimeoutError:
        return Verdict.retry("connect", "no connection in time", arrived=False)
    except TimeoutError:
        return Verdict.retry("timeout", "no answer in time")
    except aiohttp.ClientConnectorDNSError as error:
        return Verdict.retry("dns", _because("name not found", error.os_error), arrived=False)
    except aiohttp.ClientConnectorCertificateError as error:
        cause = error.certificate_error
        said = cause.verify_message if isinstance(cause, ssl.SSLCertVerificationError) else ""
        return Verdict.retry("tls", shorten(f"certificate: {said}", _DETAIL_LIMIT), arrived=False)
    except aiohttp.ClientConnectorSSLError as error:
        return Verdict.retry("tls", _because("no TLS", error.os_error), arrived=False)
    except aiohttp.ClientConnectorError as error:
        return Verdict.retry("connect", _because("no connection", error.os_error), arrived=False)
    except aiohttp.ClientResponseError:
        return Verdict.retry("malformed", "the answer is not HTTP")
    except aiohttp.InvalidURL:
        return Verdict.refused("url", "the URL cannot be used")
    except (aiohttp.ClientError, OSError) as error:
        return Verdict.retry("connection", f"connection lost ({type(error).__name__})")


async def _beginning(response: aiohttp.ClientResponse, at_most: int) -> bytes:
    """The first *at_most* bytes of an answer, or all of a shorter one."""
    body = b""
    while len(body) < at_most and (more := await response.content.read(at_most - len(body))):
        body += more
    return body


async def post_json(
    session: aiohttp.ClientSession,
    url: Secret,
    value: Any,
    headers: Mapping[str, str] | None = None,
    *,
    method: str = "POST",
    at_most: int = _READ_AT_MOST,
) -> Answer | Verdict:
    """Send *value* as JSON, see `post`."""
    body = json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
    own = {"Content-Type": "application/json"}
    return await post(session, url, body, own | dict(headers or {}), method=method, at_most=at_most)


def said_in(answer: Answer) -> dict[str, Any]:
    """The JSON object that *answer* is; an empty one if it is something else."""
    try:
        said = json.loads(answer.body)
    except (ValueError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def mask_of(url: Secret, *others: Secret | None) -> Mask:
    """Hides what a far side could repeat of *url*, whole or in part, and of *others*."""
    text = url.reveal()
    whole = URL(text)
    parts = [text, whole.raw_path_qs, whole.raw_path]
    # A key is one part of a path; short ones are words such as "hook".
    words = [*whole.parts, *whole.query.values(), whole.user, whole.password]
    values = [other.reveal() for other in others if other is not None]
    # Of "Bearer …" the second half is what matters.
    words += [word for value in values for word in value.split()]
    parts += [word for word in words if word and len(word) >= _SHORTEST_KEY]
    return Mask([*parts, *values])


def judge(answer: Answer, *, accepts: range = range(200, 300), detail: str = "") -> Verdict:
    """
    What a status means.

    A redirect is not followed, since it could carry the message to anyone; a passing
    one (maintenance behind a load balancer) is worth another attempt, a permanent one
    is the owner's to mend.

    Args:
        answer: As `post` gave it.
        accepts: The statuses that mean "taken".
        detail: What the far side said, masked; put behind the status.
    """
    status = answer.status
    if status in accepts:
        return Verdict.delivered()
    reason = f"status-{status}"
    said = shorten(f"answered {status}" + (f": {detail}" if detail else ""), _DETAIL_LIMIT)
    if status in _MOVED_FOR_GOOD:
        return Verdict.refused(reason, f"answered {status}; redirects are not followed")
    if 400 <= status < 500 and status not in _WORTH_REPEATING:
        return Verdict.refused(reason, said)
    arrived = not 300 <= status < 500
    return Verdict.retry(reason, said, after_s=pause_s(answer.headers), arrived=arrived)


def pause_s(headers: Mapping[str, str]) -> float | None:
    """
    The pause that ``Retry-After`` asks for, in seconds or as a date, capped; else ``None``.

    A fraction of a second is not of the standard, but Discord sends it.
    """
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.replace(".", "", 1).isdigit():
        return min(float(text), LONGEST_PAUSE_S)
    try:
        until = parsedate_to_datetime(text)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    # The far side's own clock, where it tells it, so that ours may be wrong.
    try:
        now = parsedate_to_datetime(headers.get("Date", ""))
    except ValueError:
        now = datetime.now(UTC)
    return min(max((until - now).total_seconds(), 0.0), LONGEST_PAUSE_S)


def _because(what: str, error: OSError) -> str:
    return shorten(f"{what}: {error.strerror}" if error.strerror else what, _DETAIL_LIMIT)
