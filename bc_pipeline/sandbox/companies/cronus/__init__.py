"""CRONUS, the demo company every Business Central trial starts with (see the README beside)."""

from bc_pipeline.sandbox.companies.cronus.loader import NAME, Variant, build, publish_pages

__all__ = ["NAME", "Variant", "build", "publish_pages"]
