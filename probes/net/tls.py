"""TLS over a stream of bytes: contexts by order, handshakes, and what a server presented."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL, crypto

from probes.net.chain import Chain, chain_of, is_address
from probes.net.names import encoded
from probes.net.trip import Trouble
from probes.net.trust import OLD_TOO, TlsOrder, authorities_file
from probes.net.verdicts import VERIFY
from probes.result import Outcome

VERSIONS = {
    "1.0": SSL.TLS1_VERSION,
    "1.1": SSL.TLS1_1_VERSION,
    "1.2": SSL.TLS1_2_VERSION,
    "1.3": SSL.TLS1_3_VERSION,
}

_PIECE = 1 << 14
"""Bytes taken from OpenSSL at once."""

_MOST_CONTEXTS = 256
_contexts: dict[TlsOrder, SSL.Context] = {}

_TAKES_NO_CLIENT = (
    "bad certificate",
    "certificate required",
    "unknown ca",
    "access denied",
    "certificate unknown",
    "certificate expired",
    "certificate revoked",
    "unsupported certificate",
)
"""Alerts in which a server says what it thinks of a client's certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """
    What a server showed in its handshake.

    Attributes:
        version: ``TLSv1.3``.
        cipher: OpenSSL's name of it.
        alpn: The protocol agreed on; empty if none.
        shown: The certificates as sent.
        built: The chain from the server's own to an authority, as far as one was found; read
            only where an OCSP answer was asked for, which is signed by one of them.
        staple: An OCSP answer in DER that came along; empty if none was asked for or sent.
        faults: What verification found wrong, as pairs of reason and detail, each reason
            once; whether that fails the probe is for the order to say.
    """

    version: str
    cipher: str
    alpn: str
    shown: Chain
    built: tuple[x509.Certificate, ...]
    staple: bytes
    faults: tuple[tuple[str, str], ...]

    @property
    def chain(self) -> tuple[x509.Certificate, ...]:
        """The certificates as sent, the server's own first, as far as they can be read."""
        return self.shown.certificates

    @property
    def expires_at(self) -> datetime | None:
        """The earliest end of the chain, in UTC; ``None`` without a chain."""
        return self.shown.expires_at

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the server's own certificate, which there must be, in hexadecimal."""
        return self.chain[0].fingerprint(hashes.SHA256()).hex()

    def is_for(self, name: str) -> bool:
        """Whether the server's own certificate, which there must be, is for host *name*."""
        return self.shown.is_for(name)


@dataclass(slots=True)
class _Heard:
    """What OpenSSL's callbacks told of one connection."""

    faults: dict[str, str] = field(default_factory=dict)
    staple: bytes = b""


class Session:
    """
    One TLS connection without a socket: bytes in, bytes out.

    Args:
        context: From `context_for`.
        name: Asked for and verified; a host name or an IP address.
        alpn: Protocols to offer, the best first.
        staple: Whether to ask for an OCSP answer.
    """

    def __init__(
        self, context: SSL.Context, name: str, *, alpn: Sequence[str] = (), staple: bool = False
    ) -> None:
        self._name = encoded(name)
        self._staple = staple
        self._heard = _Heard()
        self._connection = SSL.Connection(context)
        self._connection.set_app_data(self._heard)
        self._connection.set_connect_state()
        if not is_address(name):
            self._connection.set_tlsext_host_name(self._name.encode())
        if alpn:
            self._connection.set_alpn_protos([one.encode() for one in alpn])
        if staple:
            self._connection.request_ocsp()

    def shake(self) -> bool:
        """
        Go on with the handshake; whether it is done.

        Raises:
            Trouble: ``tls-handshake`` or ``tls-client-certificate``.
        """
        try:
            self._connection.do_handshake()
        except SSL.WantReadError:
            return False
        except SSL.SysCallError:
            raise Trouble("tls-handshake", "the target closed in the middle of it") from None
        except SSL.Error as error:
            raise handshake_trouble(error) from None
        return True

    def outgoing(self) -> bytes:
        """All bytes that wait for the socket."""
        pieces: list[bytes] = []
        try:
            while not pieces or len(pieces[-1]) == _PIECE:
                pieces.append(self._connection.bio_read(_PIECE))
        except SSL.WantReadError:
            pass
        return b"".join(pieces)

    def incoming(self, data: bytes) -> None:
        """Bytes from the socket; none are its end."""
        if data:
            self._connection.bio_write(data)
        else:
            self._connection.bio_shutdown()

    def write(self, data: bytes) -> None:
        """Encrypt *data*; it is in `outgoing` then."""
        for start in range(0, len(data), 1 << 14):
            self._connection.sendall(data[start : start + (1 << 14)])

    def read(self) -> bytes | None:
        """
        Decrypted bytes, none at the end, ``None`` if more has to come in first.

        Raises:
            Trouble: ``tls-client-certificate``, which TLS 1.3 says this late; ``reset``.
        """
        try:
            return self._connection.recv(1 << 16)
        except SSL.WantReadError:
            return None
        except (SSL.ZeroReturnError, SSL.SysCallError):
            return b""
        except SSL.Error as error:
            trouble = handshake_trouble(error)
            if trouble.reason == "tls-handshake":
                trouble = Trouble("reset", trouble.detail)
            raise trouble from None

    def presented(self) -> Presented:
        """What the server showed, once `shake` is done."""
        connection = self._connection
        shown = _read(connection.get_peer_cert_chain())
        built = _read(connection.get_verified_chain()).certificates if self._staple else ()
        return Presented(
            version=connection.get_protocol_version_name(),
            cipher=connection.get_cipher_name() or "",
            alpn=connection.get_alpn_proto_negotiated().decode("ascii", "replace"),
            shown=shown,
            built=built,
            staple=self._heard.staple,
            faults=tuple((self._heard.faults | _of_its_own(shown, self._name)).items()),
        )


async def context_for(order: TlsOrder) -> SSL.Context:
    """
    A context for *order*; kept, and made in a thread, since reading the authorities takes long
    enough to delay other probes.

    Raises:
        Trouble: Void ``tls-ca`` or ``tls-client-certificate`` if *order* holds no usable PEM.
    """
    made = _contexts.get(order)
    if made is None:
        if len(_contexts) >= _MOST_CONTEXTS:
            _contexts.clear()
        made = _contexts[order] = await asyncio.to_thread(_make, order)
    return made


def _make(order: TlsOrder) -> SSL.Context:
    made = SSL.Context(SSL.TLS_CLIENT_METHOD)
    made.set_min_proto_version(VERSIONS[order.min_version or "1.2"])
    if order.max_version is not None:
        made.set_max_proto_version(VERSIONS[order.max_version])
    if order.takes_old:
        made.set_cipher_list(OLD_TOO.encode())
    made.set_options(SSL.OP_NO_TICKET)
    made.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    _trust(made, order.ca)
    if order.certificate is not None and order.key is not None:
        _show(made, order.certificate, order.key)
    made.set_verify(SSL.VERIFY_PEER, _on_certificate)
    made.set_ocsp_client_callback(_on_staple)
    return made


def handshake_trouble(error: SSL.Error) -> Trouble:
    """What OpenSSL's *error* says of a handshake."""
    said = "; ".join(_reasons(error)) or "no agreement"
    if "alert" in said and any(words in said for words in _TAKES_NO_CLIENT):
        return Trouble("tls-client-certificate", f"the target refused the handshake: {said}")
    if "wrong version number" in said or "packet length too long" in said:
        return Trouble("tls-handshake", "the target does not speak TLS there")
    return Trouble("tls-handshake", said)


def _reasons(error: SSL.Error) -> Iterator[str]:
    for entry in error.args[0] if error.args and isinstance(error.args[0], list) else ():
        yield str(entry[-1])


def _trust(made: SSL.Context, ca: bytes | None) -> None:
    if ca is None:
        made.load_verify_locations(authorities_file())
        return
    store = made.get_cert_store()
    assert store is not None
    try:
        for certificate in x509.load_pem_x509_certificates(ca):
            store.add_cert(crypto.X509.from_cryptography(certificate))
    except (ValueError, crypto.Error, SSL.Error):
        said = "the certificates in `ca` cannot be read"
        raise Trouble("tls-ca", said, outcome=Outcome.VOID) from None


def _show(made: SSL.Context, certificate: bytes, key: bytes) -> None:
    said = "our own certificate and key cannot be used together"
    try:
        own, *chain = x509.load_pem_x509_certificates(certificate)
        made.use_certificate(own)
        for one in chain:
            made.add_extra_chain_cert(one)
        made.use_privatekey(load_pem_private_key(key, None))  # type: ignore[arg-type]  # any kind of key
        made.check_privatekey()
    except (ValueError, TypeError, SSL.Error, crypto.Error):
        raise Trouble("tls-client-certificate", said, outcome=Outcome.VOID) from None


def _on_certificate(
    connection: SSL.Connection, _certificate: crypto.X509, code: int, _depth: int, ok: int
) -> bool:
    """Note what is wrong and go on, so that a bad certificate can be shown too."""
    if not ok:
        heard: _Heard = connection.get_app_data()
        reason, detail = VERIFY.get(code, ("tls-untrusted", f"OpenSSL's verdict {code}"))
        heard.faults.setdefault(reason, detail)
    return True


def _on_staple(connection: SSL.Connection, assertion: bytes, _data: object) -> bool:
    heard: _Heard = connection.get_app_data()
    heard.staple = assertion
    return True


def _read(certificates: Iterable[crypto.X509] | None) -> Chain:
    return chain_of(
        tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, one) for one in certificates or ())
    )


def _of_its_own(shown: Chain, name: str) -> dict[str, str]:
    """Faults that OpenSSL does not look for."""
    found = {"tls-untrusted": shown.unreadable} if shown.unreadable else {}
    if shown.certificates and not shown.is_for(name):
        found |= dict([VERIFY[62]])
    return found
