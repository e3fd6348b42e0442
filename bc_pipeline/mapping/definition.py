"""What a mapping is made of: the inputs of a run it may depend on, the SQL it consists of, and
what it reports. Nothing here touches a database.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

OPTIONAL_SOURCES = frozenset(
    {
        "bc.item_page",
        "bc.item_units_of_measure",
        "bc.inventory_by_locations",
        "bc.stock_by_location",
        "bc.outstanding_sales",
        "bc.bom_components",
    }
)
"""Mirror tables only some tenants have; a mapping uses one only when ``sources`` names it."""


@dataclass(frozen=True)
class MappingInput:
    """What a mapping must know about the run and cannot see in the mirror.

    Args:
        run_no: number of the run; warnings are filed under it.
        today: the date in the tenant's time zone.
        now: the moment of the run, with time zone.
        stock_complete: every term of the stock level was read in this run (mapping.md 2.1).
        stock_compared: stock by location was read in the same run as the items, so that its sums
            must be their inventory (platform 2).
        stock_held: why no stock may be sent although it was read; None when it may.
        unknown_categories: item categories that have a factor in ``quantity_scale`` and that BC
            does not have, upper case: which items they mean now is not known (decisions 18).
        unknown_tax_group: ``vat_percent_by_tax_group`` names one that BC does not have.
        unknown_article_code: ``article_code_field`` names nothing; the code stays as it was sent.
        sources: the optional mirror tables that hold a complete picture, e.g. ``bc.item_page``.
        bom: ``bc.bom_components`` holds a complete picture (mapping.md 10).
        vanished: remote ids of buy orders that left the mirror and that BC itself confirmed to be
            gone (GET by id answered 404).
        claimed: remote id -> why, of purchase orders that carry the marker of a buy order they
            could not be linked to yet: they must not be created a second time (mapping.md 8.3).
        strays: remote id -> what a person should know, of purchase orders that carry a marker and
            are imported like any other.

    Raises:
        ValueError: ``sources`` names a table that is not optional or does not exist.
    """

    run_no: int
    today: date
    now: datetime
    stock_complete: bool = True
    stock_compared: bool = False
    stock_held: str | None = None
    unknown_categories: frozenset[str] = frozenset()
    unknown_tax_group: bool = False
    unknown_article_code: bool = False
    sources: frozenset[str] = frozenset()
    bom: bool = False
    vanished: frozenset[str] = frozenset()
    claimed: Mapping[str, str] = field(default_factory=dict)
    strays: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        unknown = set(self.sources) - OPTIONAL_SOURCES
        if unknown:
            raise ValueError(f"not optional sources: {', '.join(sorted(unknown))}")

    def has(self, table: str) -> bool:
        """True when the optional mirror table was read."""
        return table in self.sources


@dataclass(frozen=True)
class Plan:
    """The SQL of one resource.

    Args:
        steps: temporary tables to build first, name -> SELECT, in this order.
        wanted: SELECT with the columns of the wanted table, by name, in any order.
        warnings: SELECTs with the columns remote_id, kind, message, count; run last, so they may
            read the wanted table.
    """

    steps: Mapping[str, str]
    wanted: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class MappingReport:
    """What building one wanted table gave: rows, rows per decision, warnings per kind."""

    rows: int
    decisions: Mapping[str, int] = field(default_factory=dict)
    warnings: Mapping[str, int] = field(default_factory=dict)
