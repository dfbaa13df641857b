"""Results as JSON lines: how they come from elsewhere, and how they leave."""
