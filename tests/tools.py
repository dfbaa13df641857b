"""Programs of other people that some tests hold us against."""

from __future__ import annotations

import os
import shutil

import pytest


def program(name: str, package: str) -> str:
    """
    Where the program *name* is, from Debian's *package*.

    On somebody's own machine a test that needs a missing one is skipped; in CI,
    which installs them, it fails.
    """
    found = shutil.which(name)
    if found is None:
        missing = f"{name} is not installed (Debian: apt-get install {package})"
        if os.environ.get("CI"):
            pytest.fail(missing)
        pytest.skip(missing)
    return found
