"""The protocol of IMAP."""
