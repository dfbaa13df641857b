"""What people write in YAML, and the values it becomes."""
