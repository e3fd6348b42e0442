"""Check of the tenant's dimension mapping against the config company."""

from __future__ import annotations

from collections.abc import Collection

from bc_pipeline.checks.model import CheckInput, Finding
from bc_pipeline.errors import ConfigError
from bc_pipeline.tenants.tenant_config import DimensionMappings, load_dimension_mappings

NAME = "dimension_mappings_exist"


def dimension_mappings_exist(given: CheckInput) -> Finding:
    """Every mapped dimension exists in the company the tenant is connected to."""
    try:
        mappings = load_dimension_mappings(given.tenant.snapshot_dir)
    except ConfigError as error:
        return Finding(False, str(error), severity="error")
    codes = {row["code"] for row in given.rows("SELECT code FROM bc.dimensions")}
    return compare(mappings, codes, given.tenant.business_central.company)


def compare(mappings: DimensionMappings, codes: Collection[str], company: str) -> Finding:
    """The finding for a mapping, given the dimension codes the company has.

    A missing dimension is an error when the tenant's own file names it. When only the built-in
    default does, it is a warning: a standard company need not have a CLASS dimension.
    """
    missing = {prefix: code for prefix, code in mappings.codes.items() if code not in codes}
    if not missing:
        listed = ", ".join(sorted(mappings.codes.values())) or "none is mapped"
        return Finding(True, f"All mapped dimensions exist ({listed})")
    listed = ", ".join(f"{prefix} -> {code}" for prefix, code in missing.items())
    origin = "by default" if mappings.is_default else f"by {mappings.path.name}"
    return Finding(
        False,
        f"{company} has no such dimension, mapped {origin}: {listed}",
        sample=[{"record field": prefix, "dimension": code} for prefix, code in missing.items()],
        metadata={"missing": len(missing), "dimensions": ", ".join(sorted(codes))},
        severity="warn" if mappings.is_default else "error",
    )
