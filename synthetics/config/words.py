"""What the validator found, in words for the person who wrote the file."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydantic_core import ErrorDetails

from probes.fields import Refused, said

Words = tuple[str, str]
"""What is wrong, and how to mend it."""


def clip(text: str) -> str:
    """*text* on one line, cut with an ellipsis."""
    return said(text).strip("`")


def nearest(word: str, known: Iterable[str], *, likeness: float = 0.6) -> str | None:
    """The one of *known* that *word* was probably meant to be, at least so alike (0 to 1)."""
    folded = {name.casefold(): name for name in known}
    close = difflib.get_close_matches(word.casefold(), folded, n=1, cutoff=likeness)
    return folded[close[0]] if close else None


def did_you_mean(word: str, known: Sequence[str], *, none: str = "there is none") -> str:
    """How to mend a *word* that is not one of *known*."""
    near = nearest(word, known)
    if near is not None:
        return f"did you mean `{near}`?"
    if not known:
        return none
    return f"write one of {listed(known)}"


def listed(names: Sequence[str], most: int = 12) -> str:
    """``a, b or c``, or the first dozen and how many more there are."""
    if len(names) > most:
        return f"{', '.join(names[:most])} or {len(names) - most} more"
    return " or ".join(filter(None, [", ".join(names[:-1]), names[-1]])) if names else ""


TYPES: dict[str, Words] = {
    "text": ("text", "put it in quotes"),
    "whole": ("a whole number", "write a number such as 3, without quotes"),
    "number": ("a number", "write a number such as 2.5, without quotes"),
    "flag": ("true or false", "write true or false, without quotes"),
    "list": ("a list", "write [one, two], or one `- item` a line"),
    "group": ("a group of keys", "write `key: value` lines below it, or {key: value}"),
    "nothing": ("nothing", "leave the value out"),
    "date": ("a date", "write it as 2026-11-01"),
    "time": ("a time of day", "write it as 02:00"),
    "instant": ("an instant", "write it as 2026-11-01T02:00+09:00"),
    "duration": ("a duration", "write a number and a unit, such as 30s or 1h30m"),
    "url": ("a URL", "write it in full, such as https://shop.example/"),
    "uuid": ("a UUID", "write 32 hexadecimal digits in five groups"),
}
"""What was expected, and how to write it."""

EXPECTED: dict[str, str] = {
    "string_type": "text",
    "string_unicode": "text",
    "bytes_type": "text",
    "int_type": "whole",
    "int_parsing": "whole",
    "int_from_float": "whole",
    "float_type": "number",
    "float_parsing": "number",
    "decimal_type": "number",
    "decimal_parsing": "number",
    "fraction_type": "number",
    "fraction_parsing": "number",
    "complex_type": "number",
    "complex_str_parsing": "number",
    "bool_type": "flag",
    "bool_parsing": "flag",
    "list_type": "list",
    "tuple_type": "list",
    "set_type": "list",
    "frozen_set_type": "list",
    "deque_type": "list",
    "iterable_type": "list",
    "dict_type": "group",
    "mapping_type": "group",
    "frozen_dict_type": "group",
    "ordered_dict_type": "group",
    "counter_type": "group",
    "named_tuple_type": "group",
    "model_type": "group",
    "model_attributes_type": "group",
    "dataclass_type": "group",
    "dataclass_exact_type": "group",
    "arguments_type": "group",
    "none_required": "nothing",
    "date_type": "date",
    "date_parsing": "date",
    "date_from_datetime_parsing": "date",
    "date_from_datetime_inexact": "date",
    "time_type": "time",
    "time_parsing": "time",
    "datetime_type": "instant",
    "datetime_parsing": "instant",
    "datetime_object_invalid": "instant",
    "datetime_from_date_parsing": "instant",
    "time_delta_type": "duration",
    "time_delta_parsing": "duration",
    "url_type": "url",
    "url_parsing": "url",
    "url_syntax_violation": "url",
    "uuid_type": "uuid",
    "uuid_parsing": "uuid",
    "uuid_version": "uuid",
}
"""Errors of the validator that mean: this is something else than was expected."""

UNKNOWN_KEY = frozenset(
    {"extra_forbidden", "unexpected_keyword_argument", "unexpected_positional_argument"}
)
MISSING_KEY = frozenset(
    {
        "missing",
        "missing_argument",
        "missing_keyword_only_argument",
        "missing_positional_only_argument",
    }
)


def _length(what: str, unit: str, key: str) -> Callable[[dict[str, Any]], Words]:
    def words(ctx: dict[str, Any]) -> Words:
        bound = ctx.get(key, 0)
        side = "at least" if key.startswith("min") else "at most"
        return what, f"write {side} {bound} {unit if bound != 1 else unit.removesuffix('s')}"

    return words


LIMITS: dict[str, Callable[[dict[str, Any]], Words]] = {
    "greater_than": lambda c: (f"it is not above {c['gt']}", f"write more than {c['gt']}"),
    "greater_than_equal": lambda c: (f"it is below {c['ge']}", f"write {c['ge']} or more"),
    "less_than": lambda c: (f"it is not below {c['lt']}", f"write less than {c['lt']}"),
    "less_than_equal": lambda c: (f"it is above {c['le']}", f"write {c['le']} or less"),
    "multiple_of": lambda c: (
        f"it is not a multiple of {c['multiple_of']}",
        f"round it to a multiple of {c['multiple_of']}",
    ),
    "finite_number": lambda _: ("it is not finite", "write an ordinary number"),
    "int_parsing_size": lambda _: ("it has too many digits", "write a smaller number"),
    "string_too_short": _length("it is too short", "characters", "min_length"),
    "string_too_long": _length("it is too long", "characters", "max_length"),
    "bytes_too_short": _length("it is too short", "characters", "min_length"),
    "bytes_too_long": _length("it is too long", "characters", "max_length"),
    "url_too_long": _length("it is too long", "characters", "max_length"),
    "too_short": _length("it has too few items", "items", "min_length"),
    "too_long": _length("it has too many items", "items", "max_length"),
    "string_pattern_mismatch": lambda c: ("it has not the form", f"match {c['pattern']}"),
    "string_not_ascii": lambda _: ("it has other letters than ASCII", "write it in ASCII"),
    "url_scheme": lambda c: (
        "it has another scheme",
        f"begin with {c['expected_schemes']}",
    ),
    "timezone_naive": lambda _: ("it has an offset", "leave the offset out"),
    "timezone_aware": lambda _: ("it has no offset", "add Z or an offset, such as +09:00"),
    "timezone_offset": lambda _: ("it has another offset", "write the offset that is asked for"),
    "date_past": lambda _: ("it is not in the past", "write an earlier date"),
    "date_future": lambda _: ("it is not in the future", "write a later date"),
    "datetime_past": lambda _: ("it is not in the past", "write an earlier instant"),
    "datetime_future": lambda _: ("it is not in the future", "write a later instant"),
    "decimal_max_digits": lambda c: ("it has too many digits", f"write at most {c['max_digits']}"),
    "decimal_max_places": lambda c: (
        "it has too many decimal places",
        f"write at most {c['decimal_places']}",
    ),
    "decimal_whole_digits": lambda c: (
        "it has too many digits before the point",
        f"write at most {c['whole_digits']}",
    ),
}
"""Errors that mean: the right thing, and too much or too little of it."""

OTHERS = frozenset(
    {
        "bytes_invalid_encoding",
        "callable_type",
        "default_factory_not_called",
        "ellipsis_error",
        "frozen_field",
        "frozen_instance",
        "get_attribute_error",
        "invalid_key",
        "is_instance_of",
        "is_subclass_of",
        "iteration_error",
        "json_invalid",
        "json_type",
        "missing_sentinel_error",
        "multiple_argument_values",
        "needs_python_object",
        "no_such_attribute",
        "recursion_depth_exceeded",
        "recursion_loop",
        "set_item_not_hashable",
    }
)
"""Errors that say nothing about a text file; a plugin that asks for them gets the general words."""


def choice(value: object, known: Sequence[str], secret: bool = False) -> Words:
    """*value* is none of the words *known*."""
    what = "this" if secret else said(value)
    mend = f"write {listed(known)}"
    near = nearest(value, known) if isinstance(value, str) and not secret else None
    if near is not None:
        mend = f"did you mean `{near}`?"
        return f"{what} is not {listed(known)}", mend
    return f"{what} cannot stand here", mend


def in_words(error: ErrorDetails, *, secret: bool = False) -> Words:
    """
    What *error* means and how to mend it; unknown and missing keys are the caller's.

    Args:
        error: One entry of ``ValidationError.errors()``.
        secret: Whether the value must not be repeated.
    """
    kind, value, ctx = error["type"], error["input"], error.get("ctx", {})
    it = "this" if secret else said(value)
    if kind in EXPECTED:
        expected, mend = TYPES[EXPECTED[kind]]
        if expected == "text" and isinstance(value, list | dict):
            mend = "write one text"
        return f"{it} is not {expected}", mend
    if kind in LIMITS:
        what, mend = LIMITS[kind](ctx)
        return what.replace("it ", f"{it} ", 1), mend
    match kind, ctx.get("error"):
        case _, Refused() as refused:
            return refused.what, refused.mend
        case (("value_error" | "assertion_error"), Exception() as reason):
            return f"{it} cannot be taken: {clip(str(reason))}", ""
        case (("literal_error" | "enum"), _):
            return choice(value, _unquoted(str(ctx.get("expected", ""))), secret)
        case "union_tag_invalid", _:
            known = _unquoted(str(ctx.get("expected_tags", "")))
            return choice(ctx.get("tag", ""), known, secret)
        case "union_tag_not_found", _:
            return f"{it} does not say which kind it is", f"add the key {ctx.get('discriminator')}"
        case _:
            return f"{it} cannot be read here", "see the reference of this key"


def several(errors: Sequence[ErrorDetails], *, secret: bool = False) -> Words:
    """What it means that *errors*, one of each thing that could stand here, are all there."""
    value = errors[0]["input"]
    it = "this" if secret else said(value)
    kinds = dict.fromkeys(EXPECTED[e["type"]] for e in errors if e["type"] in EXPECTED)
    expected = [TYPES[kind][0] for kind in kinds]
    if len(expected) > 1:
        return f"{it} is neither {' nor '.join(expected)}", TYPES[next(iter(kinds))][1]
    return in_words(errors[0], secret=secret)


_CONSTANTS = {"True": "true", "False": "false", "None": "null"}


def _unquoted(expected: str) -> list[str]:
    """The words of a list such as ``'page', 'ticket' or True``, as they are written."""
    parts = (part.strip() for part in expected.replace(" or ", ", ").split(", "))
    return [_CONSTANTS.get(part, part.strip("'\"")) for part in parts if part]
