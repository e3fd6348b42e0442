"""One Business Central company: its tables, its stock ledger and what it publishes.

Rows are plain dicts with the API's property names. They hold stored properties only
(``items.inventory`` is computed), values are ready for JSON: Decimal for decimals, text for dates
(``2026-08-22``) and stamps (``2026-08-22T06:38:40.73Z``). Two kinds of extra keys exist: the tag
``@odata.etag``, and names starting with ``#`` for facts the API does not show, such as
``#locationCode`` of an item ledger entry. Read rows freely, change them through this class only:
it keeps tags, stamps and look-ups right.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from random import Random
from typing import Protocol

from bc_pipeline.sandbox.company.code_ids import ids_beside_codes
from bc_pipeline.sandbox.company.metadata import EntityType, Field, entities
from bc_pipeline.sandbox.company.redo import Redo
from bc_pipeline.sandbox.company.rows import Row, RowMaker
from bc_pipeline.sandbox.company.settings import CompanySettings
from bc_pipeline.sandbox.company.stock import Place, Stock
from bc_pipeline.sandbox.company.tables import Tables, copied
from bc_pipeline.sandbox.company.values import encode_enum, etag_text, stamp_text
from bc_pipeline.sandbox.json_text import JsonValue

# Rows of a published list as they are now in the company that is asked: a copy of a company
# publishes its own.
Page = Callable[["Company"], Iterable[Row]]

ETAG = "@odata.etag"
# Entries are numbered as they are made, before they are committed.
LEDGERS = ("itemLedgerEntries", "generalLedgerEntries")


class Follower(Protocol):
    """A replica of a company; see ``replica``."""

    seconds: float
    heeds_parts: bool

    def now(self) -> Company:
        """The company as reads see it that may be answered by the replica."""

    def commit(self, redo: Redo) -> None:
        """Take note of what a transaction left behind."""


class Company(Tables):
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
        super().__init__()
        self.name = name
        self.display_name = display_name or name
        self.currency_code = currency_code
        self.id = id or str(uuid.uuid5(uuid.NAMESPACE_URL, f"bc_pipeline/company/{name}"))
        self.clock = clock
        self.replica: Follower | None = None
        self.created_at = stamp_text(clock())
        self.settings = CompanySettings()
        # Published OData pages and lists of the Optiply extension, by name.
        self.pages: dict[str, Page] = {}
        self._random = Random(f"{seed}/{name}")
        self._last_entries: dict[str, int] = {}
        self._rows = RowMaker(currency_code)
        self._own_fields: dict[str, dict[str, Field]] = defaultdict(dict)
        self._stock = Stock()

    # --- what the company's entities look like -------------------------------------------------

    def entity(self, entity_set: str) -> EntityType:
        """The type of an entity set as this company shows it: with the properties extensions
        add, and writable what its settings say."""
        entity = entities()[entity_set]
        own = self._own_fields.get(entity_set)
        writable = self.settings.writable.get(entity_set, ())
        if not own and not writable:
            return entity
        fields = {**entity.fields, **(own or {})}
        fields |= {name: replace(fields[name], read_only=False) for name in writable}
        return replace(entity, fields=fields)

    def extend(self, entity_set: str, field: Field) -> None:
        """Add a property, as an extension does; rows get it empty."""
        with self.lock:
            self._own_fields[entity_set][field.name] = field
            self._rows = RowMaker(self.currency_code)
            for key in self.tables[entity_set]:
                self.modify(entity_set, key, touch=False, **{field.name: None})

    # --- writing -------------------------------------------------------------------------------

    def insert(self, entity_set: str, row: Row, *, stamp: datetime | str | None = None) -> Row:
        """Add a row and return it as stored.

        Absent properties get Business Central's empty value, ``id`` a new one, ids beside codes
        those of the codes, ``currencyCode`` the local currency (behaviour.md 7),
        ``lastModifiedDateTime`` the clock or ``stamp`` (aware datetime, or text such as
        ``0001-01-01T00:00:00Z``).

        Raises:
            ValueError: unknown property, or the id exists.
        """
        entity = self.entity(entity_set)
        with self.lock:
            stored = self._rows.new(entity, row | ids_beside_codes(entity, row, self.find))
            if not row.get("id") and "id" in entity.fields:
                stored["id"] = self.new_id()
            if "lastModifiedDateTime" in entity.fields and (
                stamp is not None or "lastModifiedDateTime" not in row
            ):
                stored["lastModifiedDateTime"] = self._stamp(stamp)
            key = self.key_of(entity_set, stored)
            if key in self.tables[entity_set]:
                raise ValueError(f"{entity_set}({key}) exists already")
            stored[ETAG] = self._next_etag()
            self._put(entity_set, key, stored)
            self._recount(entity_set, key, stored, 1)
            return stored

    def modify(self, entity_set: str, id: str, *, touch: bool = True, **changes: JsonValue) -> Row:
        """Change properties of a row and return it; the tag always changes.

        Args:
            id: the row's id, or its :meth:`key_of` where that is something else.
            touch: also move ``lastModifiedDateTime`` (False: as a line edit does to its header).
        """
        entity = self.entity(entity_set)
        with self.lock:
            beside = ids_beside_codes(entity, changes, self.find)
            values = self._rows.checked(entity, changes | beside)
            if touch and "lastModifiedDateTime" in entity.fields:
                values["lastModifiedDateTime"] = self._stamp(changes.get("lastModifiedDateTime"))
            values[ETAG] = self._next_etag()
            return self._change(entity_set, id, values)

    def delete(self, entity_set: str, id: str) -> Row:
        """Remove a row and return it; lines of a document, dimensions and whatever else is part
        of it are removed with it."""
        with self.lock:
            stored = self._take(entity_set, id)
            for navigation in entities()[entity_set].navigations.values():
                if navigation.many and navigation.part and self.tables.get(navigation.entity_set):
                    link = {theirs: stored[ours] for theirs, ours in navigation.link.items()}
                    for part in self.find(navigation.entity_set, **link, **navigation.const):
                        self.delete(navigation.entity_set, self.key_of(navigation.entity_set, part))
            if entity_set == "items":
                self._set_stock(id, {})
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
                "entryNumber": self.next_entry_number("itemLedgerEntries"),
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

    @property
    def last_entry_numbers(self) -> Mapping[str, int]:
        """The highest number the entries of each ledger were ever given."""
        return dict(self._last_entries)

    def next_entry_number(self, entity_set: str) -> int:
        """The number the next entry of a ledger gets."""
        return self._last_entries.get(entity_set, 0) + 1

    def draw_entry_numbers(self, up_to: Mapping[str, int]) -> None:
        """Give no entry a number up to these any more: somebody has drawn them."""
        last = self._last_entries
        self._last_entries = last | {n: max(last.get(n, 0), up_to[n]) for n in up_to}

    # --- copies --------------------------------------------------------------------------------

    def twin(self) -> Company:
        """Another company that is like this one now and has its id; settings and published pages
        stay common to both."""
        with self.lock:
            twin = Company(
                self.name,
                display_name=self.display_name,
                currency_code=self.currency_code,
                clock=self.clock,
                id=self.id,
            )
            twin.created_at = self.created_at
            twin.settings, twin.pages = self.settings, self.pages
            twin._own_fields, twin._rows = self._own_fields, self._rows
            for entity_set, table in self.tables.items():
                twin.tables[entity_set] = copied(table)
            twin._stock = self._stock.copy()
            twin._last_entries, twin._version = dict(self._last_entries), self._version
            return twin

    def copy(self, seed: str) -> Company:
        """A company of its own that is like this one now and has its id, as in an environment
        that was copied; ``seed`` makes new ids differ from this one's."""
        copy = self.twin()
        copy.settings, copy.pages = deepcopy(self.settings), dict(self.pages)
        copy._own_fields = defaultdict(dict, {k: dict(v) for k, v in self._own_fields.items()})
        copy._random = Random(f"{seed}/{self.name}/{self._version}")
        return copy

    def become(self, past: Company) -> None:
        """Take the rows of another state of this company; tags of the two never mean the same."""
        with self.lock:
            state = past.twin()
            self.tables, self._stock = state.tables, state._stock
            self._last_entries = state._last_entries
            self._version = max(self._version, state._version) + 1
            self._indexes.clear()
            self._ordered.clear()

    def publish(self, touched: Iterable[tuple[str, str]]) -> None:
        """Tell the replica of committed changes."""
        if self.replica is not None and (redo := self.redo_of(touched)):
            self.replica.commit(redo)

    def redo(self, changes: Redo) -> None:
        """Do again what a transaction left behind, tags included; stock follows the entries."""
        with self.lock:
            self._version += 1
            for entity_set, key, row in changes:
                here = self.tables[entity_set].get(key)
                if row is None:
                    if here is not None:
                        self._take(entity_set, key)
                        self._recount(entity_set, key, here, -1)
                elif here is not None:
                    self._change(entity_set, key, row)
                else:
                    self._put(entity_set, key, dict(row))
                    self._recount(entity_set, key, row, 1)

    # --- reading -------------------------------------------------------------------------------

    def inventory(self, item_id: str, location: str | None = None) -> Decimal:
        """Stock of an item in its base unit, of one location code or (None) in total."""
        return self._stock.total(item_id, location)

    def stock(self, item_id: str) -> dict[tuple[str, str], Decimal]:
        """Stock of an item by (location code, variant code), zero sums included."""
        return self._stock.of(item_id)

    def new_id(self) -> str:
        """A new repeatable id."""
        return str(uuid.UUID(int=self._random.getrandbits(128), version=4))

    # --- inside --------------------------------------------------------------------------------

    def _stamp(self, stamp: datetime | str | None) -> str:
        return stamp if isinstance(stamp, str) else stamp_text(stamp or self.clock())

    def _next_etag(self) -> str:
        self._version += 1
        return etag_text(self._version)

    def _recount(self, entity_set: str, key: str, row: Row, sign: int) -> None:
        if entity_set in LEDGERS and sign > 0:
            self._note_undo(setattr, self, "_last_entries", self._last_entries)
            self.draw_entry_numbers({entity_set: row["entryNumber"]})
        if entity_set == "itemLedgerEntries":
            self._count(row, sign)
        elif entity_set == "items" and sign < 0:
            self._set_stock(key, {})

    def _count(self, entry: Row, sign: int) -> None:
        item_id = entry.get("#itemId")
        if item_id is None:
            items = self.find("items", number=entry["itemNumber"])
            if not items:
                return
            item_id = entry["#itemId"] = items[0]["id"]
        place = (entry.setdefault("#locationCode", ""), entry.setdefault("#variantCode", ""))
        places = self._stock.of(item_id)
        self._set_stock(
            item_id, places | {place: places.get(place, Decimal(0)) + sign * entry["quantity"]}
        )

    def _set_stock(self, item_id: str, places: dict[Place, Decimal]) -> None:
        self._note_undo(self._set_stock, item_id, self._stock.of(item_id))
        self._stock.put(item_id, places)


__all__ = ["ETAG", "Company", "Page", "Row", "encode_enum"]
