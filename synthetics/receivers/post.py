"""One POST, and what its answer or its failure means for another attempt."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from probes.fields import Secret
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
_DETAIL_LIMIT = 200
_WORTH_REPEATING = frozenset({408, 425, 429})
_MOVED_FOR_GOOD = frozenset({301, 308})


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer; of the body no more than its first 4 KiB, as they came."""

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
    session: aiohttp.ClientSession, url: Secret, body: bytes, headers: Mapping[str, str]
) -> Answer | Verdict:
    """
    POST *body* once, following no redirect.

    What aiohttp says of a failure may hold the URL, so only its kind is passed on.
    """
    import aiohttp

    try:
        async with session.post(
            url.reveal(), data=body, headers=headers, allow_redirects=False
        ) as response:
            return Answer(
                response.status, response.headers, await response.content.read(_READ_AT_MOST)
            )
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
    """The pause that ``Retry-After`` asks for, in seconds or as a date, capped; else ``None``."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdigit():
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
