"""Paging: the judge decides what is owed, the courier delivers it."""
