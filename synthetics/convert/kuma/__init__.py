"""Monitors and notifications of Uptime Kuma."""
