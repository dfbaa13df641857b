"""Receivers: one file per kind; each sends one message and says whether a retry could help."""
