"""The kinds that ``docs/extending.md`` shows are modules that work."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import aiohttp
import pytest
from aiohttp import web
from pydantic import TypeAdapter, ValidationError

from probes.result import Outcome
from probes.watch import Shared, Watch
from synthetics.clock import SystemClock
from synthetics.config.model import Severity
from synthetics.demo.loopback import serving
from synthetics.plugin import Message
from synthetics.receivers.base import Event, Fate
from tests.docs.support import REPOSITORY, of_page

MESSAGE = Message(
    id="1",
    event=Event.TRIGGER,
    dedup_key="shop-1",
    incident=1,
    severity=Severity.PAGE,
    summary="checkout fails",
    location="here",
    service="shop",
    service_name="本店",
    slo="checkout",
    tier="fast",
    detected_ms=0,
    objective=0.999,
)


def module(mark: str) -> ModuleType:
    page = REPOSITORY / "docs" / "extending.md"
    (source,) = (fence.text for fence in of_page(page) if fence.mark == f"module: {mark}")
    made = ModuleType(f"example_{mark}")
    sys.modules[made.__name__] = made  # dataclasses and pydantic look their module up
    exec(compile(source, str(page), "exec"), made.__dict__)
    return made


@pytest.fixture
def probe() -> Iterator[ModuleType]:
    made = module("probe")
    yield made
    del sys.modules[made.__name__]


@pytest.fixture
def receiver() -> Iterator[ModuleType]:
    made = module("receiver")
    yield made
    del sys.modules[made.__name__]


async def test_the_probe_tells_an_open_port_from_a_closed_one(probe: ModuleType) -> None:
    options = TypeAdapter(probe.Options)
    watch = Watch(clock=SystemClock(), timeout_s=5, shared=Shared())
    async with serving(web.Application()) as url:
        target = options.validate_python({"host": "127.0.0.1", "port": int(url.rpartition(":")[2])})

        assert (await probe.run(target, watch)).outcome is Outcome.GOOD

    closed = await probe.run(target, watch)
    assert (closed.outcome, closed.reason) == (Outcome.BAD, "connect")


def test_the_probe_refuses_a_key_that_it_does_not_know(probe: ModuleType) -> None:
    with pytest.raises(ValidationError, match="prot"):
        TypeAdapter(probe.Options).validate_python({"host": "shop.example", "prot": 443})


@pytest.mark.parametrize(
    ("status", "fate"), [(200, Fate.DELIVERED), (400, Fate.REFUSED), (503, Fate.RETRY)]
)
async def test_the_receiver_judges_by_the_answer(
    receiver: ModuleType, status: int, fate: Fate
) -> None:
    said = []

    async def take(request: web.Request) -> web.Response:
        said.append(await request.text())
        return web.Response(status=status)

    app = web.Application()
    app.router.add_post("/", take)
    async with serving(app) as url, aiohttp.ClientSession() as session:
        options = TypeAdapter(receiver.Options).validate_python({"url": url})
        verdict = await receiver.send(options, MESSAGE, session)

    assert verdict.fate is fate
    assert said == ["trigger: checkout fails"]


async def test_the_receiver_tries_again_where_nobody_answers(receiver: ModuleType) -> None:
    async with serving(web.Application()) as url:
        pass
    options = TypeAdapter(receiver.Options).validate_python({"url": url})
    async with aiohttp.ClientSession() as session:
        verdict = await receiver.send(options, MESSAGE, session)

    assert verdict.fate is Fate.RETRY
