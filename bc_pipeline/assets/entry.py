"""What the asset table consists of: one entry per asset."""

from __future__ import annotations

from dataclasses import dataclass

BC = "bc"
OPTIPLY = "optiply"
OUTBOUND = "outbound"

LEDGER = "outbound.ledger"
"""The one table in which everything written to Business Central is booked."""

GROUPS = {BC: "business_central", OPTIPLY: "optiply", OUTBOUND: "outbound"}
"""Prefix of an asset's name -> its group."""

SYSTEMS = {BC: "business_central", OPTIPLY: "optiply", OUTBOUND: "business_central"}
"""Prefix of an asset's name -> the system that is read from or written to."""


@dataclass(frozen=True)
class AssetEntry:
    """One asset.

    Attributes:
        name: group prefix and entity, e.g. ``bc/items``.
        description: for the people who read the asset's page.
        needs: the assets it is made from.
        setting: the configuration key without which a tenant has no such entity, or None.
    """

    name: str
    description: str
    needs: tuple[str, ...] = ()
    setting: str | None = None

    @property
    def prefix(self) -> str:
        return self.name.split("/")[0]

    @property
    def entity(self) -> str:
        return self.name.split("/")[1]

    @property
    def table(self) -> str:
        """Its table in the tenant's snapshot: the mirror, the wanted rows or the ledger."""
        return LEDGER if self.prefix == OUTBOUND else f"{self.prefix}.{self.entity}"


def read(entity: str, description: str, *needs: str, setting: str | None = None) -> AssetEntry:
    """An entity read from Business Central; like every read it needs the company at least."""
    return AssetEntry(f"{BC}/{entity}", description, needs or ("bc/companies",), setting)
