"""A shop of its own for every test, as in the tests of what is sent to Optiply."""

from bc_pipeline_tests.to_optiply.conftest import no_waiting, sandbox, tenant

__all__ = ["no_waiting", "sandbox", "tenant"]
