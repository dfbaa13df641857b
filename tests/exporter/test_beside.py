"""Dashboards go on working: the same metrics and values as blackbox_exporter, case by case."""

from __future__ import annotations

import re

import pytest

from tests.exporter.support import Both, Metrics, Targets
from tests.probes.named import Named

NEWER = frozenset({"probe_timeout_seconds", "probe_tls_cipher_info", "probe_failed_due_to_bytes"})
"""What later versions of the exporter than Debian's 0.23 have as well."""

TIMES = re.compile(r"probe_\w*(duration|lookup_time)_seconds|probe_http_duration_seconds")
SERIAL = re.compile(r'serialnumber="[^"]*",?')


def comparable(found: Metrics) -> dict[tuple[str, str], float | None]:
    """*found* without the times, which differ, and without what is newer."""
    return {
        (name, SERIAL.sub("", labels)): None if TIMES.fullmatch(name) else value
        for (name, labels), value in found.items()
        if name not in NEWER
    }


HTTP = [
    pytest.param("http_2xx", "/well", 1, id="an answer as it should be"),
    pytest.param("http_2xx", "/missing", 0, id="status 404"),
    pytest.param("http_404", "/missing", 1, id="status 404 that is wanted"),
    pytest.param("http_2xx", "/away", 1, id="a redirect"),
    pytest.param("http_stay", "/away", 0, id="a redirect that is not followed"),
    pytest.param("http_stay_of_old", "/away", 0, id="the older key for that"),
    pytest.param("http_go_of_old", "/away", 1, id="the older key where there are both"),
    pytest.param("http_2xx", "/round", 0, id="redirects without end"),
    pytest.param("http_post", "/posted", 1, id="a body to post"),
    pytest.param("http_2xx", "/streamed", 1, id="an answer of unknown length"),
    pytest.param("http_body", "/well", 1, id="a body that matches"),
    pytest.param("http_body", "/posted", 0, id="a body of another method"),
    pytest.param("http_body", "/streamed", 0, id="a body that does not match"),
    pytest.param("http_not_body", "/well", 0, id="a body that matches and must not"),
    pytest.param("http_header", "/well", 1, id="a header that matches"),
    pytest.param("http_header", "/streamed", 0, id="a header that is missing"),
    pytest.param("http_version", "/well", 0, id="another version"),
    pytest.param("http_gzip", "/packed", 1, id="a compressed body"),
    pytest.param("http_gzip", "/well", 0, id="a body that is not compressed"),
    pytest.param("http_small", "/well", 0, id="a body over the limit"),
    pytest.param("http_auth", "/private", 1, id="a login"),
    pytest.param("http_2xx", "/private", 0, id="no login"),
    pytest.param("http_must_tls", "/well", 0, id="no TLS where it must be"),
    pytest.param("http_six", "/well", 0, id="no address of that version"),
    pytest.param("http_host", "/named", 1, id="another name in Host"),
]


@pytest.mark.parametrize(("module", "path", "success"), HTTP)
async def test_http(both: Both, targets: Targets, module: str, path: str, success: int) -> None:
    await alike(both, module, targets.http + path, success)


@pytest.mark.parametrize(
    ("module", "success"),
    [
        pytest.param("http_tls", 1, id="a chain that is trusted"),
        pytest.param("http_2xx", 0, id="a chain that is not"),
        pytest.param("http_insecure", 1, id="a chain that nobody looks at"),
        pytest.param("http_no_tls", 0, id="TLS where there must be none"),
    ],
)
async def test_https(both: Both, targets: Targets, module: str, success: int) -> None:
    await alike(both, module, f"{targets.https}/well", success)


async def test_a_certificate_of_a_stranger(both: Both, targets: Targets) -> None:
    await alike(both, "http_tls", f"{targets.stranger}/well", 0)


async def test_a_host_name_as_parameter(both: Both, targets: Targets) -> None:
    await alike(both, "http_2xx", f"{targets.http}/named", 1, hostname="shop.test")


async def test_https_by_a_host_name_as_parameter(both: Both, targets: Targets) -> None:
    where = targets.https.replace("localhost", "127.0.0.1")
    await alike(both, "http_tls", f"{where}/well", 1, hostname="localhost")


async def test_a_target_without_a_scheme(both: Both, targets: Targets) -> None:
    await alike(both, "http_2xx", f"{targets.http.removeprefix('http://')}/well", 1)


async def test_nobody_listens(both: Both) -> None:
    await alike(both, "http_2xx", "http://127.0.0.1:9/", 0)
    await alike(both, "tcp_connect", "127.0.0.1:9", 0)


async def test_a_name_that_is_not_there(both: Both) -> None:
    await alike(both, "http_2xx", "http://nobody.invalid/", 0)
    await alike(both, "tcp_connect", "nobody.invalid:80", 0)


async def test_a_target_that_is_none(both: Both) -> None:
    await alike(both, "tcp_connect", "no-port", 0)


@pytest.mark.parametrize(
    ("module", "success"),
    [
        pytest.param("tcp_connect", 1, id="a connection"),
        pytest.param("tcp_talk", 1, id="a conversation with STARTTLS"),
        pytest.param("tcp_other", 0, id="an answer that does not match"),
    ],
)
async def test_tcp(both: Both, targets: Targets, module: str, success: int) -> None:
    await alike(both, module, targets.talker, success)


async def test_tcp_over_tls(both: Both, targets: Targets) -> None:
    await alike(both, "tcp_tls", targets.tls, 1)


async def test_tcp_with_somebody_who_says_nothing(both: Both, targets: Targets) -> None:
    await alike(both, "tcp_other", targets.silent, 0)


@pytest.mark.parametrize(
    ("module", "success"),
    [
        pytest.param("dns_www", 1, id="over UDP"),
        pytest.param("dns_tcp", 1, id="over TCP"),
        pytest.param("dns_soa", 1, id="the serial of a zone"),
        pytest.param("dns_none", 0, id="a name that is not there"),
        pytest.param("dns_none_wanted", 1, id="a name that must not be there"),
        pytest.param("dns_records", 1, id="records that match"),
        pytest.param("dns_same", 1, id="fail_if_all_match, which wants all to match"),
        pytest.param("dns_some", 0, id="fail_if_all_match, where one does not"),
    ],
)
async def test_dns(both: Both, name_server: Named, module: str, success: int) -> None:
    await alike(both, module, f"127.0.0.1:{name_server.dns}", success)


async def test_dns_over_tls(both: Both, name_server: Named) -> None:
    await alike(both, "dns_tls", f"127.0.0.1:{name_server.dot}", 1)


@pytest.mark.parametrize("module", ["icmp", "icmp_far"])
async def test_icmp(both: Both, module: str) -> None:
    await alike(both, module, "127.0.0.1", 1)


async def alike(both: Both, module: str, target: str, success: int, *, hostname: str = "") -> None:
    """The two say the same of *target*."""
    theirs = await both.theirs(module, target, hostname)
    ours = await both.ours(module, target, hostname)
    assert comparable(ours) == comparable(theirs)
    assert ours["probe_success", ""] == success
