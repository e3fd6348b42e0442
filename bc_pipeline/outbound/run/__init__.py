"""The exports of one run: what waits, what is known before it is written, and who writes it."""
