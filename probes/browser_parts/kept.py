"""The folder of what failures looked like: bounded, the oldest removed first."""

from __future__ import annotations

import contextlib
import json
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from probes.browser_parts.keep import Keep
from probes.browser_parts.window import Entry, har_entry
from probes.watch import Watch

_OURS = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{32}(-\d+)?\.(png|har|zip)")


def stem(watch: Watch) -> str:
    """What the files of a sample are called: when it began, and its trace ID."""
    return f"{watch.started_at:%Y%m%dT%H%M%SZ}-{watch.trace_id}"


def write(keep: Keep, name: str, content: bytes) -> Path:
    """
    Keep *content* as *name*, and remove the oldest until the folder holds what it may.

    Raises:
        OSError: It cannot be written.
    """
    folder = Path(keep.folder)
    folder.mkdir(parents=True, exist_ok=True)
    unfinished = folder / f".{name}"
    unfinished.write_bytes(content)
    path = unfinished.replace(folder / name)
    prune(keep)
    return path


def prune(keep: Keep) -> None:
    """Remove the oldest of our files until there are no more, and no larger ones, than may be."""
    found = []
    for path in Path(keep.folder).iterdir():
        if _OURS.fullmatch(path.name):
            with contextlib.suppress(FileNotFoundError):
                found.append((path.name, path.stat().st_size, path))
    found.sort(reverse=True)
    total = 0
    for number, (_, size, path) in enumerate(found):
        total += size
        if number >= keep.files or total > keep.size:
            path.unlink(missing_ok=True)


def of_run(keep: Keep, trace_id: str) -> list[Path]:
    """What was kept of the run *trace_id*, by name; nothing if the folder cannot be read."""
    try:
        found = [
            path
            for path in Path(keep.folder).iterdir()
            if _OURS.fullmatch(path.name) and path.name.split("-")[1].startswith(trace_id)
        ]
    except OSError:
        return []
    return sorted(found)


def har(entries: list[Entry], mask: Callable[[str], str]) -> bytes:
    """An HTTP archive of *entries*, secrets masked."""
    lines = [har_entry(entry) for entry in entries]
    for line in lines:
        began = datetime.fromtimestamp(line["startedDateTime"] / 1000, UTC)
        line["startedDateTime"] = began.isoformat().replace("+00:00", "Z")
    log = {"version": "1.2", "creator": {"name": "synthetics", "version": "1"}, "entries": lines}
    return json.dumps(_masked({"log": log}, mask), ensure_ascii=False, indent=1).encode()


def _masked(value: Any, mask: Callable[[str], str]) -> Any:
    match value:
        case str():
            return mask(value)
        case dict():
            return {key: _masked(each, mask) for key, each in value.items()}
        case list():
            return [_masked(each, mask) for each in value]
        case _:
            return value


def clean_trace(recorded: Path, mask: Callable[[str], str]) -> None:
    """Mask the secrets in all texts of a trace; what is no text, such as pictures, stays."""
    cleaned = recorded.with_suffix(".clean")
    with (
        zipfile.ZipFile(recorded) as before,
        zipfile.ZipFile(cleaned, "w", zipfile.ZIP_DEFLATED) as after,
    ):
        for info in before.infolist():
            content = before.read(info)
            with contextlib.suppress(UnicodeDecodeError):
                content = mask(content.decode()).encode()
            after.writestr(info.filename, content)
    cleaned.replace(recorded)
