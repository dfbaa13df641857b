"""Parts of the kind ``dns``."""
