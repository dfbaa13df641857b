"""Modules of blackbox_exporter."""
