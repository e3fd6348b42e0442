"""Keeps Business Central and Optiply in step, for many tenants at once."""

__version__ = "0.1.0"
