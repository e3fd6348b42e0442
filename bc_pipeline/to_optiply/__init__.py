"""Wanted rows to Optiply: what differs, what is sent, what became of each record."""
