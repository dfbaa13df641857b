"""One small file for each kind of mistake, with its exact message beside it."""

from __future__ import annotations

from pathlib import Path

import pytest

from synthetics.config.load import load
from synthetics.config.problems import ConfigError, render
from tests.config.support import ENVIRON, SAMPLES, samples


@pytest.mark.parametrize("sample", samples("bad"), ids=lambda path: path.stem)
def test_a_mistake_is_named_with_its_place_and_how_to_mend_it(
    sample: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(sample.parent)

    with pytest.raises(ConfigError) as caught:
        load(Path(sample.name), environ=ENVIRON)

    assert render(caught.value.problems) == sample.with_suffix(".txt").read_text()


@pytest.mark.parametrize("sample", samples("bad"), ids=lambda path: path.stem)
def test_no_message_holds_a_secret_or_the_validators_words(sample: Path) -> None:
    message = sample.with_suffix(".txt").read_text()

    for secret in (*ENVIRON.values(), "0123456789", "T0KEN"):
        assert secret == "本店" or secret not in message or sample.stem == "secret-too-short"
    for jargon in ("Input should", "valid ", "pydantic", "validator", "NoneType", "Traceback"):
        assert jargon not in message


@pytest.mark.parametrize("sample", samples("good"), ids=lambda path: path.stem)
def test_a_good_file_is_taken(sample: Path) -> None:
    config = load(sample, environ=ENVIRON)

    assert config.probes


def test_every_message_belongs_to_a_sample() -> None:
    assert sorted(path.stem for path in (SAMPLES / "bad").glob("*.txt")) == sorted(
        path.stem for path in samples("bad")
    )
