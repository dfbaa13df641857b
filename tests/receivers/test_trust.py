"""Whom a receiver's address is verified against."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from probes.net import trust
from synthetics.receivers.post import verifying


@pytest.fixture
def slim(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without the package ``ca-certificates``."""
    monkeypatch.setenv("SSL_CERT_FILE", "/nowhere/ca.pem")
    monkeypatch.setenv("SSL_CERT_DIR", "/nowhere")
    monkeypatch.setattr(trust, "_BUNDLES", ())
    trust.authorities_file.cache_clear()
    yield
    trust.authorities_file.cache_clear()


@pytest.mark.usefixtures("slim")
def test_a_machine_without_authorities_has_those_of_certifi() -> None:
    assert len(verifying().get_ca_certs()) > 50
