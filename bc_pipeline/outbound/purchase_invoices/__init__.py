"""Writes unified bills as purchase invoices (target_behaviour.md 6, 10; rules.md 5)."""

from bc_pipeline.outbound.purchase_invoices.write import complete, needs, validate, write

__all__ = ["complete", "needs", "validate", "write"]
