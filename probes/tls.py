"""Probe kind ``tls``: is what a server shows in its handshake what users should trust?"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Literal

from pydantic import BeforeValidator, ConfigDict

from probes.expressions import Pattern
from probes.fields import Duration, Refused
from probes.net.certificates import judge_validity
from probes.net.conversation import Conversation
from probes.net.ocsp import judge_staple
from probes.net.starttls import Protocol, ask_for_tls
from probes.net.target import HostPort
from probes.net.tls import Presented
from probes.net.trip import Trouble, Unmet
from probes.result import Result
from probes.settings import Family, Tls, TlsVersion
from probes.watch import Watch

SUMMARY = "A TLS handshake: chain, host name, expiry, protocol, cipher and OCSP staple."
SOURCE = True
"""Whether it can be asked from an address of choice."""
LIMIT = 1 << 18
"""Most bytes that the target may say in plain text."""


def _listed(value: object) -> object:
    return [value] if isinstance(value, str | int | float) else value


@dataclass(frozen=True, kw_only=True)
class Certificate:
    """
    What the presented certificates must be.

    Attributes:
        valid_for: How long all of them must at least go on being valid.
        names: Names that the server's own must be for, besides the one that was asked for.
        issuer: Searched in the issuer's name, as ``CN=R11,O=Let's Encrypt,C=US``.
        subject: Searched in the server's own name, written likewise.
        sha256: Fingerprint of the server's own, in hexadecimal, colons or not.
        ocsp: ``stapled`` if an OCSP answer must come along that is current and says good.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    valid_for: Duration | None = None
    names: tuple[str, ...] = ()
    issuer: Pattern | None = None
    subject: Pattern | None = None
    sha256: str | None = None
    ocsp: Literal["stapled"] | None = None

    def __post_init__(self) -> None:
        digits = (self.sha256 or "0" * 64).replace(":", "").lower()
        if len(digits) != 64 or not set(digits) <= set("0123456789abcdef"):
            raise Refused("a SHA-256 is 64 hexadecimal digits", at=("sha256",))


@dataclass(frozen=True, kw_only=True)
class Expect:
    """
    What must hold, besides a chain that is trusted, current and for the host.

    Attributes:
        certificate: What the certificates must be.
        version: Versions of TLS of which one must have been agreed on.
        cipher: Searched in the name of the cipher, as ``TLS_AES_128_GCM_SHA256``.
        alpn: The protocol that must have been agreed on, as ``h2``; it is offered.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    certificate: Certificate = field(default_factory=Certificate)
    version: Annotated[tuple[TlsVersion, ...], BeforeValidator(_listed)] = ()
    cipher: Pattern | None = None
    alpn: str | None = None


@dataclass(frozen=True, kw_only=True)
class Options(Tls):
    """
    Attributes:
        connect: Where to, ``host:port``.
        ip: Which addresses to use.
        starttls: The protocol that begins in plain text there, if one does.
        expect: What must hold.
    """

    connect: HostPort
    ip: Family = "any"
    starttls: Protocol | None = None
    expect: Expect = field(default_factory=Expect)


def host(options: Options) -> str:
    """The host that is asked, for limits by host."""
    return options.connect.host


async def run(options: Options, watch: Watch) -> Result:
    """Connect, shake hands, look at what was shown, and hang up."""
    talk = Conversation(f"TLS handshake with {options.connect}", watch)
    return await talk.result(_look(options, talk))


async def _look(options: Options, talk: Conversation) -> None:
    try:
        await _shake(options, talk)
        assert talk.presented is not None
        _judge(options.expect, talk.presented, talk.trip.watch)
    except Trouble:
        if talk.presented is not None:
            talk.transcript.heard(_told(talk.presented))
        raise
    finally:
        if talk.presented is not None:
            talk.learn(protocol=talk.presented.version)


async def _shake(options: Options, talk: Conversation) -> None:
    where = options.connect
    async with talk.stream(where, limit=LIMIT, ip=options.ip) as stream:
        if options.starttls is not None:
            await ask_for_tls(stream, options.starttls, talk.trip)
        await talk.encrypt(
            stream,
            options,
            where.host,
            alpn=(options.expect.alpn,) if options.expect.alpn else (),
            staple=options.expect.certificate.ocsp is not None,
        )


def _judge(expect: Expect, presented: Presented, watch: Watch) -> None:
    version = presented.version.removeprefix("TLSv")
    version = version if "." in version else f"{version}.0"
    if expect.version and version not in expect.version:
        wanted = " or ".join(f"TLS {one}" for one in expect.version)
        raise Unmet("tls-version", wanted, f"TLS {version}")
    if expect.cipher is not None and expect.cipher.find(presented.cipher) is None:
        raise Unmet("tls-cipher", f"a cipher like `{expect.cipher}`", presented.cipher)
    if expect.alpn is not None and presented.alpn != expect.alpn:
        raise Unmet("tls-alpn", f"the protocol {expect.alpn}", presented.alpn or "none")
    wanted_of_it = expect.certificate
    if wanted_of_it.valid_for is not None:
        judge_validity(wanted_of_it.valid_for, presented.expires_at, watch)
    _judge_certificate(wanted_of_it, presented)
    if wanted_of_it.ocsp is not None:
        judge_staple(presented, watch.started_at)


def _judge_certificate(wanted: Certificate, presented: Presented) -> None:
    if not presented.chain:
        raise Unmet("certificate", "a certificate", "none")
    for name in wanted.names:
        if not presented.is_for(name):
            raise Unmet("certificate", f"a certificate that is for {name} too", "one that is not")
    own = presented.chain[0]
    for pattern, named, role in (
        (wanted.issuer, own.issuer, "issuer"),
        (wanted.subject, own.subject, "subject"),
    ):
        if pattern is not None and pattern.find(written := named.rfc4514_string()) is None:
            raise Unmet("certificate", f"{role} like `{pattern}`", f"`{written}`")
    if wanted.sha256 is not None:
        fingerprint = presented.fingerprint
        if fingerprint != wanted.sha256.replace(":", "").lower():
            raise Unmet("certificate", f"SHA-256 {wanted.sha256}", fingerprint)


def _told(presented: Presented) -> str:
    """The certificates in words, for whoever has to find out what is wrong with them."""
    told = f"{presented.version} {presented.cipher}\n"
    for number, one in enumerate(presented.chain):
        told += (
            f"{number} {one.subject.rfc4514_string()}\n"
            f"  issued by {one.issuer.rfc4514_string()}\n"
            f"  valid {one.not_valid_before_utc:%Y-%m-%d %H:%M} to "
            f"{one.not_valid_after_utc:%Y-%m-%d %H:%M} UTC\n"
        )
    return told + "".join(f"fault: {detail}\n" for _, detail in presented.faults)
