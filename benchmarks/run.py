"""
Run the benchmarks one after the other and print their tables; `make bench`.

Each bounds itself.  `--full` gives the fleet its ten minutes, and report and store their month.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def machine() -> str:
    """What the figures were measured on, in a line."""
    model = "unknown processor"
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(": ")[2]
            break
    return f"{os.cpu_count()} cores ({model}), Python {platform.python_version()}"


def main() -> None:
    parser = argparse.ArgumentParser(description="All benchmarks, quick unless told otherwise.")
    parser.add_argument("--full", action="store_true", help="a quarter of an hour")
    full = parser.parse_args().full
    print(machine())
    failed = []
    for script, *words in (
        ("vs_blackbox.py",),
        ("probe_endpoint.py",),
        ("overhead.py",),
        ("fleet.py", "--minutes", "10" if full else "2"),
        ("decide.py",),
        ("paging.py",) if full else ("paging.py", "--outages", "100", "--seconds", "0"),
        ("report.py",) if full else ("report.py", "--probes", "20"),
        ("slo_commands.py",) if full else ("slo_commands.py", "--days", "90", "--goes", "1"),
        ("load_config.py",),
        ("heartbeats.py",) if full else ("heartbeats.py", "--seconds", "10"),
        ("store.py",) if full else ("store.py", "--probes", "20", "--days", "5"),
    ):
        print(f"\n{script} {' '.join(words)}".rstrip() + "\n", flush=True)
        if subprocess.run([sys.executable, str(HERE / script), *words], check=False).returncode:
            failed.append(script)
    if failed:
        sys.exit(f"did not finish: {', '.join(failed)}")


if __name__ == "__main__":
    main()
