"""What every receiver owes to paging, whatever it talks to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from pydantic import ValidationError

from synthetics.kinds import receiver_kinds
from synthetics.receivers.base import Event, Failing, Fate, Link, Message, Verdict
from tests.receivers.sides import SIDES, HttpSide, Side
from tests.receivers.support import SECRETS, acknowledge, resolve, trigger

RUDE = "line one\r\nX-Injected: yes\x00\x1b[31m\u2028\u202eevil\udc80"
LIVE = (
    "<!channel> <@U1> <https://evil.example|ok> @everyone <b>bold</b> **bold** [click](https://e)"
)

pytestmark = pytest.mark.parametrize("name", sorted(SIDES))


@pytest.fixture
async def side(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Side]:
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "authority.pem"))
    async with SIDES[name].side(tmp_path) as side:
        yield side


async def sent(
    name: str, side: Side, session: aiohttp.ClientSession, message: Message | None = None
) -> Verdict:
    conduct = SIDES[name]
    act = receiver_kinds()[conduct.kind].act
    verdict = await act(conduct.options(side), message or trigger(), session)
    assert isinstance(verdict, Verdict)
    return verdict


def test_every_kind_is_tried_here(name: str) -> None:
    assert {conduct.kind for conduct in SIDES.values()} == set(receiver_kinds())


@pytest.mark.parametrize("make", [trigger, acknowledge, resolve])
async def test_each_event_is_delivered_or_left_out(
    name: str, make: Any, side: Side, session: aiohttp.ClientSession
) -> None:
    message = make()

    verdict = await sent(name, side, session, message)

    assert (verdict.fate, verdict.reason) == (Fate.DELIVERED, "")
    assert len(side.sizes()) == (message.event not in SIDES[name].silent_on)


async def test_every_event_there_is_has_a_verdict(
    name: str, side: Side, session: aiohttp.ClientSession
) -> None:
    """A receiver that does not know one leaves it out; it must not fall over it."""
    for event in Event:
        verdict = await sent(name, side, session, trigger(event=event, id=f"msg_{event}"))

        assert verdict.fate is Fate.DELIVERED


async def test_what_is_over_is_told_to_who_was_told_before(
    name: str, side: Side, session: aiohttp.ClientSession
) -> None:
    """The handle of one message is understood by the next, also one that makes no sense."""
    first = await sent(name, side, session)
    again = await sent(name, side, session, trigger(id="msg_worse", handle=first.handle))
    for handle in (again.handle, first.handle, "", "nonsense", "C1:2.3", "1,2", "<a@b>"):
        verdict = await sent(name, side, session, resolve(handle=handle))
        assert verdict.fate is Fate.DELIVERED

    assert not [secret for secret in SECRETS if secret in first.handle + again.handle]
    assert first.handle.isprintable()
    assert len(again.handle) <= 500


async def test_not_now_is_worth_another_attempt(
    name: str, side: Side, session: aiohttp.ClientSession
) -> None:
    reason = side.busy()

    verdict = await sent(name, side, session)

    assert verdict.fate is Fate.RETRY
    assert verdict.reason == (reason if SIDES[name].says_why else "apprise")


async def test_never_is_never(name: str, side: Side, session: aiohttp.ClientSession) -> None:
    reason = side.refuse()

    verdict = await sent(name, side, session)

    if SIDES[name].says_why:
        assert (verdict.fate, verdict.reason, verdict.arrived) == (Fate.REFUSED, reason, False)
    else:
        assert verdict.fate is Fate.RETRY


async def test_the_callers_limit_ends_an_attempt(
    name: str, side: Side, session: aiohttp.ClientSession
) -> None:
    side.hang()

    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.5):
            await sent(name, side, session)


async def test_a_far_side_that_is_not_there_has_not_got_it(
    name: str, side: Side, session: aiohttp.ClientSession
) -> None:
    await side.down()

    verdict = await sent(name, side, session)

    assert verdict.fate is Fate.RETRY
    assert verdict.arrived is not SIDES[name].says_why
    assert not [secret for secret in SECRETS if secret in str(verdict)]


async def test_no_secret_is_in_a_verdict_or_a_log(
    name: str, side: Side, session: aiohttp.ClientSession, caplog: pytest.LogCaptureFixture
) -> None:
    """Also where the far side repeats them, or the URL is the secret."""
    caplog.set_level("DEBUG")
    options = SIDES[name].options(side)
    verdicts = [await sent(name, side, session)]
    side.refuse()
    verdicts.append(await sent(name, side, session))

    logged = [one.getMessage() for one in caplog.records if one.name != "mail.log"]  # the server's
    said = f"{verdicts} {logged} {options!r} {options}"
    assert not [secret for secret in SECRETS if secret in said]
    for verdict in verdicts:
        assert len(verdict.detail) <= 200
        assert verdict.detail == "" or verdict.detail.isprintable()


async def test_control_characters_are_harmless(
    name: str, side: Side, session: aiohttp.ClientSession
) -> None:
    message = trigger(
        summary=RUDE,
        service_name=RUDE,
        step=RUDE,
        reason=RUDE,
        location=RUDE,
        failing=Failing(at_ms=0, detail=RUDE, trace_id=RUDE, request_id=RUDE),
        links=(
            Link(text=RUDE, href=f"https://wiki.example/{RUDE}"),
            Link(text="Do not click", href="javascript:alert(1)"),
            *trigger().links,
        ),
    )

    assert (await sent(name, side, session, message)).fate is Fate.DELIVERED

    if isinstance(side, HttpSide):
        [(headers, _)] = side.far.seen
        assert "X-Injected" not in headers
    told = side.told()
    for text in told:
        assert all(line.isprintable() for line in text.split("\n")), repr(text)
        assert not text.startswith("X-Injected")
    assert "javascript:" not in "".join(told)


async def test_markup_is_shown_and_not_obeyed(
    name: str, side: Side, session: aiohttp.ClientSession
) -> None:
    message = trigger(summary=LIVE, failing=Failing(at_ms=0, detail=LIVE), also=(LIVE,))

    assert (await sent(name, side, session, message)).fate is Fate.DELIVERED

    told = "\n".join(side.told())
    plain = told.partition("<html")[2] if name == "email" else told
    assert not [live for live in SIDES[name].live if live in plain]


@pytest.mark.parametrize("letter", ["本店🔥", '&<"\\', "👩‍👩‍👧‍👦e\u0301"])
async def test_texts_without_end_are_shortened_as_the_far_side_counts(
    name: str, letter: str, side: Side, session: aiohttp.ClientSession
) -> None:
    endless = letter * 50_000
    message = trigger(
        dedup_key="k" * 2000,
        summary=endless,
        service_name=endless,
        step=endless,
        reason=endless,
        location=endless,
        failing=Failing(at_ms=0, detail=endless, trace_id=endless, request_id=endless),
        also=tuple(f"slo-{number}" for number in range(100_000)),
        links=tuple(
            Link(text=endless, href=f"https://wiki.example/{number}") for number in range(1000)
        ),
    )

    assert (await sent(name, side, session, message)).fate is Fate.DELIVERED

    [size] = side.sizes()
    assert size < SIDES[name].at_most
    if isinstance(side, HttpSide):
        SIDES[name].fits([json.loads(body) for _, body in side.far.seen])


async def test_usual_texts_fit_as_well(
    name: str, side: Side, session: aiohttp.ClientSession
) -> None:
    for message in (trigger(), resolve(), trigger(failing=None, links=(), url="", burn_long=None)):
        assert (await sent(name, side, session, message)).fate is Fate.DELIVERED

    if isinstance(side, HttpSide):
        SIDES[name].fits([json.loads(body) for _, body in side.far.seen])


def test_unknown_keys_are_refused(name: str) -> None:
    kind = receiver_kinds()[SIDES[name].kind]
    with pytest.raises(ValidationError) as caught:
        kind.options.validate_python({"colour": "red"})

    assert ("colour",) in [error["loc"] for error in caught.value.errors()]


async def test_references_are_taken_where_no_secrets_are_at_hand(name: str, side: Side) -> None:
    """A check of the file by itself, as an editor does it, must not stumble over them."""
    secret = {"url", "token", "topic", "secret", "password", "api_key", "routing_key"}
    written = {key: "${env:THING}" for key in side.written if key in secret}

    SIDES[name].options(side, **written)
