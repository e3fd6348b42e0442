"""Bill payments as lines of a vendor payment journal."""
