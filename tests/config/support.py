"""The samples, and the surroundings that they are read in."""

from __future__ import annotations

from pathlib import Path

SAMPLES = Path(__file__).parent / "samples"
ENVIRON = {
    "HOOK_TOKEN": "pa55-w0rd-token",
    "ROUTING_KEY": "0123456789abcdef0123456789abcdef",
    "SHORT": "abc",
    "SHOP_NAME": "本店",
}


def samples(kind: str) -> list[Path]:
    """Every sample file or directory of *kind*, ``good`` or ``bad``, by name."""
    return sorted(
        path
        for path in (SAMPLES / kind).iterdir()
        if path.is_dir() or path.suffix in {".yaml", ".yml"}
    )
