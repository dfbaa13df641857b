"""The rule of what a receiver is owed, held against a receiver that believes what it hears."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from synthetics.paging.owing import Plan, Story, knows, plan
from synthetics.receivers.base import Event
from synthetics.store.deliveries import Delivery, State


def one(
    event: str, state: str = "owed", severity: str = "page", *, unsure: int = 0, number: int = 1
) -> Delivery:
    return Delivery(
        id=number,
        incident_id=1,
        receiver="oncall",
        event=event,
        severity=severity,
        dedup_key="key",
        message="{}",
        state=State(state),
        owed_ms=0,
        unsure=unsure,
    )


TRIGGER, RESOLVE = Event.TRIGGER, Event.RESOLVE


def later(delivery: Delivery, owed_ms: int) -> Delivery:
    return replace(delivery, owed_ms=owed_ms)


@pytest.mark.parametrize(
    ("past", "severity", "expected"),
    [
        pytest.param([], "page", Plan(TRIGGER), id="told of nothing, a page begins"),
        pytest.param([], None, Plan(), id="told of nothing, nothing ends"),
        pytest.param([one("trigger")], "page", Plan(), id="it is owed already"),
        pytest.param([one("trigger", "delivered")], "page", Plan(), id="it knows already"),
        pytest.param(
            [one("trigger", "delivered", "ticket")], "page", Plan(TRIGGER), id="it gets worse"
        ),
        pytest.param(
            [one("trigger", "owed", "ticket")],
            "page",
            Plan(TRIGGER, (1,)),
            id="it gets worse before the ticket was sent, so only the page is",
        ),
        pytest.param(
            [one("trigger", "delivered")], "ticket", Plan(), id="it gets better, which wakes nobody"
        ),
        pytest.param(
            [one("trigger", "owed", "page")],
            "ticket",
            Plan(TRIGGER, (1,)),
            id="it got better before the page was sent, so only the ticket is",
        ),
        pytest.param([one("trigger")], None, Plan(None, (1,)), id="over before it was sent"),
        pytest.param(
            [one("trigger", unsure=1)],
            None,
            Plan(RESOLVE, (1,)),
            id="over, and it may have arrived",
        ),
        pytest.param(
            [one("trigger", "superseded", unsure=1), one("trigger", number=2)],
            None,
            Plan(RESOLVE, (2,)),
            id="over, and an earlier one may have arrived",
        ),
        pytest.param([one("trigger", "delivered")], None, Plan(RESOLVE), id="over"),
        pytest.param(
            [one("trigger", "refused")], None, Plan(), id="refused, so there is nothing to end"
        ),
        pytest.param(
            [one("trigger", "refused", unsure=1)],
            None,
            Plan(RESOLVE),
            id="refused after an attempt that may have arrived",
        ),
        pytest.param(
            [one("trigger", "refused")], "page", Plan(), id="refused once is enough for one outage"
        ),
        pytest.param(
            [one("trigger", "delivered"), one("resolve", "owed", number=2)],
            None,
            Plan(),
            id="its end is owed already",
        ),
        pytest.param(
            [one("trigger", "delivered"), one("resolve", "owed", number=2)],
            "page",
            Plan(TRIGGER),
            id="it begins again before its end was told",
        ),
    ],
)
def test_what_follows(past: list[Delivery], severity: str | None, expected: Plan) -> None:
    assert plan(Story.of(past), severity, severity) == expected


Step = st.one_of(
    st.sampled_from(["page", "ticket", "ends"]),
    st.sampled_from(["delivers", "fails", "fails but arrives", "refuses"]),
)


@settings(deadline=None)
@given(steps=st.lists(Step, max_size=30))
def test_whatever_happens_a_receiver_ends_up_believing_what_is_true(steps: list[str]) -> None:
    """
    A receiver that takes messages in order, or loses answers, or refuses; in the end it
    is up and takes what is owed.  Then it believes something is wrong exactly if it is.
    """
    past: list[Delivery] = []
    believes: str | None = None
    refused = False
    severity: str | None = None

    def settle() -> None:
        step = plan(Story.of(past), severity, severity)
        for number, delivery in enumerate(past):
            if delivery.id in step.supersede:
                assert delivery.state is State.OWED
                past[number] = replace(delivery, state=State.SUPERSEDED)
        if step.owe is not None:
            told = severity or next(d.severity for d in reversed(past) if d.event == TRIGGER)
            past.append(one(step.owe, severity=told, number=len(past) + 1))
        assert sum(d.state is State.OWED and d.event == TRIGGER for d in past) <= 1

    def attempt(outcome: str) -> bool:
        nonlocal believes, refused
        number = next((n for n, d in enumerate(past) if d.state is State.OWED), None)
        if number is None:
            return False
        delivery = past[number]
        if outcome in {"delivers", "fails but arrives"}:
            believes = delivery.severity if delivery.event == TRIGGER else None
        if outcome == "delivers":
            past[number] = replace(delivery, state=State.DELIVERED, unsure=delivery.unsure + 1)
        elif outcome == "fails but arrives":
            past[number] = replace(delivery, unsure=delivery.unsure + 1)
        elif outcome == "refuses":
            refused = True
            past[number] = replace(delivery, state=State.REFUSED)
        return True

    for step in [*steps, "settle"]:
        if step in {"page", "ticket", "ends", "settle"}:
            if step != "settle":
                severity = None if step == "ends" else step
            settle()
        else:
            attempt(step)
    while attempt("delivers"):
        pass

    if not refused:
        assert (believes is None) == (severity is None)
        if severity == "page":
            assert believes == "page"


@pytest.mark.parametrize(
    ("past", "again_ms", "expected"),
    [
        pytest.param([one("trigger", "delivered")], 5, Plan(TRIGGER), id="nobody answered"),
        pytest.param([one("trigger", "delivered")], 0, Plan(), id="it was told just then"),
        pytest.param([one("trigger")], 5, Plan(), id="the first one is still on its way"),
        pytest.param(
            [one("trigger", "delivered"), later(one("trigger", number=2), 5)],
            5,
            Plan(),
            id="it is owed again already",
        ),
        pytest.param(
            [one("trigger", "delivered"), later(one("trigger", number=2), 5)],
            9,
            Plan(TRIGGER, (2,)),
            id="the newest goes in place of one that waits",
        ),
        pytest.param(
            [one("trigger", "delivered"), later(one("acknowledge", number=2), 3)],
            None,
            Plan(),
            id="an answer leaves it as it is",
        ),
    ],
)
def test_what_is_to_be_told_again_is_owed_once(
    past: list[Delivery], again_ms: int | None, expected: Plan
) -> None:
    assert plan(Story.of(past), "page", "page", again_ms) == expected


def test_an_answer_that_waits_is_not_sent_after_the_end() -> None:
    past = [one("trigger", "delivered"), one("acknowledge", number=2)]

    assert plan(Story.of(past), None, None) == Plan(RESOLVE, (2,))


@pytest.mark.parametrize(
    ("past", "expected"),
    [
        ([], False),
        ([one("trigger")], True),
        ([one("trigger", "superseded")], False),
        ([one("trigger", "superseded", unsure=1)], True),
        ([one("trigger", "delivered"), one("acknowledge", number=2)], True),
        ([one("trigger", "delivered"), one("resolve", number=2)], False),
    ],
)
def test_who_was_told_knows_until_the_end(past: list[Delivery], expected: bool) -> None:
    assert knows(past) is expected
