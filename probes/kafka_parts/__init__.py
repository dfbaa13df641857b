"""What kind ``kafka`` is made of: the protocol, logins, batches of records, expectations."""
