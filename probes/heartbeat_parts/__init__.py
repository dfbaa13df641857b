"""What a heartbeat is made of: when a job is due, what its runs said, and what that comes to."""
