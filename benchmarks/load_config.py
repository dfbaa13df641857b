"""How long a configuration takes to load: `python benchmarks/load_config.py [PROBES]`."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from synthetics.config.load import load

LIMIT_S = 2.5


def main(probes: int = 10_000) -> None:
    lines = ["services: {shop: {}}", "probes:"]
    lines += [
        f"  p{i}: {{service: shop, http: {{get: 'https://shop.example/{i}'}}}}"
        for i in range(probes)
    ]
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "synthetics.yaml")
        file.write_text("\n".join(lines))
        load(file, environ={})  # imports and adapters are paid once, at the start
        began = time.perf_counter(), time.process_time()
        config = load(file, environ={})
        wall, cpu = time.perf_counter() - began[0], time.process_time() - began[1]
    print(
        f"{len(config.probes):,} probes, {file.name} of {sum(map(len, lines)) / 1024:,.0f} KiB: "
        f"{wall:.2f} s ({cpu:.2f} s of CPU, {cpu / probes * 1e6:.0f} µs a probe); "
        f"at most {LIMIT_S} s for 10,000"
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:2]))
