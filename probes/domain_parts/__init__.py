"""What registries say of domains."""
