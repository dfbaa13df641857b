"""What the store says when it cannot do what it was asked."""

from __future__ import annotations


class StoreError(Exception):
    """
    The database cannot be used, or no longer.

    Attributes:
        what: What is the matter, with the path.
        why: What was seen that says so; may be empty.
        mend: What to do about it.
    """

    def __init__(self, what: str, *, why: str = "", mend: str) -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.mend = mend

    def __str__(self) -> str:
        because = f": {self.why}" if self.why else ""
        return f"{self.what}{because}\n  to mend: {self.mend}"


class DiskFullError(StoreError):
    """Nothing can be written, not even from the reserve."""


class InUseError(StoreError):
    """
    Another process has the database open.

    Attributes:
        url: Where it can be asked to write; empty if it has not said.
        token: What to show there.
    """

    def __init__(self, what: str, *, why: str, mend: str, url: str, token: str) -> None:
        super().__init__(what, why=why, mend=mend)
        self.url = url
        self.token = token
