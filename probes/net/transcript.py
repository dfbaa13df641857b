"""What was said to and fro, kept as evidence: bounded, and with secrets masked."""

from __future__ import annotations

from probes.net.trip import Trouble, Unmet
from probes.result import Evidence
from probes.watch import Watch

BODY_LIMIT = 2048
"""Characters of a conversation that a failure keeps: the last ones, where it went wrong."""

_KEEP = 4 * BODY_LIMIT


class Transcript:
    """
    Args:
        request: What was asked, one line.
        watch: Its mask hides the secrets.
    """

    def __init__(self, request: str, watch: Watch) -> None:
        self._request = request
        self._watch = watch
        self._text = ""
        self._wanted = ""

    def said(self, text: str) -> None:
        """We said *text*, references in it not filled in."""
        self._add("".join(f"> {line}\n" for line in text.splitlines() or [""]))

    def heard(self, text: str) -> None:
        """The target said *text*."""
        self._add(text)

    def wants(self, what: str) -> None:
        """From here on *what* is waited for."""
        self._wanted = what

    def evidence(self, trouble: Trouble) -> Evidence:
        """What a sample that ended by *trouble* keeps."""
        expected, actual = self._wanted, ""
        if isinstance(trouble, Unmet):
            expected, actual = trouble.expected, trouble.actual
        return Evidence(
            request=self._watch.one_line(self._request),
            body=self._shown,
            expected=self._watch.one_line(expected) if expected else "",
            actual=self._watch.one_line(actual) if actual else "",
        )

    @property
    def _shown(self) -> str:
        return self._watch.mask(self._text)[-BODY_LIMIT:]

    def _add(self, text: str) -> None:
        self._text = (self._text + text)[-_KEEP:]
        look = self._watch.look
        if look is not None and self._request:
            look.said[self._watch.one_line(self._request)] = self._shown
