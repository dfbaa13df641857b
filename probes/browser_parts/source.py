"""Looks at a script without running it: is it Python, and which steps does it name?"""

from __future__ import annotations

import ast

from probes.browser_parts.written import Script
from probes.fields import Refused


def read_script(path: str, text: str) -> Script:
    """
    The script *text*, which was found at *path*.

    Raises:
        Refused: It is not Python, or has no ``async def check(page, run)``.
    """
    try:
        tree = ast.parse(text, path)
    except (SyntaxError, ValueError) as error:
        line = f" in line {error.lineno}" if isinstance(error, SyntaxError) else ""
        why = error.msg if isinstance(error, SyntaxError) else str(error)
        raise Refused(f"`{path}` is not Python{line}: {why}") from None
    mend = "write `async def check(page, run):` in it"
    check = next(
        (one for one in tree.body if isinstance(one, ast.AsyncFunctionDef) and one.name == "check"),
        None,
    )
    if check is None:
        raise Refused(f"`{path}` has no `async def check`", mend=mend)
    if len(check.args.args) != 2:
        raise Refused(f"`check` of `{path}` does not take two arguments", mend=mend)
    names = [
        call.args[0].value
        for call in ast.walk(tree)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "step"
        and call.args
        and isinstance(call.args[0], ast.Constant)
        and isinstance(call.args[0].value, str)
    ]
    return Script(path, text, tuple(dict.fromkeys(names)))
