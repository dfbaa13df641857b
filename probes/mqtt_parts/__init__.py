"""Parts of the kind ``mqtt``."""
