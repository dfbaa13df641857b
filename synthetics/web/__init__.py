"""What the service shows over HTTP: status page, metrics, health, reload."""
