"""Telling people: what stands, who has been told of it, and figures for monitoring."""
