"""Parts of the kind ``exec``."""
