"""What people write in YAML, and the values it becomes; `synthetics.config.load` is the way in."""
