"""The main job on embedded parts: a shop, a receiver that judges, and the real service."""
