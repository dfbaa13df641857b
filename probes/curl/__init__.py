"""libcurl in a thread of its own: one order in, one answer out."""
