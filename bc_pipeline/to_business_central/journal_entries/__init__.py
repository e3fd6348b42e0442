"""Writes unified journal entries as general journals, and posts them (target_behaviour.md 8, 10;
rules.md 6)."""
