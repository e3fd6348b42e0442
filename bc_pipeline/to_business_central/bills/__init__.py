"""Writes unified bills as purchase invoices (target_behaviour.md 6, 10; rules.md 5)."""
