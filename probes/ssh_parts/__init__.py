"""The beginning of SSH, as far as the host key."""
