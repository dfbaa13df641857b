"""Parts of the kind ``ping``."""
