"""The configuration that is shipped with the demo."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

SHOP = "http://127.0.0.1:18080"
PAGERDUTY = "http://127.0.0.1:18081"
SECRETS = {"SHOP_PASSWORD": "only-for-the-demo", "PAGERDUTY_KEY": "0123456789abcdef" * 2}
"""What the file refers to by ``${env:…}``; they open nothing but the demo."""


def configuration(addresses: Mapping[str, str]) -> str:
    """
    ``demo.yaml`` as text.

    Args:
        addresses: Where shop and pager really are, by where the file says that
            they are; another address was free if somebody took the port.
    """
    text = resources.files("synthetics.demo").joinpath("demo.yaml").read_text("utf-8")
    for written, real in addresses.items():
        text = text.replace(written, real)
    return text
