"""
One mail by SMTP, and what the server's answers mean for another attempt.

The standard library's client does the talking, in a thread of its own: it is older than any
other and knows every server.  A thread cannot be cancelled, but its socket can be closed.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import smtplib
import socket
import ssl
import threading
from dataclasses import dataclass

from probes.fields import Secret
from probes.watch import Mask
from synthetics.receivers.base import Verdict
from synthetics.receivers.post import CONNECT_LIMIT_S, verifying
from synthetics.receivers.text import shorten

_DETAIL_LIMIT = 200
_PATIENCE_S = 60.0
"""For one answer; the caller's limit comes first, this only frees a thread that was forgotten."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """
    Where mail is handed over.

    Attributes:
        tls: From the first byte on.
        starttls: Whether it must become TLS before anything is said, unless it is already.
        user: Empty if nobody logs in.
    """

    host: str
    port: int
    tls: bool
    starttls: bool
    user: str = ""
    password: Secret | None = None


@dataclass(frozen=True, slots=True)
class Post:
    """A mail on its way: its envelope and its bytes."""

    sender: str
    to: tuple[str, ...]
    mail: bytes


async def hand_over(server: Server, post: Post) -> Verdict:
    """
    Hand *post* to *server* once; taken if at least one of its readers is.

    When cancelled the connection is closed, so that nothing is sent after that.
    """
    talk = _Talk(server, post)
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Verdict] = loop.create_future()

    def tell(verdict: Verdict) -> None:
        if not done.done():
            done.set_result(verdict)

    def run() -> None:
        verdict = talk.attempt()
        try:
            loop.call_soon_threadsafe(tell, verdict)
        except RuntimeError:
            return  # the loop is closed: nobody waits any more

    # Not the loop's own threads: a server that hangs would take them from everybody else.
    threading.Thread(target=run, name="smtp", daemon=True).start()
    try:
        return await done
    finally:
        talk.end()


class _Talk:
    """One conversation, and the way to end it from outside."""

    def __init__(self, server: Server, post: Post) -> None:
        self._server = server
        self._post = post
        self._lock = threading.Lock()
        self._ended = False
        self._socket: socket.socket | None = None
        # Until the mail itself was begun the far side certainly has not taken it.
        self._arrived = False

    def end(self) -> None:
        """Close the connection, now or as soon as there is one."""
        with self._lock:
            self._ended = True
            if self._socket is not None:
                _shut(self._socket)

    def attempt(self) -> Verdict:
        """Say all of it, in the thread."""
        try:
            return self._say()
        except smtplib.SMTPResponseException as error:
            return self._answered(error.smtp_code, error.smtp_error)
        except smtplib.SMTPRecipientsRefused as error:
            code, text = max(error.recipients.values(), key=lambda one: one[0] // 100 != 5)
            return self._answered(code, text)
        except smtplib.SMTPNotSupportedError as error:
            return Verdict.refused("smtp-unsupported", shorten(str(error), _DETAIL_LIMIT))
        except ssl.SSLError as error:
            said = error.verify_message if isinstance(error, ssl.SSLCertVerificationError) else ""
            why = f"certificate: {said}" if said else "no TLS"
            return Verdict.retry("tls", shorten(why, _DETAIL_LIMIT), arrived=self._arrived)
        except socket.gaierror as error:
            why = f"name not found: {error.strerror}"
            return Verdict.retry("dns", shorten(why, _DETAIL_LIMIT), arrived=False)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            return self._lost(error)

    def _say(self) -> Verdict:
        server, post = self._server, self._post
        raw = socket.create_connection((server.host, server.port), timeout=CONNECT_LIMIT_S)
        client = None
        try:
            self._keep(raw)
            raw.settimeout(_PATIENCE_S)
            client = _Client(self._tls(raw) if server.tls else raw)
            client.hear_greeting()
            if not server.tls and server.starttls:
                client.ehlo()
                if not client.has_extn("starttls"):
                    return Verdict.refused("smtp-starttls", "the server does not offer STARTTLS")
                code, text = client.docmd("STARTTLS")
                if code != 220:
                    raise smtplib.SMTPResponseException(code, text)
                client.go_on(over=self._tls(client.let_go()))
            client.ehlo_or_helo_if_needed()
            if server.password is not None:
                client.login(server.user, server.password.reveal())
            return self._mail(client, post)
        finally:
            with self._lock:
                _shut(self._socket or raw)
            if client is not None:
                client.close()

    def _mail(self, client: _Client, post: Post) -> Verdict:
        code, text = client.mail(post.sender)
        if code != 250:
            raise smtplib.SMTPSenderRefused(code, text, post.sender)
        refused = {}
        for one in post.to:
            code, text = client.rcpt(one)
            if code not in {250, 251}:
                refused[one] = (code, text)
        if len(refused) == len(post.to):
            raise smtplib.SMTPRecipientsRefused(refused)
        self._arrived = True
        code, text = client.data(post.mail)
        if code != 250:
            raise smtplib.SMTPDataError(code, text)
        if refused:
            logger.warning(
                "%d of %d addresses were refused", len(refused), len(post.to),
                extra={"action": "address_refused"},
            )  # fmt: skip
        client.close_politely()
        return Verdict.delivered()

    def _keep(self, one: socket.socket) -> None:
        with self._lock:
            self._socket = one
            if self._ended:
                raise OSError("ended")

    def _tls(self, raw: socket.socket) -> socket.socket:
        wrapped = verifying().wrap_socket(
            raw, server_hostname=self._server.host, do_handshake_on_connect=False
        )
        self._keep(wrapped)
        wrapped.do_handshake()
        return wrapped

    def _answered(self, code: int, text: bytes | str) -> Verdict:
        """What the three digits mean: 4 is not now, 5 is never."""
        if isinstance(text, str):  # the client's own words: the answer was too long for one
            return self._lost(smtplib.SMTPException())
        said = text.decode(errors="replace")
        password = self._server.password
        masked = Mask([password.reveal()] if password else [])(said)
        detail = shorten(f"answered {code}: {masked}", _DETAIL_LIMIT)
        if 500 <= code <= 599:
            return Verdict.refused(f"smtp-{code}", detail)
        if 400 <= code <= 499:
            # It has said that it did not take it.
            return Verdict.retry(f"smtp-{code}", detail, arrived=False)
        return self._lost(smtplib.SMTPException())

    def _lost(self, error: Exception) -> Verdict:
        with self._lock:
            connected = self._socket is not None
        if not connected:
            said = getattr(error, "strerror", None)
            why = f"no connection: {said}" if said else "no connection in time"
            return Verdict.retry("connect", shorten(why, _DETAIL_LIMIT), arrived=False)
        # Every exception of smtplib is an OSError too.
        if isinstance(error, smtplib.SMTPServerDisconnected) or (
            isinstance(error, OSError) and not isinstance(error, smtplib.SMTPException)
        ):
            why = f"connection lost ({type(error).__name__})"
            return Verdict.retry("connection", why, arrived=self._arrived)
        why = shorten(str(error) or "the answer is not SMTP", _DETAIL_LIMIT)
        return Verdict.retry("malformed", why, arrived=self._arrived)


class _Client(smtplib.SMTP):
    """The client over a connection that is open already."""

    def __init__(self, connected: socket.socket) -> None:
        super().__init__(local_hostname=socket.gethostname() or "localhost")
        self.sock = connected

    def hear_greeting(self) -> None:
        """The server speaks first."""
        code, text = self.getreply()
        if code != 220:
            raise smtplib.SMTPConnectError(code, text)

    def let_go(self) -> socket.socket:
        """The connection, for others to talk over; `go_on` takes it back."""
        if self.sock is None:
            raise smtplib.SMTPServerDisconnected("ended")
        if self.file is not None:
            self.file.close()
        found, self.sock, self.file = self.sock, None, None
        return found

    def go_on(self, *, over: socket.socket) -> None:
        """Talk over *over*, and believe nothing that was said before."""
        self.sock = over
        self.helo_resp = self.ehlo_resp = None
        self.esmtp_features = {}
        self.does_esmtp = False

    def close_politely(self) -> None:
        """Say goodbye; the mail is taken, whatever comes of that."""
        try:
            self.quit()
        except (smtplib.SMTPException, OSError):
            return


def _shut(one: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is closed already
        one.shutdown(socket.SHUT_RDWR)
    one.close()
