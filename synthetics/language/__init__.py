"""
The languages of a page, each a whole set of `Phrases`, and a `Speech` that says things in one.

Plain dataclasses and not gettext: the type checker sees that no language lacks a phrase, and a
test that each fills in the same values.
"""

from __future__ import annotations

from enum import StrEnum


class Language(StrEnum):
    """What a page can be written in."""

    EN = "en"
    JA = "ja"
