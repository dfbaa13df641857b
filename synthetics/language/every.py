"""The phrases of every language."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from synthetics.language import Language
from synthetics.language.english import ENGLISH
from synthetics.language.japanese import JAPANESE
from synthetics.language.phrases import Phrases

PHRASES: Mapping[Language, Phrases] = MappingProxyType(
    {Language.EN: ENGLISH, Language.JA: JAPANESE}
)
