"""Unary calls of a shop by grpcio, whose types come by reflection or from a file."""

from __future__ import annotations

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import trustme
from pydantic import TypeAdapter, ValidationError

from probes import grpc as kind
from probes.fields import Refused
from probes.look import Look
from probes.result import Outcome, Result
from synthetics.config.references import References
from tests.probes.orders import descriptor_set, orders, shop
from tests.probes.support import SECRETS, Asker, look_up, refusal

OPTIONS: TypeAdapter[kind.Asked] = TypeAdapter(kind.Options)
GET = "shop.v1.Orders/Get"


@pytest.fixture(scope="module")
def reflecting() -> Iterator[int]:
    with shop("v1") as port:
        yield port


@pytest.fixture(scope="module")
def silent() -> Iterator[int]:
    """One without reflection."""
    with shop() as port:
        yield port


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "orders.binpb").write_bytes(descriptor_set())
    (tmp_path / "alone.binpb").write_bytes(descriptor_set(orders()))
    (tmp_path / "notes.txt").write_text("not it")
    (tmp_path / "empty.binpb").write_bytes(b"")
    return tmp_path


def read(port: int, folder: Path | None = None, **written: Any) -> kind.Asked:
    """The options, as the loader reads them if there is a *folder*."""
    context: dict[str, Any] = {"resolve": look_up}
    if folder is not None:
        context["read"] = References({}, folder).read
    return OPTIONS.validate_python(
        {"connect": f"localhost:{port}", "call": GET, **written}, context=context
    )


async def ask(asker: Asker, port: int, folder: Path | None = None, **written: Any) -> Result:
    return await kind.run(read(port, folder, **written), asker.watch())


@pytest.mark.parametrize(
    ("written", "reason", "said"),
    [
        ({"message": {"id": "42"}}, "", ""),
        ({"message": {"id": "42"}, "expect": {"json": {"$.state": "PAID"}}}, "", ""),
        (
            {"message": {"id": "42"}, "expect": {"json": {"$.state": "SHIPPED"}}},
            "json",
            'expected $.state equal to "SHIPPED", got "PAID"',
        ),
        (
            {
                "message": {"id": "42", "with_lines": True},
                "expect": {
                    "json": {
                        "$.lines[0]": {"equals": {"sku": "SKU-1", "count": 2}},
                        "$.total.minorUnits": {"at_least": 8_589_934_592},
                        "$.at": "2026-11-23T09:00:00Z",
                        "$.gift": False,
                    }
                },
            },
            "",
            "",
        ),
        ({"message": {"id": "none"}}, "not-found", "expected OK, got NOT_FOUND: no such order"),
        ({"message": {"id": "none"}, "expect": {"status": "NOT_FOUND"}}, "", ""),
        (
            {"message": {"id": "1"}, "expect": {"status": ["NOT_FOUND", "ABORTED"]}},
            "call",
            "expected NOT_FOUND or ABORTED, got OK",
        ),
        ({}, "call", "expected OK, got INVALID_ARGUMENT: which one?"),
        ({"message": {"ids": 1}}, "request", "shop.v1.GetRequest has no field `ids`"),
        (
            {"message": {"id": 1}},
            "request",
            "this is no shop.v1.GetRequest: `id`: it is not text",
        ),
        ({"call": "shop.v1.Orders/Set"}, "method", "shop.v1.Orders has no method Set"),
        ({"call": "shop.v1.Order/Get"}, "method", "there is no service shop.v1.Order"),
        (
            {"call": "shop.v1.Orders/Watch"},
            "method",
            "shop.v1.Orders/Watch is a method that streams",
        ),
        ({"call": "shop.v1.Carts/Get"}, "not-found", "reflection knows no shop.v1.Carts"),
        (
            {"message": {"id": "slow"}, "expect": {"within": "10ms"}},
            "slow",
            "expected within 10 ms, got",
        ),
    ],
)  # fmt: skip
async def test_what_a_call_comes_to(
    asker: Asker, reflecting: int, written: dict[str, Any], reason: str, said: str
) -> None:
    result = await ask(asker, reflecting, **written)

    assert (result.reason, result.detail[: len(said)]) == (reason, said), result.detail


async def test_both_names_of_reflection_are_known(asker: Asker) -> None:
    with shop("v1alpha") as port:
        result = await ask(asker, port, message={"id": "42"})

    assert result.outcome is Outcome.GOOD, result.detail


async def test_a_file_tells_as_much(asker: Asker, silent: int, folder: Path) -> None:
    written: dict[str, Any] = {"message": {"id": "42"}, "expect": {"json": {"$.state": "PAID"}}}
    told = await ask(asker, silent, folder, descriptor="orders.binpb", **written)
    untold = await ask(asker, silent, folder, **written)

    assert told.outcome is Outcome.GOOD, told.detail
    assert untold.reason == "no-reflection"


async def test_what_was_learnt_is_remembered_until_it_may_be_wrong(asker: Asker) -> None:
    """A server that reflects no longer goes on being asked, until an answer is not as expected."""
    written: dict[str, Any] = {"message": {"id": "42"}}
    with shop("v1") as port:
        learnt = await ask(asker, port, **written)
    away = await ask(asker, port, **written)
    with shop(port=port):
        kept = await ask(asker, port, **written)
        other = await ask(asker, port, **written, expect={"json": {"$.id": "43"}})
        anew = await ask(asker, port, **written)

    reasons = [one.reason for one in (learnt, away, kept, other, anew)]
    assert reasons == ["", "connect", "", "json", "no-reflection"]


async def test_a_secret_goes_along_and_is_not_shown(asker: Asker, reflecting: int) -> None:
    known = await ask(
        asker,
        reflecting,
        message={"id": "private"},
        metadata={"authorization": "Bearer ${env:TOKEN}"},
    )
    unknown = await ask(asker, reflecting, message={"id": "private"})
    echoed = await ask(
        asker, reflecting, message={"id": "${env:TOKEN}"}, expect={"json": {"$.id": "x"}}
    )

    assert known.outcome is Outcome.GOOD, known.detail
    assert (unknown.reason, unknown.detail) == (
        "login",
        "expected OK, got UNAUTHENTICATED: who are you?",
    )
    assert echoed.evidence is not None
    assert '> {"id": "***"}' in echoed.evidence.body
    assert SECRETS["TOKEN"] not in f"{echoed.evidence} {echoed.detail}"


async def test_over_tls_the_certificate_counts_too(
    asker: Asker, authority: trustme.CA, pem: str
) -> None:
    leaf = authority.issue_cert("localhost")
    chain = b"".join(one.bytes() for one in leaf.cert_chain_pems)
    credentials = grpc.ssl_server_credentials([(leaf.private_key_pem.bytes(), chain)])
    written: dict[str, Any] = {"expect": {"certificate": {"valid_for": "1d"}}}
    with shop("v1", credentials) as port:
        good = await ask(asker, port, tls={"ca": pem}, message={"id": "42"}, **written)
        strange = await ask(asker, port, tls=True, **written)

    assert good.outcome is Outcome.GOOD, good.detail
    assert good.facts.certificate_expires_at is not None
    assert strange.reason == "tls-unknown-ca"
    assert strange.facts.address == "127.0.0.1"
    assert strange.phases.connect_s is not None


async def test_who_looks_on_sees_the_answer_and_the_handshake(
    asker: Asker, authority: trustme.CA, pem: str
) -> None:
    leaf = authority.issue_cert("localhost")
    credentials = grpc.ssl_server_credentials(
        [(leaf.private_key_pem.bytes(), b"".join(one.bytes() for one in leaf.cert_chain_pems))]
    )
    bodies = []
    with shop("v1", credentials) as port:
        asked = read(port, tls={"ca": pem}, message={"id": "slow"}, expect={"within": "10ms"})
        for look in (Look(), None):
            watch = asker.watch()
            watch.look = look
            result = await kind.run(asked, watch)
            assert result.evidence is not None
            bodies.append(result.evidence.body)
            if look is not None:
                [handshake] = look.handshakes
                assert (handshake.host, handshake.version) == ("localhost", "TLSv1.3")
                assert "127.0.0.1" in look.addresses["localhost"]

    assert ['"state": "PAID"' in body for body in bodies] == [True, False]


@pytest.mark.parametrize(
    ("written", "at", "what"),
    [
        ({"call": "Get"}, (), "`Get` is no method"),
        ({"call": None, "message": {}}, ("message",), "without `call`"),
        ({"call": None, "expect": {"json": {"$": 1}}}, ("expect", "json"), "without `call`"),
        ({"service": "shop"}, ("service",), "a call goes to the service that it names"),
        ({"expect": {"health": "SERVING"}}, ("expect", "health"), "a call says nothing of health"),
        ({"expect": {"status": "GOOD"}}, (), "`GOOD` is no status of gRPC"),
        ({"expect": {"status": []}}, (), "no status would be right"),
        (
            {"expect": {"status": "ABORTED", "json": {"$": 1}}},
            ("expect", "json"),
            "there is no answer to look at without status OK",
        ),
        ({"message": {"a": ["${x}"]}}, ("message", "a", 0), "nothing is captured here"),
        ({"expect": {"json": {"$": "${x}"}}}, ("expect", "json"), "nothing is captured here"),
        ({"descriptor": 1}, (), "the number 1 is not a file"),
    ],
)
def test_mistakes_are_named(written: dict[str, Any], at: tuple[str | int, ...], what: str) -> None:
    refused = refusal(OPTIONS, {"connect": "a:1", "call": GET, **written})

    assert (refused.at, refused.what[: len(what)]) == (at, what)


@pytest.mark.parametrize(
    ("written", "at", "what"),
    [
        ({"descriptor": "none.binpb"}, (), "`none.binpb` cannot be read: no such file"),
        ({"descriptor": "notes.txt"}, (), "`notes.txt` is no file of descriptors"),
        ({"descriptor": "empty.binpb"}, (), "`empty.binpb` is a file of descriptors with nothing"),
        (
            {"descriptor": "alone.binpb"},
            ("descriptor",),
            "shop/v1/orders.proto imports shop/v1/money.proto, which is missing",
        ),
        ({"call": "shop.v1.Orders/Gett"}, ("call",), "shop.v1.Orders has no method Gett"),
        ({"call": "shop.v1.Orders/Watch"}, ("call",), "shop.v1.Orders/Watch is a method that"),
        ({"message": {"idd": 1}}, ("message", "idd"), "shop.v1.GetRequest has no field `idd`"),
        ({"message": {"id": {}}}, ("message", "id"), "this is no shop.v1.GetRequest: `id`: "),
        ({"message": ["id"]}, ("message",), "a shop.v1.GetRequest is written as a group of fields"),
    ],
)
def test_a_file_is_held_against_what_is_written(
    folder: Path, written: dict[str, Any], at: tuple[str | int, ...], what: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        read(1, folder, **{"descriptor": "orders.binpb", **written})

    [problem] = caught.value.errors()
    refused = problem["ctx"]["error"]
    assert isinstance(refused, Refused)
    assert (refused.at, refused.what[: len(what)]) == (at, what)


def test_without_the_library_a_call_says_what_to_install(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_google(name: str) -> None:
        raise ModuleNotFoundError(name)

    monkeypatch.setattr(kind, "find_spec", no_google)

    with pytest.raises(ValidationError, match="the library protobuf is not installed"):
        read(1, folder)
    read(1)  # results of before are read all the same


def test_only_a_call_needs_the_library() -> None:
    assert importlib.util.find_spec("google.protobuf") is not None
    assert read(1, call=None).method is None
