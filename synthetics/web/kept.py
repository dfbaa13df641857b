"""
Files that a probe has kept of a run, served as what they are and never as a page of ours.

Only what the kind itself names as kept of that very run is there, so no address leads out of its
folder.  What a page of somebody else's says is in these files: a browser runs nothing of it.
"""

from __future__ import annotations

import asyncio
import os
import stat
from pathlib import Path
from typing import Final

from aiohttp import web

from synthetics.config.model import Config, Probe
from synthetics.kinds import probe_kinds
from synthetics.sample import Sample

TYPES: Final = {".png": ("image/png", "inline"), ".har": ("application/json", "attachment")}
"""What is served, and as what; a trace holds cookies and bodies, and is not."""

LARGEST: Final = 32 * 1024 * 1024
"""Bytes of a file that is served."""

POLICY: Final = "sandbox; default-src 'none'; base-uri 'none'; frame-ancestors 'none'"


def links(probe: Probe, sample: Sample | None) -> dict[str, str]:
    """Where files that were kept of a failed *sample* are served: ``png`` and ``har``."""
    if sample is None or probe.options is None or not sample.result.reason:
        return {}
    trace_id = sample.result.trace_id
    return {
        path.suffix[1:]: f"/kept/{probe.id}/{trace_id}/{path.name}"
        for path in probe_kinds()[probe.kind].kept(probe.options, trace_id)
        if path.suffix in TYPES
    }


async def get(config: Config, request: web.Request) -> web.Response:
    """Answer ``/kept/<probe>/<trace ID>/<name>``."""
    of = request.match_info
    probe = config.probes.get(of["probe"])
    if probe is None or probe.options is None:
        raise web.HTTPNotFound
    files = await asyncio.to_thread(probe_kinds()[probe.kind].kept, probe.options, of["trace_id"])
    path = next((each for each in files if each.name == of["name"]), None)
    if path is None or path.suffix not in TYPES:
        raise web.HTTPNotFound
    content_type, shown = TYPES[path.suffix]
    try:
        body = await asyncio.to_thread(_read, path)
    except OSError:
        raise web.HTTPNotFound from None
    headers = {
        "Content-Security-Policy": POLICY,
        "Content-Disposition": f'{shown}; filename="{path.name}"',
    }
    return web.Response(body=body, content_type=content_type, headers=headers)


def _read(path: Path) -> bytes:
    """
    What is in *path*, which must be a file of its own.

    Raises:
        OSError: It is a link, too large, or gone.
    """
    with os.fdopen(os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK), "rb") as file:
        about = os.fstat(file.fileno())
        if not stat.S_ISREG(about.st_mode) or about.st_size > LARGEST:
            raise OSError
        return file.read(LARGEST)
