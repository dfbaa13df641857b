"""Reads the body of an answer as text or as JSON."""

from __future__ import annotations

import codecs
import json
from typing import Any

from probes.ask import header_values
from probes.curl.order import Answer
from probes.failure import Failure

_LONGEST_CHARSET = 40
_NO_CHARSETS = frozenset({"punycode", "idna", "unicode-escape", "raw-unicode-escape", "undefined"})
"""Codecs of Python that no page is in; ``punycode`` takes the cube of what it reads."""


class Undecodable(ValueError):
    """A body that is not what it should be, in words."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


def charset_of(answer: Answer) -> str:
    """The charset that the answer names, or UTF-8."""
    for value in header_values(answer.headers, "content-type"):
        for part in value.split(";")[1:]:
            name, _, charset = part.partition("=")
            if name.strip().lower() == "charset":
                return charset.strip().strip("\"'")
    return "utf-8"


def _codec(charset: str) -> str:
    known = codecs.lookup(charset).name if len(charset) <= _LONGEST_CHARSET else "undefined"
    if known in _NO_CHARSETS:
        raise LookupError(charset)
    return known


def text_of(answer: Answer) -> str:
    """
    The body as text.

    Raises:
        Undecodable: It is not in the charset that it says it is in.
    """
    charset = charset_of(answer)
    try:
        return answer.body.decode(_codec(charset))
    except UnicodeDecodeError as error:
        what = f"a byte 0x{answer.body[error.start]:02x} at {error.start} that is not {charset}"
        raise Undecodable(Failure("invalid-text", f"text in {charset}", what)) from None
    except (LookupError, ValueError):
        raise Undecodable(
            Failure("invalid-text", "text", f"the unknown charset {charset[:40]!r}")
        ) from None


def json_of(answer: Answer) -> Any:
    """
    The body as JSON.

    Raises:
        Undecodable: It is none, or nested too deep to be read.
    """
    try:
        return json.loads(answer.body, parse_constant=refuse_constant)
    except RecursionError:
        said = "JSON that is nested too deep"
    except UnicodeDecodeError:
        said = "bytes that are not UTF-8"
    except ValueError as error:
        long = "digits" in str(error)
        said = "a number of over 4300 digits" if long else f"something else: {error}"
    raise Undecodable(Failure("invalid-json", "JSON", said))


def refuse_constant(name: str) -> object:
    """For `json.loads`, which takes ``NaN`` and ``Infinity`` unless it is told not to."""
    raise ValueError(f"{name} is not JSON")
