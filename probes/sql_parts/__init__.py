"""The protocols of PostgreSQL and MySQL."""
