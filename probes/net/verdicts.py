"""
Codes of the system and of OpenSSL as stable reasons, the same for every kind.

A slug, once shipped, is never renamed: people group and filter by it.
"""

from __future__ import annotations

import errno

OUR_OWN = {
    errno.EMFILE: ("no-sockets", "this process has no file descriptor left"),
    errno.ENFILE: ("no-sockets", "this machine has no file descriptor left"),
    errno.ENOBUFS: ("no-sockets", "this machine has no buffer space left"),
    errno.ENOMEM: ("no-sockets", "this machine has no memory left"),
    errno.EADDRNOTAVAIL: ("no-sockets", "this machine has no local address or port left"),
    errno.EAFNOSUPPORT: ("network-unreachable", "this machine does not speak that address family"),
    errno.ENETUNREACH: ("network-unreachable", "this machine has no route to the target's network"),
    errno.ENETDOWN: ("network-unreachable", "this machine's network is down"),
}
"""Errors of a connection that say something of us and nothing of the target: outcome ``void``."""

BROKE_OFF = "the connection broke off as soon as it was there"
"""What is said of a connection that was reset, by whoever has just accepted it."""

VERIFY = {
    9: ("tls-not-yet-valid", "the certificate is not valid yet"),
    10: ("tls-expired", "the certificate has expired"),
    18: ("tls-self-signed", "the certificate is self-signed"),
    19: ("tls-unknown-ca", "the chain ends in a root that is not trusted"),
    20: ("tls-unknown-ca", "the certificate's issuer is not known"),
    21: ("tls-unknown-ca", "the chain is incomplete"),
    62: ("tls-wrong-host", "the certificate is for another host"),
}
"""OpenSSL's verdicts on a certificate."""
