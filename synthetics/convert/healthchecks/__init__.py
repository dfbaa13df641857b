"""Checks of Healthchecks."""
