"""What a condition of Gatus is made of."""

from __future__ import annotations

import re

from synthetics.convert.gatus.values import Unsaid

_OPERATORS = (" == ", " != ", " <= ", " >= ", " > ", " < ")
"""In the order in which Gatus looks for them."""
_TURNED = {"<": ">", "<=": ">=", ">": "<", ">=": "<="}
_PLACEHOLDER = re.compile(r"(?:(?P<function>len|has)\((?P<inner>.*)\)|\[[A-Za-z_]+\].*)", re.DOTALL)
_NAME = re.compile(r"\[[A-Za-z_]+\]")
_BARE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_STEP = re.compile(r"\.?([^.\[\]]+)|\[(\d+)\]")


def parts(condition: str) -> tuple[str, str, str]:
    """
    What is compared, how, and with what; the placeholder is on the left.

    Raises:
        Unsaid: It is no condition.
    """
    for operator in _OPERATORS:
        if operator in condition:
            left, right = map(str.strip, condition.split(operator)[:2])
            sign = operator.strip()
            if _PLACEHOLDER.fullmatch(right) and not _PLACEHOLDER.fullmatch(left):
                left, right, sign = right, left, _TURNED.get(sign, sign)
            if " && " in condition or " || " in condition:
                raise Unsaid("Gatus knows no `&&` and no `||`: write each as a condition")
            return left, sign, right
    if condition.rstrip().endswith((" ==", " !=")):  # nothing on the right
        left, sign = condition.rstrip().rsplit(" ", 1)
        return left.strip(), sign, ""
    raise Unsaid("it is not understood")


def placeholder(text: str) -> tuple[str, str, str]:
    """
    The function or nothing, the name such as ``[BODY]``, and what follows, if anything does.

    Raises:
        Unsaid: It is none.
    """
    found = _PLACEHOLDER.fullmatch(text)
    if found is None:
        raise Unsaid("it is not understood")
    inner = found["inner"] or text
    named = _NAME.match(inner)
    name = named[0] if named else ""
    return found["function"] or "", name.upper(), inner[len(name) :]


def json_path(rest: str) -> str:
    """
    ``.a.b[0]`` as a JSON path of ours.

    Raises:
        Unsaid: It is none.
    """
    steps = _STEP.findall(rest)
    if "".join(f"[{index}]" if index else name for name, index in steps) != rest.replace(".", ""):
        raise Unsaid(f"`{rest}` is not understood")
    path = "$"
    for name, index in steps:
        if index:
            path += f"[{index}]"
        elif _BARE.fullmatch(name):
            path += f".{name}"
        else:
            path += f"['{name}']"
    return path
