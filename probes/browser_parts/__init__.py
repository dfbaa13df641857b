"""Parts of the kind ``browser``."""
