"""The start-up check on generic package names."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from synthetics.service import origin


def test_our_own_packages_pass() -> None:
    origin.check()


def test_a_package_from_elsewhere_is_named_with_both_places(tmp_path: Path) -> None:
    with pytest.raises(origin.OriginError, match=r"'probes' would be .*, not from .*") as caught:
        origin.check(home=tmp_path)

    assert str(tmp_path) in str(caught.value)
    assert "to mend: " in str(caught.value)


def test_a_package_that_is_not_there_is_named() -> None:
    with pytest.raises(origin.OriginError, match="nowhere"):
        origin.check(["no_such_package_anywhere"])


def test_a_users_probes_py_stops_the_start_and_is_not_run(tmp_path: Path) -> None:
    """``python -m`` puts the current directory before everything that is installed."""
    (tmp_path / "probes.py").write_text("print('this ran')\n")

    ended = subprocess.run(
        [sys.executable, "-m", "synthetics", "run"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=20,
    )

    assert ended.returncode == 2
    assert f"loaded from {tmp_path / 'probes.py'}" in ended.stderr
    assert "this ran" not in ended.stdout
    assert "Traceback" not in ended.stderr
