"""The protocol of SMTP."""
