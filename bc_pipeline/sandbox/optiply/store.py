"""One shop of the played Optiply: its rows, and the rules for changing them (optiply.md 6, 9)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bc_pipeline.sandbox.optiply.comparison import Snapshot, snapshot
from bc_pipeline.sandbox.optiply.errors import ApiError
from bc_pipeline.sandbox.optiply.query import ListQuery, Row, apply
from bc_pipeline.sandbox.optiply.schema import (
    DEPENDANTS,
    REMOTE_ID_MAX_LENGTH,
    RESOURCES,
    Attribute,
    Json,
    Resource,
)
from bc_pipeline.sandbox.optiply.tables import AccountTables
from bc_pipeline.sandbox.optiply.values import decode, utc_text

REMOTE_ID = Attribute("remoteId", "string", nullable=True, max_length=REMOTE_ID_MAX_LENGTH)


@dataclass(frozen=True)
class Write:
    """One write request a shop received, refused ones included."""

    method: str
    resource: str
    id: str | None
    attributes: dict[str, Any]


@dataclass
class Shop:
    """A shop with its API user. ``next_id`` hands out ids that no other shop has. One with an
    ``account`` is another coupling to that shop: another API user, the same rows.

    ``refused_attributes`` and ``refused_nulls`` hold ``resource.attribute`` names this shop
    answers 400 to, for what is unproven about the real one (optiply.md 2);
    ``preferred_only_on_patch`` ignores ``supplierProducts.preferred`` on creation.
    """

    name: str
    account_id: int
    coupling_id: int
    username: str
    password: str
    client_id: str
    client_secret: str
    clock: Callable[[], datetime]
    next_id: Callable[[], int]
    refused_attributes: set[str] = field(default_factory=set)
    refused_nulls: set[str] = field(default_factory=set)
    preferred_only_on_patch: bool = False
    write_log: list[Write] = field(default_factory=list)
    account: Shop | None = None

    def __post_init__(self) -> None:
        self._tables: AccountTables = self.account._tables if self.account else AccountTables()
        if self.account is None:
            self._insert("accounts", {"name": self.name}, by_user=True, id_=self.account_id)

    # -- for tests and the demo ---------------------------------------------------------------

    @property
    def writes(self) -> int:
        """How many POST, PATCH and DELETE requests came in so far."""
        return len(self.write_log)

    def rows(self, resource: str) -> list[Row]:
        """All rows of a resource by id: the stored attributes with ``id`` and ``remoteId`` (of
        the shop's own coupling, None without)."""
        with self._tables.lock:
            table = self._tables.rows[resource]
            return [
                {**table[id_], "remoteId": self.remote_id(resource, id_)} for id_ in sorted(table)
            ]

    def remote_id(self, resource: str, id_: int) -> str | None:
        """The remote id a row has in the shop's own coupling."""
        return self._tables.remote_ids.get((resource, id_), {}).get(self.coupling_id)

    def snapshot(self) -> Snapshot:
        """The shop's state without anything that differs between two equal shops
        (see ``comparison.snapshot``)."""
        with self._tables.lock:
            return snapshot(self)

    def add_by_user(self, resource: str, attributes: dict[str, Any]) -> Row:
        """Adds a row as a user of Optiply's own screens would: ``createdFromPublicApi`` false.

        Raises:
            ApiError: the row breaks a rule of the resource.
        """
        return self.create(resource, attributes, self.coupling_id, by_user=True)

    def clear(self) -> None:
        """Empties the shop, keeping its account and credentials."""
        with self._tables.lock:
            self._tables.clear()
            account = self.account or self
            self._insert("accounts", {"name": account.name}, by_user=True, id_=self.account_id)
            self.write_log.clear()

    # -- reading ------------------------------------------------------------------------------

    def get(self, resource: str, id_: int) -> Row:
        """One row. Raises ApiError 404."""
        with self._tables.lock:
            row = self._tables.rows[resource].get(id_)
            if row is None:
                raise ApiError(404, f"{resource} {id_} was not found")
            return row

    def select(self, resource: str, query: ListQuery) -> tuple[list[Row], bool]:
        """The rows of a page and whether more follow."""
        with self._tables.lock:
            return apply(query, self._tables.candidates(resource, query))

    def remote_id_map(self, resource: str, id_: int) -> dict[str, str] | None:
        """The remote ids of a row by coupling, as read back (optiply.md 7)."""
        known = self._tables.remote_ids.get((resource, id_))
        return {str(coupling): value for coupling, value in known.items()} if known else None

    # -- writing ------------------------------------------------------------------------------

    def create(
        self, resource: str, attributes: dict[str, Any], coupling_id: int, *, by_user: bool = False
    ) -> Row:
        """Adds a row, with its nested ``orderLines`` or not at all. Raises ApiError."""
        declared = RESOURCES[resource]
        with self._tables.lock:
            values = self._decoded(declared, attributes, creating=True)
            remote_id = decode(REMOTE_ID, attributes.get("remoteId"))
            self._check(declared, None, values)
            lines = self._nested_lines(declared, attributes.get("orderLines"))
            self._fill_in(declared, attributes, values)
            row = self._insert(resource, values, by_user=by_user)
            self._tables.set_remote_id(resource, row["id"], coupling_id, remote_id)
            if declared.lines:
                line_resource = RESOURCES[declared.lines.resource]
                for sent, line in lines:
                    line[declared.lines.parent] = row["id"]
                    self._fill_in(line_resource, sent, line)
                    self._insert(line_resource.name, line, by_user=by_user)
            self._after(declared, row)
            return row

    def change(self, resource: str, id_: int, attributes: dict[str, Any], coupling_id: int) -> Row:
        """Changes the given attributes of a row; the others keep their value. Raises ApiError."""
        declared = RESOURCES[resource]
        with self._tables.lock:
            row = self.get(resource, id_)
            if "orderLines" in attributes and declared.lines:
                raise ApiError(400, "orderLines: only taken when the order is created")
            values = self._decoded(declared, attributes, creating=False)
            remote_id = decode(REMOTE_ID, attributes.get("remoteId"))
            self._check(declared, id_, {**row, **values})
            self._tables.unindex(declared, row)
            row.update(values)
            row["updatedAt"] = utc_text(self.clock())
            self._file(declared, row)
            self._after(declared, row)
            if "remoteId" in attributes:
                self._tables.set_remote_id(resource, id_, coupling_id, remote_id)
            return row

    def remove(self, resource: str, id_: int) -> None:
        """Deletes a row and what cascades from it. Raises ApiError 404, or 409 when other rows
        still refer to it."""
        with self._tables.lock:
            self.get(resource, id_)
            for child, reference in DEPENDANTS[resource]:
                if not reference.cascade and self._tables.referring(child, reference.name, id_):
                    raise ApiError(409, f"{resource} {id_} still has {child}")
            self._tables.remove_tree(resource, id_)

    # -- inside -------------------------------------------------------------------------------

    def _decoded(
        self, declared: Resource, attributes: dict[str, Any], *, creating: bool
    ) -> dict[str, Any]:
        """The stored form of the known, writable attributes; unknown ones are ignored."""
        for name in attributes:
            if f"{declared.name}.{name}" in self.refused_attributes:
                raise ApiError(400, f"{name}: is not accepted")
            if attributes[name] is None and f"{declared.name}.{name}" in self.refused_nulls:
                raise ApiError(400, f"{name}: must not be null")
        values: dict[str, Any] = {}
        for attribute in declared.attributes.values():
            if attribute.read_only:
                continue
            if attribute.name in attributes:
                values[attribute.name] = decode(attribute, attributes[attribute.name])
            elif creating and attribute.required:
                raise ApiError(400, f"{attribute.name}: is required")
            elif creating:
                values[attribute.name] = attribute.default
        if creating and declared.name == "supplierProducts" and self.preferred_only_on_patch:
            values["preferred"] = None
        return values

    def _check(self, declared: Resource, own_id: int | None, values: Row) -> None:
        """The rules between rows: references, unique pairs, no circular pair."""
        for reference in declared.references:
            if values[reference.name] not in self._tables.rows[str(reference.refers_to)]:
                # Only receipt lines answer 404 for an unknown parent (optiply.md 9).
                status = 404 if declared.name == "receiptLines" else 400
                raise ApiError(status, f"{reference.name}: {values[reference.name]} was not found")
        for pair in declared.unique:
            if self._tables.twins(declared, own_id, {name: values[name] for name in pair}):
                raise ApiError(409, f"{declared.name} with this {' and '.join(pair)} exists")
        if declared.unique_in_parent:
            wanted = {name: values[name] for name in declared.unique_in_parent}
            if self._tables.twins(declared, own_id, wanted):
                raise ApiError(400, "productId: occurs more than once in the order")
        if declared.no_mirror_pair:
            whole, part = declared.no_mirror_pair
            mirrored = {whole: values[part], part: values[whole]}
            if values[whole] == values[part] or self._tables.twins(declared, own_id, mirrored):
                raise ApiError(400, f"{part}: the composition would be circular")

    def _nested_lines(
        self, declared: Resource, raw: Json
    ) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """Each line as it was sent and in its stored form."""
        if declared.lines is None or raw is None:
            return []
        if not isinstance(raw, list) or not all(isinstance(line, dict) for line in raw):
            raise ApiError(400, "orderLines: must be a list of objects")
        lines = RESOURCES[declared.lines.resource]
        decoded: list[dict[str, Any]] = []
        for line in raw:
            values: dict[str, Any] = {}
            for name in declared.lines.members:
                attribute = lines.attributes[name]
                if name in line:
                    values[name] = decode(attribute, line[name])
                elif attribute.required:
                    raise ApiError(400, f"orderLines.{name}: is required")
            if values["productId"] not in self._tables.rows["products"]:
                raise ApiError(400, f"orderLines.productId: {values['productId']} was not found")
            decoded.append({name: values.get(name) for name in _writable(lines)})
        products = [line["productId"] for line in decoded]
        if lines.unique_in_parent and len(set(products)) < len(products):
            raise ApiError(400, "orderLines.productId: occurs more than once in the order")
        return list(zip(raw, decoded, strict=True))

    def _fill_in(self, declared: Resource, sent: dict[str, Any], values: dict[str, Any]) -> None:
        """The expected delivery date when none was sent: that of its order for a line of a buy
        order; for the order placed plus the supplier's delivery time, null when the supplier has
        none (optiply.md 9)."""
        if "expectedDeliveryDate" in sent:
            return
        if declared.name == "buyOrderLines":
            order = self._tables.rows["buyOrders"][values["buyOrderId"]]
            values["expectedDeliveryDate"] = order["expectedDeliveryDate"]
        if declared.name != "buyOrders":
            return
        days = self._tables.rows["suppliers"][values["supplierId"]]["deliveryTime"]
        if days is not None:
            placed = datetime.fromisoformat(values["placed"])
            try:
                values["expectedDeliveryDate"] = utc_text(placed + timedelta(days=days))
            except OverflowError:
                raise ApiError(400, "placed: is out of range") from None

    def _after(self, declared: Resource, row: Row) -> None:
        """What a row that was written does to others: a product has one preferred supplier."""
        if declared.name != "supplierProducts" or not row["preferred"]:
            return
        for id_ in self._tables.twins(declared, row["id"], {"productId": row["productId"]}):
            other = self._tables.rows[declared.name][id_]
            if other["preferred"]:
                other |= {"preferred": False, "updatedAt": utc_text(self.clock())}
                self._tables.file(declared, other)

    def _insert(
        self, resource: str, values: dict[str, Any], *, by_user: bool, id_: int | None = None
    ) -> Row:
        now = utc_text(self.clock())
        row: Row = {
            "id": self.next_id() if id_ is None else id_,
            **dict.fromkeys(RESOURCES[resource].attributes),
            **values,
            "uuid": str(uuid.uuid4()),
            "createdAt": now,
            "updatedAt": now,
            "createdFromPublicApi": not by_user,
            "accountId": self.account_id,
        }
        self._file(RESOURCES[resource], row)
        return row

    def _file(self, declared: Resource, row: Row) -> None:
        if "productUuid" in declared.attributes:
            row["productUuid"] = self._tables.rows["products"][row["productId"]]["uuid"]
        self._tables.file(declared, row)


def _writable(declared: Resource) -> Iterator[str]:
    return (attribute.name for attribute in declared.attributes.values() if not attribute.read_only)
