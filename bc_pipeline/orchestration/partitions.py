"""The Dagster partitions: one per tenant. The sensor ``tenants_to_partitions`` adds what the
registry has; only ``bc-pipeline tenants remove`` takes one away."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

from dagster import DynamicPartitionsDefinition, PreviewWarning

NAME = "tenants"
TENANTS = DynamicPartitionsDefinition(name=NAME)


@contextmanager
def preview_is_known() -> Iterator[None]:
    """Checks have the same partitions as their assets, which Dagster calls a preview. What of it
    does not hold stands in docs/decisions/checks-by-tenant.md, so nobody has to be warned."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", PreviewWarning)
        yield
