"""Expressions in CEL over the JSON of a body, by Google's own library where it is installed."""

from __future__ import annotations

import json
import math
from typing import Annotated, Any

from pydantic import PlainValidator

from probes.fields import Refused, said

MISSING = "expressions in CEL need a library: pip install 'synthetics[cel]'"


class Unjudged(Exception):
    """The body is no JSON, or the expression has no verdict on it; says why."""


class Condition:
    """
    One expression; its only variable is ``body``.

    Attributes:
        text: As written.
        ready: Whether the library is installed, without which nothing is checked.

    Raises:
        Refused: It is none.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._expression: Any = None
        try:
            from cel_expr_python import cel
        except ImportError:
            return
        environment = cel.NewEnv(variables={"body": cel.Type.DYN})
        try:
            self._expression = environment.compile(text)
        except RuntimeError as error:
            why = str(error).partition("ERROR: ")[2].partition("\n")[0] or str(error)
            raise Refused(f"{said(text)} is no expression in CEL: {why}") from None

    @property
    def ready(self) -> bool:
        """See the class."""
        return self._expression is not None

    def holds(self, body: object) -> bool:
        """
        Whether it is true of *body*, from `read`.

        Raises:
            Unjudged: It is neither true nor false.
        """
        try:
            found = self._expression.eval(data={"body": body})
            kind, value = found.type().name(), found.value()
        except (RuntimeError, ValueError) as error:
            raise Unjudged(f"{said(self.text)}: {error}") from None
        if kind.lower() == "error":
            raise Unjudged(f"{said(self.text)} cannot be judged: {value}")
        if kind.lower() != "bool":
            raise Unjudged(f"{said(self.text)} is no verdict but {said(str(value))}")
        return bool(value)


def read(body: bytes) -> object:
    """
    The JSON in *body*; all its numbers are doubles, as they are for the exporter.

    Raises:
        Unjudged: It is none.
    """
    try:
        text = body.decode("utf-8", "replace")
        return json.loads(text, parse_int=_number, parse_float=_number, parse_constant=_number)
    except (ValueError, RecursionError) as error:
        raise Unjudged(f"the body is no JSON: {error}") from None


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(f"{text} is no number")
    return number


def _condition(value: object) -> Condition:
    if not isinstance(value, str):
        raise Refused(f"{said(value)} is no text", mend="put it in quotes")
    return Condition(value)


Cel = Annotated[Condition, PlainValidator(_condition)]
