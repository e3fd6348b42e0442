"""What lies where: the sums of a company's item ledger entries."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

# (location code, variant code)
Place = tuple[str, str]


class Stock:
    """Stock by item id and place, in base units."""

    def __init__(self) -> None:
        self._items: dict[str, dict[Place, Decimal]] = {}

    def of(self, item_id: str) -> dict[Place, Decimal]:
        """Stock of an item by place, zero sums included."""
        return dict(self._items.get(item_id, {}))

    def total(self, item_id: str, location: str | None = None) -> Decimal:
        """Stock of an item at one location code, or (None) everywhere."""
        places = self._items.get(item_id, {}).items()
        return sum(
            (quantity for (code, _), quantity in places if location in (None, code)), Decimal(0)
        )

    def put(self, item_id: str, places: Mapping[Place, Decimal]) -> None:
        """Set all of an item's stock; none forgets the item."""
        if places:
            self._items[item_id] = dict(places)
        else:
            self._items.pop(item_id, None)

    def copy(self) -> Stock:
        """The same stock, for a company of its own."""
        twin = Stock()
        twin._items = {item_id: dict(places) for item_id, places in self._items.items()}
        return twin
