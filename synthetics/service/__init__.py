"""The running service: every room wired together, started, reloaded and stopped."""
