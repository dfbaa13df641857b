"""What must hold for every file that is kept."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]
LONGEST = 500


def _kept(*suffixes: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True
    ).stdout.split("\0")
    files = [REPOSITORY / name for name in listed if name.endswith(suffixes or ("",))]
    return [file for file in files if file.is_file()]


def test_git_lists_the_files() -> None:
    assert len(_kept(".py")) > 20


def test_no_file_holds_a_path_of_a_machine_or_an_address_of_a_registry() -> None:
    """Such a line works for one person on one day, and tells strangers about a machine."""
    registries = ("pypi" + ".org/simple", "files.python" + "hosted", "--index" + "-url")
    machine = re.compile(r"(?<![\w./-])/(?:root|home/[a-z]+|work)/\w")

    found = [
        f"{file.relative_to(REPOSITORY)}:{number}"
        for file in _kept(".py", ".md", ".toml", ".yaml", ".yml", ".txt", ".sh", "Makefile", "run")
        for number, line in enumerate(
            file.read_text(encoding="utf-8", errors="replace").splitlines(), 1
        )
        if machine.search(line) or any(registry in line for registry in registries)
    ]

    assert found == []


def test_each_file_is_one_idea() -> None:
    """A file that needs a table of contents wants to be two."""
    long = {
        str(file.relative_to(REPOSITORY)): lines
        for file in _kept(".py")
        if (lines := len(file.read_text(encoding="utf-8").splitlines())) > LONGEST
    }

    assert long == {}


@pytest.mark.parametrize("package", ["synthetics", "probes", "slo"])
def test_every_folder_of_tests_is_a_package(package: str) -> None:
    """Without ``__init__.py``, ``tests/probes`` would stand where ``probes`` is looked for."""
    folders = {file.parent for file in _kept(".py") if "tests" in file.parts}

    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []
    assert (REPOSITORY / package / "__init__.py").is_file()
