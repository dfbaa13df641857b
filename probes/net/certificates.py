"""What a certificate says, held against what was expected of it."""

from __future__ import annotations

from datetime import datetime, timedelta

from probes.expect import CertificateExpectation
from probes.fields import Refused
from probes.net.trip import Unmet
from probes.watch import Watch


def judge_validity(valid_for: timedelta, expires_at: datetime | None, watch: Watch) -> None:
    """
    Every certificate that was presented goes on being valid for *valid_for*.

    Raises:
        Unmet: ``certificate``.
    """
    wanted = f"a certificate valid for {valid_for.days} more days"
    if expires_at is None:
        raise Unmet("certificate", wanted, "no certificate")
    left = expires_at - watch.started_at
    if left < valid_for:
        days = left / timedelta(days=1)
        raise Unmet("certificate", wanted, f"{days:.1f} days, until {expires_at:%Y-%m-%d}")


def refuse_without_tls(
    expected: CertificateExpectation | None, encrypts: bool, *, mend: str = "write `tls: true`"
) -> None:
    """
    Refuse options that expect something of a certificate which nobody will present.

    Args:
        expected: Of the certificate, in ``expect.certificate``.
        encrypts: Whether the options encrypt.
        mend: How to mend it.

    Raises:
        Refused: At ``expect.certificate``.
    """
    if expected is not None and not encrypts:
        said = "without TLS there is no certificate"
        raise Refused(said, mend=mend, at=("expect", "certificate"))
