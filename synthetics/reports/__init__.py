"""A month of numbers, laid out for people and programs; never writes to the store."""
