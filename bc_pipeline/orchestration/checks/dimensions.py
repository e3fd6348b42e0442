"""Check of the tenant's dimension mapping against the config company."""

from __future__ import annotations

from collections.abc import Collection

from bc_pipeline.errors import ConfigError
from bc_pipeline.orchestration.checks.check import CheckInput, Finding
from bc_pipeline.tenants.tenant_config import DimensionMappings, load_dimension_mappings
from bc_pipeline.values import by_code

NAME = "dimension_mappings_exist"


def dimension_mappings_exist(given: CheckInput) -> Finding:
    """Every mapped dimension exists in the company the tenant is connected to, as it was read last.
    While it never was, nothing is said to be missing."""
    try:
        mappings = load_dimension_mappings(given.tenant.snapshot_dir)
    except ConfigError as error:
        return Finding(False, str(error), severity="error")
    if not _have_been_read(given):
        return Finding(True, "The dimensions have not been read yet")
    rows = given.rows("SELECT code, coalesce(blocked, false) AS blocked FROM bc.dimensions")
    codes = {row["code"] for row in rows}
    blocked = {row["code"] for row in rows if row["blocked"]}
    return compare(mappings, codes, given.tenant.business_central.company, blocked)


def compare(
    mappings: DimensionMappings,
    codes: Collection[str],
    company: str,
    blocked: Collection[str] = (),
) -> Finding:
    """The finding for a mapping, given the dimension codes the company has.

    A missing or blocked dimension is an error when the tenant's own file names it. When only the
    built-in default does, it is a warning: a standard company need not have a CLASS dimension.

    Args:
        mappings: what the tenant has mapped.
        codes: the company's dimensions.
        company: its name, for the operator.
        blocked: those of its dimensions known to be blocked.
    """
    known, unusable = {by_code(code) for code in codes}, {by_code(code) for code in blocked}
    bad = [
        {"record field": prefix, "dimension": code, "finding": told}
        for prefix, code in mappings.codes.items()
        if (told := _trouble(code, known, unusable))
    ]
    if not bad:
        listed = ", ".join(sorted(mappings.codes.values())) or "none is mapped"
        return Finding(True, f"All mapped dimensions exist ({listed})")
    listed = ", ".join(
        f"{row['record field']} -> {row['dimension']} {row['finding']}" for row in bad
    )
    origin = "by default" if mappings.is_default else f"by {mappings.path.name}"
    return Finding(
        False,
        f"Dimensions mapped {origin}, in {company}: {listed}; "
        f"it has {', '.join(sorted(codes)) or 'none'}",
        sample=bad,
        metadata={"dimensions": ", ".join(sorted(codes))},
        severity="warn" if mappings.is_default else "error",
    )


def _have_been_read(given: CheckInput) -> bool:
    reads = given.rows(
        "SELECT 1 FROM ops.reads WHERE complete AND entity = 'bc/dimensions' LIMIT 1"
    )
    return bool(reads)


def _trouble(code: str, codes: Collection[str], blocked: Collection[str]) -> str | None:
    if by_code(code) not in codes:
        return "does not exist"
    return "is blocked" if by_code(code) in blocked else None
