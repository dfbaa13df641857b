"""Parts of the kind ``websocket``."""
