"""Numbers turned into words: the only room that rounds, and one that never writes to the store."""
