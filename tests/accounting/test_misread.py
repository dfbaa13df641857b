"""Mistakes in what is handed in are said in words of people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pytest
from pydantic import ConfigDict, TypeAdapter, ValidationError

from synthetics.accounting.declaring import Said
from synthetics.accounting.misread import misread


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What could be handed in."""

    __pydantic_config__: ClassVar[ConfigDict] = ConfigDict(extra="forbid")
    author: Said


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({}, "author: this is missing"),
        ({"autor": "aiko"}, "author: this is missing\nautor: there is nothing of this name"),
        ({"author": 7}, "author: this is no text"),
        ({"author": ""}, "author: this says nothing, or holds control characters"),
        ([], "the whole: this is no JSON object"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(body: Any, said: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(Asked).validate_python(body)

    assert misread(caught.value) == said
