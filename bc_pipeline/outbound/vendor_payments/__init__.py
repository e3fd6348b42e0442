"""Bill payments as lines of a vendor payment journal."""

from bc_pipeline.outbound.vendor_payments.write import needs, validate, write

__all__ = ["needs", "validate", "write"]
