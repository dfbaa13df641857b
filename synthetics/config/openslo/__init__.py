"""OpenSLO v1, for what both can say; the rest is named and not dropped."""
