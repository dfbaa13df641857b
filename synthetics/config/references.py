"""What ``${env:…}`` and ``${file:…}`` stand for, and which of it must never be shown."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from probes.fields import SHORTEST_SECRET, Refused
from probes.watch import Mask
from synthetics.config.words import nearest

MEBIBYTE = 1024 * 1024
LARGEST_FILE = MEBIBYTE
"""Bytes of a file that a reference reads."""


class References:
    """
    Looks references up, each file once, and remembers what was secret.

    Args:
        environ: Where ``env`` is looked up.
        base: What a relative ``file`` is relative to.
    """

    def __init__(self, environ: Mapping[str, str], base: Path) -> None:
        self._environ = environ
        self._base = base
        self._files: dict[str, str] = {}
        self._secrets: set[str] = set()

    def keep(self, secret: str) -> None:
        """Never show *secret*."""
        self._secrets.add(secret)

    def mask(self) -> Mask:
        """Hides all that was looked up or kept."""
        return Mask(self._secrets)

    def resolve(self, source: str, name: str) -> str:
        """
        The secret that ``${source:name}`` stands for.

        Raises:
            Refused: It is not there, or too short to be masked.
        """
        value = self.show(source, name)
        if len(value) < SHORTEST_SECRET:
            raise Refused(
                f"the value of ${{{source}:{name}}} has {len(value)} characters: too few to mask "
                "it without blackening other words",
                mend=f"use one of at least {SHORTEST_SECRET} characters, or write it out",
            )
        self._secrets.add(value)
        return value

    def show(self, source: str, name: str) -> str:
        """
        The same where it is shown to people anyway, so that it is no secret.

        Raises:
            Refused: It is not there.
        """
        return self._from_file(name) if source == "file" else self._from_environ(name)

    def place(self, name: str) -> str:
        """Where the file or folder *name* is: a relative one beside the configuration."""
        return os.path.abspath(self._base / name)  # noqa: PTH100 - a link stays one

    def _from_environ(self, name: str) -> str:
        value = self._environ.get(name)
        if value is None:
            near = nearest(name, self._environ, likeness=0.8) if name else None
            raise Refused(
                f"the environment has no `{name}`",
                mend=f"set {name or 'a name'} before the start, or write ${{file:/path}}"
                + (f"; did you mean `{near}`?" if near else ""),
            )
        try:
            value.encode()
        except UnicodeEncodeError:
            what = f"what the environment has as `{name}` is not UTF-8 text"
            raise Refused(what, mend="set it to a text") from None
        return value

    def read(self, name: str, most: int) -> bytes:
        """
        What is in the file *name*, which may have *most* bytes, whole mebibytes of them.

        Raises:
            Refused: It cannot be read, or it is larger.
        """
        try:
            with (self._base / name).open("rb") as file:
                raw = file.read(most + 1)
        except (OSError, ValueError) as error:
            why = error.strerror if isinstance(error, OSError) else "its name has a null in it"
            raise _unreadable(name, str(why)) from None
        if len(raw) > most:
            what = f"`{name}` is larger than {most // MEBIBYTE} MiB"
            raise Refused(what, mend="name the right file")
        return raw

    def _from_file(self, name: str) -> str:
        if name not in self._files:
            try:
                text = self.read(name, LARGEST_FILE).decode()
            except UnicodeDecodeError:
                raise _unreadable(name, "it is not UTF-8 text") from None
            self._files[name] = text.removesuffix("\n").removesuffix("\r")
        return self._files[name]


def _unreadable(name: str, why: str) -> Refused:
    return Refused(
        f"`{name}` cannot be read: {why[:1].lower()}{why[1:]}",
        mend="name a file that this user may read",
    )
