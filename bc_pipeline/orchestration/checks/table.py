"""All checks, declared once. ``assets/factory.py`` gives each asset those that apply to it."""

from __future__ import annotations

from bc_pipeline.orchestration.checks import (
    dimensions,
    outbound,
    records,
    run_outcome,
    stock_age,
    verified,
)
from bc_pipeline.orchestration.checks.check import Check


def _reads(name: str) -> bool:
    return name.startswith("bc/")


def _writes(name: str) -> bool:
    return name.startswith("optiply/")


def _exports(name: str) -> bool:
    return name.startswith("outbound/")


CHECKS: tuple[Check, ...] = (
    Check(
        "read_complete",
        "The read reached its end. After an incomplete one nothing is deleted.",
        "error",
        _reads,
        run_outcome.read_complete,
        always=True,
    ),
    Check(
        "fresh",
        "The entity itself was read to its end, or sent whole, within the last 90 minutes; what "
        "changes a few times a year, within a day.",
        "error",
        lambda name: not _exports(name),
        run_outcome.fresh,
        always=True,
        of_age=True,
    ),
    Check(
        "unique_gtin",
        "No two items share a GTIN.",
        "warn",
        lambda name: name == "bc/items",
        records.unique_gtin,
    ),
    Check(
        dimensions.NAME,
        "The dimensions of tenant-config.json exist in the company. Only a warning when nothing "
        "but the built-in default names them.",
        "error",
        lambda name: name == "bc/dimensions",
        dimensions.dimension_mappings_exist,
    ),
    Check(
        "references_resolve",
        "Items, vendors and documents referred to by what this is made from exist.",
        "warn",
        lambda name: name in records.REFERENCES,
        records.references_resolve,
    ),
    Check(
        "stock_sums_agree",
        "Where stock by location comes from the Analytics API, all locations together have the "
        "inventory of each item.",
        "warn",
        lambda name: name == "optiply/products",
        records.stock_sums_agree,
    ),
    Check(
        "stock_fresh",
        "The stock in Optiply was sent, or looked at and found unchanged, within "
        "sync.stock_late_after_minutes.",
        "warn",
        lambda name: name == stock_age.ASSET,
        stock_age.stock_fresh,
        always=True,
        of_age=True,
    ),
    Check(
        "counts_agree",
        "At least 99 % of the wanted records stand in Optiply.",
        "warn",
        _writes,
        records.counts_agree,
    ),
    Check(
        "agrees_with_optiply",
        "Optiply itself has what was sent: nothing missing, changed by somebody else, doubled or "
        "unknown. Compared once a day, after the sweep hour.",
        "warn",
        _writes,
        verified.agrees_with_optiply,
    ),
    Check(
        "none_quarantined",
        "No record is held back because it was refused.",
        "warn",
        _writes,
        records.none_quarantined,
    ),
    Check(
        "deletion_guard",
        "No large deletion waits for an operator's approval.",
        "error",
        _writes,
        run_outcome.deletion_guard,
        always=True,
    ),
    Check(
        "mirror_fresh",
        "What this is made from was read within the last 90 minutes. An error when some of it "
        "never was.",
        "warn",
        _writes,
        run_outcome.mirror_fresh,
        of_age=True,
    ),
    Check(
        dimensions.NAME,
        "The dimensions of tenant-config.json exist in the company and are not blocked. Nothing is "
        "written before they do. Only a warning when nothing but the built-in default names them.",
        "error",
        _exports,
        outbound.mappings_exist,
        before=True,
        blocking=True,
    ),
    Check(
        outbound.VALUES_VALID,
        "The dimension values of everything that waits exist, belong to their dimension and are "
        "not blocked. The records that break this fail, the others are written.",
        "warn",
        _exports,
        outbound.values_valid,
        before=True,
    ),
    Check(
        "none_failed",
        "No record was refused.",
        "warn",
        _exports,
        outbound.none_failed,
        always=True,
    ),
    Check(
        "none_blocked",
        "Nothing waits for a repair. An error when it has waited for three runs.",
        "warn",
        _exports,
        outbound.none_blocked,
        always=True,
    ),
    Check(
        "none_ambiguous",
        "Of everything sent it is known whether it stands in Business Central.",
        "error",
        _exports,
        outbound.none_ambiguous,
        always=True,
    ),
)


def checks_of(name: str) -> list[Check]:
    """The checks of one asset, given by name."""
    return [check for check in CHECKS if check.applies_to(name)]
