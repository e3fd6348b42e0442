"""A Business Central that answers what a test has put there."""

from bc_pipeline_tests.business_central.conftest import fake, source, world

__all__ = ["fake", "source", "world"]
