"""Configurations of other projects as ours; every difference in meaning is named with its line."""
