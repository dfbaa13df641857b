"""By which proxy: the rules that programs in Go have for ``NO_PROXY``."""

from __future__ import annotations

import pytest

from synthetics.exporter.proxies import proxy_for
from synthetics.exporter.written_client import Proxied

SQUID = "http://proxy.test:3128"


@pytest.mark.parametrize(
    ("left_out", "host", "port", "direct"),
    [
        ("shop.test", "shop.test", 80, True),
        ("shop.test", "www.shop.test", 80, True),
        ("shop.test", "workshop.test", 80, False),
        (".shop.test", "shop.test", 80, False),
        (".shop.test", "www.shop.test", 80, True),
        ("*.shop.test", "www.shop.test", 80, True),
        ("shop.test:8080", "shop.test", 80, False),
        ("shop.test:8080", "shop.test", 8080, True),
        ("192.0.2.1", "192.0.2.1", 80, True),
        ("192.0.2.1:8080", "192.0.2.1", 80, False),
        ("192.0.2.0/24", "192.0.2.77", 80, True),
        ("192.0.2.0/24", "shop.test", 80, False),
        ("2001:db8::/32", "2001:db8::1", 80, True),
        ("2001:db8::1", "2001:db8::1", 80, True),
        ("a.test, b.test ,", "b.test", 443, True),
        ("nonsense/nonsense", "192.0.2.1", 80, False),
        ("*", "anything.test", 80, True),
        ("other.test", "localhost", 80, True),
        ("other.test", "127.0.0.9", 80, True),
    ],
)
def test_what_is_left_out(left_out: str, host: str, port: int, *, direct: bool) -> None:
    written = Proxied(proxy_url=SQUID, no_proxy=left_out)
    found = proxy_for(written, secure=False, host=host, port=port)
    assert found == ("" if direct else SQUID)


def test_a_proxy_alone_is_for_everything() -> None:
    assert proxy_for(Proxied(proxy_url=SQUID), secure=True, host="127.0.0.1", port=1) == SQUID


def test_the_environment_names_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    written = Proxied(proxy_from_environment=True)
    assert proxy_for(written, secure=False, host="a.test", port=80) == ""

    monkeypatch.setenv("HTTP_PROXY", "proxy.test:1")
    monkeypatch.setenv("https_proxy", "http://proxy.test:2")
    monkeypatch.setenv("NO_PROXY", "b.test")
    assert proxy_for(written, secure=False, host="a.test", port=80) == "http://proxy.test:1"
    assert proxy_for(written, secure=True, host="a.test", port=443) == "http://proxy.test:2"
    assert proxy_for(written, secure=True, host="b.test", port=443) == ""
