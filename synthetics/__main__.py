"""``python -m synthetics`` is ``synthetics``."""

from synthetics.cli import main

main()
