"""Buy orders made in Optiply become purchase orders of Business Central (mapping.md 8)."""
