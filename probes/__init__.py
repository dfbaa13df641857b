"""One file per kind of probe: asks one target one question, and says what it saw."""
