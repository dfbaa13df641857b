"""
A body of the user's own: JSON as written, with parts of the message put into its texts.

There is no language to learn and none to escape from: what is written is a value, not text, so
what is sent is JSON whatever the message holds, and nothing is ever executed.  A text that is
one reference and nothing else takes the part as it is: a number, a list, ``null``.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from probes.fields import Capture, Refused, Template, read_template, said
from synthetics.config.model import Severity
from synthetics.config.words import did_you_mean
from synthetics.receivers.base import Event, Failing, Message
from synthetics.receivers.payload import payload

_DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Filling:
    """A JSON value in which texts are `Template`."""

    value: Any

    def fill(self, message_id: str, whole: Mapping[str, Any]) -> Any:
        """The value to send for the message that *whole*, its payload, describes."""
        return _filled(self.value, parts(message_id, whole))


def parts(message_id: str, whole: Mapping[str, Any]) -> dict[str, Any]:
    """
    What a reference can stand for, by name.

    Everything in the payload: ``summary``; and inside it, ``last_failure_detail``.
    """
    data = whole["data"]
    found = {"id": message_id, "type": whole["type"], "timestamp": whole["timestamp"], **data}
    for name, value in data.items():
        if isinstance(value, dict):
            found |= {f"{name}_{inner}": part for inner, part in value.items()}
    return found


@cache
def _names() -> frozenset[str]:
    """Every name that is known, from a message that has every part."""
    example = Message(
        id="", event=Event.TRIGGER, dedup_key="", incident=0, severity=Severity.PAGE, summary="",
        location="", service="", service_name="", slo="", tier="", detected_ms=0, objective=1.0,
        failing=Failing(at_ms=0),
    )  # fmt: skip
    return frozenset(parts("", payload(example)))


def _filled(value: Any, known: Mapping[str, Any]) -> Any:
    match value:
        case Template(parts=(Capture(name),)):
            return known.get(name)
        case Template():
            return value.render({name: _text(known.get(name)) for name in value.captures})
        case dict():
            return {key: _filled(inner, known) for key, inner in value.items()}
        case list():
            return [_filled(inner, known) for inner in value]
        case _:
            return value


def _text(part: Any) -> str:
    """*part* inside a longer text: nothing where it is not known, a list with commas."""
    match part:
        case None:
            return ""
        case list():
            return ", ".join(map(_text, part))
        case dict():
            return ", ".join(f"{name}: {_text(inner)}" for name, inner in part.items())
        case _:
            return str(part)


def _read(value: object, info: ValidationInfo) -> Filling:
    if isinstance(value, Filling):
        return value
    if not isinstance(value, dict | list):
        raise Refused(
            f"{said(value)} is not a body",
            mend='write it as YAML: {text: "${summary}"}',
        )
    return Filling(_templates(value, (info.context or {}).get("resolve"), ()))


def _templates(value: Any, resolve: Any, at: tuple[str | int, ...]) -> Any:
    if len(at) > _DEEPEST:
        raise Refused("this is nested too deeply", at=at)
    match value:
        case str():
            return _template(value, resolve, at)
        case dict():
            return {key: _templates(inner, resolve, (*at, key)) for key, inner in value.items()}
        case list():
            return [_templates(inner, resolve, (*at, i)) for i, inner in enumerate(value)]
        case float() if not math.isfinite(value):
            raise Refused("this is nothing that JSON knows", mend="put it in quotes", at=at)
        case None | bool() | int() | float():
            return value
        case _:
            raise Refused(
                f"{said(value)} is nothing that JSON knows", mend="put it in quotes", at=at
            )


def _template(text: str, resolve: Any, at: tuple[str | int, ...]) -> Template:
    try:
        template = read_template(text, resolve)
    except Refused as error:
        raise Refused(error.what, mend=error.mend, at=at) from None
    for name in sorted(template.captures - _names()):
        raise Refused(
            f"`${{{name}}}` is no part of a message",
            mend=did_you_mean(name, sorted(_names())),
            at=at,
        )
    return template


Body = Annotated[Filling, BeforeValidator(_read), WithJsonSchema({"type": ["object", "array"]})]
"""JSON with references to parts of a message in its texts."""
