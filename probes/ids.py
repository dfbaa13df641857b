"""Random identifiers for traces and requests."""

from __future__ import annotations

import os

_CHUNK = 4096
_left = b""


def random_hex(size: int) -> str:
    """
    *size* random bytes in hexadecimal.

    The system is asked for many bytes at once: one call for each identifier
    was the largest single cost of a probe.
    """
    global _left  # noqa: PLW0603 - one buffer a process is the point
    if len(_left) < size:
        _left = os.urandom(_CHUNK)
    taken, _left = _left[:size], _left[size:]
    return taken.hex()
