"""Bringing many records of one kind to Business Central in few requests: created or changed."""
