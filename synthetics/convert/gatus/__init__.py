"""Configurations of Gatus."""
