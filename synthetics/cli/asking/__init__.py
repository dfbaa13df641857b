"""Asking probes from the command line: once or often, and everything that was seen."""
