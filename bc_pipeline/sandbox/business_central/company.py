"""One Business Central company: its tables, its stock ledger and what it publishes.

Rows are plain dicts with the API's property names. They hold stored properties only
(``items.inventory`` is computed), values are ready for JSON: Decimal for decimals, text for dates
(``2026-08-22``) and stamps (``2026-08-22T06:38:40.73Z``). Two kinds of extra keys exist: the tag
``@odata.etag``, and names starting with ``#`` for facts the API does not show, such as
``#locationCode`` of an item ledger entry. Read rows freely, change them through this class only:
it keeps tags, stamps and look-ups right.
"""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, MutableMapping
from datetime import date, datetime
from decimal import Decimal
from random import Random

from bc_pipeline.sandbox.business_central.generated import GeneratedTable
from bc_pipeline.sandbox.business_central.metadata import EntityType, entities
from bc_pipeline.sandbox.business_central.values import (
    empty_row,
    etag_text,
    stamp_text,
    stored_value,
)
from bc_pipeline.sandbox.json_text import JsonValue

Row = dict[str, JsonValue]
Page = Callable[[], Iterable[Row]]

ETAG = "@odata.etag"


class Company:
    """State of one company.

    Args:
        name: unique name, as used by published pages.
        display_name: as people see it; the name when absent.
        currency_code: local currency (LCY).
        clock: gives the current UTC time; stamps come from it.
        seed: makes generated ids repeatable.
        id: system id; derived from the name when absent.
    """

    def __init__(
        self,
        name: str,
        *,
        display_name: str | None = None,
        currency_code: str,
        clock: Callable[[], datetime],
        seed: int = 1,
        id: str | None = None,
    ) -> None:
        self.name = name
        self.display_name = display_name or name
        self.currency_code = currency_code
        self.id = id or str(uuid.uuid5(uuid.NAMESPACE_URL, f"bc_pipeline/company/{name}"))
        self.clock = clock
        self.created_at = stamp_text(clock())
        self.lock = threading.RLock()
        self.tables: dict[str, MutableMapping[str, Row]] = defaultdict(dict)
        # Published OData pages and lists of the Optiply extension, by name.
        self.pages: dict[str, Page] = {}
        self._random = Random(f"{seed}/{name}")
        self._version = 0
        self._last_entry = 0
        self._empty: dict[str, Row] = {}
        self._indexes: dict[str, dict[str, dict[JsonValue, dict[str, None]]]] = defaultdict(dict)
        self._ordered: dict[str, list[str]] = {}
        self._stock: dict[str, dict[tuple[str, str], Decimal]] = defaultdict(dict)

    # --- writing -------------------------------------------------------------------------------

    def insert(self, entity_set: str, row: Row, *, stamp: datetime | str | None = None) -> Row:
        """Add a row and return it as stored.

        Absent properties get Business Central's empty value, ``id`` a new one, ``currencyCode``
        the local currency (behaviour.md 7), ``lastModifiedDateTime`` the clock or ``stamp``
        (aware datetime, or text such as ``0001-01-01T00:00:00Z``).

        Raises:
            ValueError: unknown property, or the id exists.
        """
        entity = entities()[entity_set]
        with self.lock:
            stored = self._blank(entity) | self._checked(entity, row)
            if not row.get("id") and "id" in entity.fields:
                stored["id"] = self.new_id()
            if "lastModifiedDateTime" in entity.fields and (
                stamp is not None or "lastModifiedDateTime" not in row
            ):
                stored["lastModifiedDateTime"] = self._stamp(stamp)
            key = stored[entity.keys[0]]
            table = self.tables[entity_set]
            if key in table:
                raise ValueError(f"{entity_set}({key}) exists already")
            stored[ETAG] = self._next_etag()
            table[key] = stored
            self._ordered.pop(entity_set, None)
            self._index(entity_set, key, stored)
            if entity_set == "itemLedgerEntries":
                self._count(stored)
            return stored

    def modify(self, entity_set: str, id: str, *, touch: bool = True, **changes: JsonValue) -> Row:
        """Change properties of a row and return it; the tag always changes.

        Args:
            touch: also move ``lastModifiedDateTime`` (False: as a line edit does to its header).
        """
        entity = entities()[entity_set]
        with self.lock:
            stored = self.tables[entity_set][id]
            checked = self._checked(entity, changes)
            self._unindex(entity_set, id, stored)
            stored.update(checked)
            if touch and "lastModifiedDateTime" in entity.fields:
                explicit = changes.get("lastModifiedDateTime")
                stored["lastModifiedDateTime"] = self._stamp(explicit)
            stored[ETAG] = self._next_etag()
            if not checked.keys().isdisjoint(entity.order):
                self._ordered.pop(entity_set, None)
            self._index(entity_set, id, stored)
            return stored

    def delete(self, entity_set: str, id: str) -> Row:
        """Remove a row and return it; lines of a document are removed with it."""
        with self.lock:
            self._version += 1
            stored = self.tables[entity_set].pop(id)
            self._unindex(entity_set, id, stored)
            self._ordered.pop(entity_set, None)
            for navigation in entities()[entity_set].navigations.values():
                if navigation.link == {"documentId": "id"}:
                    for line in self.find(navigation.entity_set, documentId=id):
                        self.delete(navigation.entity_set, line["id"])
            if entity_set == "items":
                self._stock.pop(id, None)
            return stored

    def post_ledger(
        self,
        item_id: str,
        quantity: Decimal | int | str,
        *,
        entry_type: str,
        document_number: str,
        posting_date: date | str,
        location_code: str = "",
        variant_code: str = "",
        stamp: datetime | str | None = None,
        **other: JsonValue,
    ) -> Row:
        """Post an item ledger entry; the item's inventory follows, its row does not (3.2).

        Args:
            quantity: signed, in the base unit.
            entry_type: ``Purchase``, ``Sale``, ``Positive Adjmt.``, ``Transfer`` and so on.
            other: further properties of the entry, such as ``documentType``.
        """
        with self.lock:
            row = {
                "entryNumber": self._last_entry + 1,
                "itemNumber": self.tables["items"][item_id]["number"],
                "postingDate": posting_date,
                "entryType": encode_enum(entry_type),
                "documentNumber": document_number,
                "quantity": Decimal(quantity),
                "#itemId": item_id,
                "#locationCode": location_code,
                "#variantCode": variant_code,
            }
            return self.insert("itemLedgerEntries", row | other, stamp=stamp)

    # --- reading -------------------------------------------------------------------------------

    def find(self, entity_set: str, **equal: JsonValue) -> list[Row]:
        """Rows whose properties all equal the given ones, in order of insertion."""
        with self.lock:
            table = self.tables[entity_set]
            if not equal:
                return list(table.values())
            # Any one property narrows the search; identifiers narrow it best.
            names = [n for n in equal if n.lower().endswith(("id", "number"))] or list(equal)
            name = "id" if "id" in equal else names[0]
            candidates = [table[key] for key in self._lookup(entity_set, name, equal[name])]
            if len(equal) == 1:
                return candidates
            return [row for row in candidates if all(row.get(n) == v for n, v in equal.items())]

    def ordered(self, entity_set: str) -> list[str]:
        """Ids of all rows in the order Business Central lists them by default."""
        with self.lock:
            ids = self._ordered.get(entity_set)
            if ids is None:
                table = self.tables[entity_set]
                ids = list(table)
                if not isinstance(table, GeneratedTable):
                    order = entities()[entity_set].order
                    ids.sort(key=lambda key: (*(table[key][name] for name in order), key))
                self._ordered[entity_set] = ids
            return ids

    def inventory(self, item_id: str, location: str | None = None) -> Decimal:
        """Stock of an item in its base unit, of one location code or (None) in total."""
        stock = self._stock.get(item_id, {})
        return sum(
            (quantity for (code, _), quantity in stock.items() if location in (None, code)),
            Decimal(0),
        )

    def stock(self, item_id: str) -> dict[tuple[str, str], Decimal]:
        """Stock of an item by (location code, variant code), zero sums included."""
        return dict(self._stock.get(item_id, {}))

    def new_id(self) -> str:
        """A new repeatable id."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    @property
    def version(self) -> int:
        """A number that is different after every change."""
        return self._version

    @property
    def is_generated(self) -> bool:
        """Whether rows of some table are made as they are read."""
        return any(isinstance(table, GeneratedTable) for table in self.tables.values())

    # --- inside --------------------------------------------------------------------------------

    def _blank(self, entity: EntityType) -> Row:
        if entity.entity_set not in self._empty:
            self._empty[entity.entity_set] = empty_row(entity) | (
                self._checked(entity, {"currencyCode": ""})
                if "currencyCode" in entity.fields
                else {}
            )
        return self._empty[entity.entity_set]

    def _checked(self, entity: EntityType, values: Row) -> Row:
        checked = {}
        for name, value in values.items():
            if name.startswith("#"):
                checked[name] = value
                continue
            field = entity.fields.get(name)
            if field is None:
                raise ValueError(f"{entity.entity_set} has no property {name}")
            if name == "currencyCode" and not value and field.source == "variable":
                value = (
                    self.currency_code
                )  # blank is stored, the local code is shown (rules.md 0.5)
            checked[name] = stored_value(field, value)
        if entity.entity_set == "items":
            checked.pop("inventory", None)
        return checked

    def _stamp(self, stamp: datetime | str | None) -> str:
        return stamp if isinstance(stamp, str) else stamp_text(stamp or self.clock())

    def _next_etag(self) -> str:
        self._version += 1
        return etag_text(self._version)

    def _count(self, entry: Row) -> None:
        self._last_entry = max(self._last_entry, entry["entryNumber"])
        item_id = entry.get("#itemId")
        if item_id is None:
            items = self.find("items", number=entry["itemNumber"])
            if not items:
                return
            item_id = entry["#itemId"] = items[0]["id"]
        place = (entry.setdefault("#locationCode", ""), entry.setdefault("#variantCode", ""))
        stock = self._stock[item_id]
        stock[place] = stock.get(place, Decimal(0)) + entry["quantity"]

    def _lookup(self, entity_set: str, name: str, value: JsonValue) -> Iterable[str]:
        table = self.tables[entity_set]
        if isinstance(table, GeneratedTable):
            return table.lookup(name, value)
        if name in entities()[entity_set].keys[:1]:
            return [value] if value in table else []
        indexes = self._indexes[entity_set]
        if name not in indexes:
            index: dict[JsonValue, dict[str, None]] = defaultdict(dict)
            for key, row in table.items():
                index[row.get(name)][key] = None
            indexes[name] = index
        return list(indexes[name].get(value, ()))

    def _index(self, entity_set: str, key: str, row: Row) -> None:
        for name, index in self._indexes[entity_set].items():
            index[row.get(name)][key] = None

    def _unindex(self, entity_set: str, key: str, row: Row) -> None:
        for name, index in self._indexes[entity_set].items():
            index[row.get(name)].pop(key, None)


def encode_enum(caption: str) -> str:
    """An enum caption as OData writes it, ``Sales Order`` -> ``Sales_x0020_Order``."""
    if not caption.strip():
        return "_x0020_"
    return "".join(c if c.isalnum() or c == "_" else f"_x{ord(c):04X}_" for c in caption)
