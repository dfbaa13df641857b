"""Every language says the same things."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from string import Formatter
from typing import Any

import pytest

from synthetics.language import Language
from synthetics.language.every import PHRASES
from synthetics.language.phrases import Phrases

OURS = re.compile(r"[A-Za-z]{2,}")
NAMES = {"API", "SLO", "JSON", "TLS", "HTTP", "ID"}
"""What Japanese engineers write in Latin letters too."""


def phrases_of(language: Language) -> dict[str, str]:
    """Every phrase by its path."""
    return dict(_flat(asdict(PHRASES[language])))


def _flat(tree: Mapping[str, Any], path: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{path}{name}.")
        else:
            yield f"{path}{name}", value


def values_in(phrase: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(phrase) if name is not None}


@pytest.mark.parametrize("language", Language)
def test_every_language_says_the_same_things(language: Language) -> None:
    assert phrases_of(language).keys() == phrases_of(Language.EN).keys()


@pytest.mark.parametrize("language", Language)
def test_a_phrase_fills_in_the_same_values_in_every_language(language: Language) -> None:
    english = phrases_of(Language.EN)

    for path, phrase in phrases_of(language).items():
        assert values_in(phrase) == values_in(english[path]), path


def test_japanese_is_japanese() -> None:
    for path, phrase in phrases_of(Language.JA).items():
        own = re.sub(r"\{\w+\}", "", phrase)
        latin = set(re.findall(OURS, own)) - NAMES
        assert not latin, f"{path}: {phrase}"


def test_no_phrase_is_empty() -> None:
    for language in Language:
        assert isinstance(PHRASES[language], Phrases)
        assert all(phrases_of(language).values())
