"""What an address stands for, and what a host is without being looked up."""

from __future__ import annotations

import ipaddress

import pytest

from probes.addresses import meant, written_out
from tests.probes.support import Asker


@pytest.mark.parametrize(
    ("address", "leads_to"),
    [
        ("192.0.2.1", []),
        ("0.0.0.0", ["127.0.0.1"]),
        ("2001:db8::1", []),
        ("::1", []),
        ("::", ["::1", "127.0.0.1"]),
        ("::ffff:192.0.2.1", ["192.0.2.1"]),
        ("::192.0.2.1", ["192.0.2.1"]),
        ("64:ff9b::192.0.2.1", ["192.0.2.1"]),
        ("2002:c000:201::1", ["192.0.2.1"]),
    ],
)
def test_an_address_may_lead_to_another(address: str, leads_to: list[str]) -> None:
    ip = ipaddress.ip_address(address)

    assert [str(each) for each in meant(ip)] == [str(ip), *leads_to]


@pytest.mark.parametrize(
    "address",
    [
        "64:ff9b:1:c000:2:100::",
        "64:ff9b:1:c0:0:201::",
        "64:ff9b:1:0:c0:2:100::",
        "64:ff9b:1::c000:201",
        "2001:0:4136:e378:8000:63bf:3fff:fdfe",
    ],
)
def test_where_the_place_within_an_address_is_not_known_every_place_is_looked_at(
    address: str,
) -> None:
    assert "192.0.2.1" in map(str, meant(ipaddress.ip_address(address)))


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("192.0.2.1.", "192.0.2.1"),
        ("0300.0.02.01", "192.0.2.1"),
        ("0xc0000201", "192.0.2.1"),
        ("3221225985", "192.0.2.1"),
        ("192.513", "192.0.2.1"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("fe80::1%eth0", "fe80::1"),
        ("shop.example", None),
        ("", None),
    ],
)
def test_a_host_that_is_an_address_is_read_as_the_system_reads_it(
    host: str, address: str | None
) -> None:
    assert written_out(host) == address


@pytest.mark.parametrize(
    "address",
    [
        "169.254.169.254",
        "169.254.170.23",
        "100.100.100.200",
        "192.0.0.192",
        "168.63.129.16",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "fd00:42::42",
        "fe80::a9fe:a9fe",
        "fe80::1%lo",
        "::ffff:169.254.169.254",
        "::a9fe:a9fe",
        "64:ff9b::a9fe:a9fe",
        "2002:a9fe:a9fe::",
    ],
)
async def test_metadata_services_are_denied_from_the_start(address: str, asker: Asker) -> None:
    assert not asker.watch().permits(address)


async def test_an_exception_holds_for_each_address_that_is_meant(asker: Asker) -> None:
    watch = asker.watch()
    watch.allowed = (ipaddress.ip_network("64:ff9b::/96"),)
    assert not watch.permits("64:ff9b::a9fe:a9fe")

    watch.allowed = (ipaddress.ip_network("169.254.169.254"),)
    assert watch.permits("64:ff9b::a9fe:a9fe")
    assert watch.permits("::ffff:169.254.169.254")
