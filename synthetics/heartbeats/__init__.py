"""Jobs that report to us: what they say is kept, and each time when one was due is a sample."""
