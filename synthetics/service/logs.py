"""
Log lines for people and for programs: one line an event, fields instead of prose, no secrets.

A record's ``extra`` becomes its fields.  Masking is done on the finished text, so that
a secret in an exception or in a library's message is hidden as well.
"""

from __future__ import annotations

import json
import logging
import sys
from collections import deque
from typing import TextIO

from probes.watch import Mask
from synthetics.clock import instant

_OWN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
"""What every record has; everything else came by ``extra``."""

_PLAIN = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/+@%")

QUIET = ("apscheduler", "aiohttp.access", "asyncio")
"""Loggers that say at ``info`` what nobody asked for."""


class Masking:
    """
    The masks in force: the newest configuration's, and the one before it.

    What still runs from before a reload may log a secret that was replaced.
    """

    def __init__(self) -> None:
        self._masks: deque[Mask] = deque(maxlen=2)

    def use(self, mask: Mask) -> None:
        """Hide what *mask* knows from now on."""
        self._masks.append(mask)

    def __call__(self, text: str) -> str:
        """*text* with every known secret hidden."""
        for mask in self._masks:
            text = mask(text)
        return text


class Logfmt(logging.Formatter):
    """``ts=… level=… msg="…" key=value``; a traceback follows on lines of its own."""

    def __init__(self, masking: Masking) -> None:
        super().__init__()
        self._masking = masking

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        line = " ".join(f"{key}={_quoted(value)}" for key, value in fields(record).items())
        if record.exc_info:
            line += "\n" + self.formatException(record.exc_info)
        return self._masking(line)


class Json(logging.Formatter):
    """One JSON object a line; a traceback is its ``traceback``."""

    def __init__(self, masking: Masking) -> None:
        super().__init__()
        self._masking = masking

    def format(self, record: logging.LogRecord) -> str:
        """See `logging.Formatter.format`."""
        said = {key: _masked(value, self._masking) for key, value in fields(record).items()}
        if record.exc_info:
            said["traceback"] = self._masking(self.formatException(record.exc_info))
        return json.dumps(said, ensure_ascii=False, default=str)


FORMATS = {"text": Logfmt, "json": Json}


def configure(log_format: str, *, stream: TextIO | None = None) -> Masking:
    """
    Send all logging to *stream* (stderr) in *log_format*, a key of `FORMATS`.

    Returns what masks it; it hides nothing until it is told a mask.
    """
    masking = Masking()
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(FORMATS[log_format](masking))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    return masking


def fields(record: logging.LogRecord) -> dict[str, object]:
    """What a record says, in the order in which it is written."""
    said: dict[str, object] = {
        "ts": instant(int(record.created * 1000))
        .isoformat(timespec="milliseconds")
        .replace("+00:00", "Z"),
        "level": record.levelname.lower(),
        "msg": record.getMessage(),
    }
    said.update((key, value) for key, value in vars(record).items() if key not in _OWN)
    said["logger"] = record.name
    return said


def _quoted(value: object) -> str:
    text = "" if value is None else str(value)
    return text if text and _PLAIN.issuperset(text) else json.dumps(text, ensure_ascii=False)


def _masked(value: object, masking: Masking) -> object:
    return value if isinstance(value, int | float | None) else masking(str(value))
