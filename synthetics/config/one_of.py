"""Groups of keys of which exactly one is written."""

from __future__ import annotations

from synthetics.config.reader import Reader
from synthetics.config.syntax import Path


def exactly_one(reader: Reader, path: Path, data: object, *keys: str) -> None:
    """Note if not exactly one of *keys* is in *data*, which stands at *path*, if it is a group."""
    if not isinstance(data, dict):
        return
    written = [key for key in data if key in keys]
    for later in written[1:]:
        reader.report(
            (*path, later),
            f"`{later}` stands beside `{written[0]}`, and only one of them can hold",
            f"delete one of the {'two' if len(written) == 2 else 'keys'}",
            at="key",
        )
    if not written:
        *first, last = (f"`{key}`" for key in keys)
        none = f"neither {first[0]} nor {last}" if len(keys) == 2 else f"none of {', '.join(first)}"
        if len(keys) > 2:
            none += f" and {last}"
        reader.report(path, f"{none} is here", f"add {', '.join(first)} or {last}")
