"""Purchase orders that carry the marker of a buy order made in Optiply belong to that buy order,
even when the id map does not know it: the process ended before they were linked, or the map was
lost (mapping.md 8.3).

Runs before the buy orders are mapped. Linked orders are then in the id map, so they are updated
and never created again; those that cannot be linked yet are held back.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from bc_pipeline import clock
from bc_pipeline.business_central.client import BusinessCentral
from bc_pipeline.business_central.lookup.by_property import find_rows
from bc_pipeline.catalogue.resources import BUY_ORDERS
from bc_pipeline.errors import RequestFailed
from bc_pipeline.mapping.definition import MappingInput
from bc_pipeline.mapping.markers import marked_id, marker
from bc_pipeline.optiply.client import Optiply, Record
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_business_central import ledger_rows
from bc_pipeline.to_business_central.buy_orders import marked_orders, marker_places
from bc_pipeline.to_business_central.buy_orders.buy_order import (
    ENTITY,
    Blocked,
    BuyOrder,
    buy_order,
)
from bc_pipeline.to_business_central.buy_orders.candidates import lines_of
from bc_pipeline.to_business_central.buy_orders.job import sent_before
from bc_pipeline.to_business_central.buy_orders.links import is_linked, link
from bc_pipeline.to_business_central.buy_orders.marked_orders import Marked, MarkedOrder
from bc_pipeline.to_business_central.buy_orders.sent import differences, linked_order
from bc_pipeline.to_business_central.export_types import LedgerEntry

_REMEMBER = """
INSERT INTO outbound.ledger (entity, key, state, bc_id, bc_number, action, created_at, updated_at)
VALUES (?, ?, 'done', ?, ?, 'created', ?, ?) ON CONFLICT DO NOTHING
"""


@dataclass
class Recognised:
    """What became of the marked orders that the id map did not know.

    Args:
        linked: how many are in the id map now.
        claimed: remote id -> why it has to wait.
        strays: remote id -> what a person should know of its marker, such as why it is imported
            like any other order.
    """

    linked: int = 0
    claimed: dict[str, str] = field(default_factory=dict)
    strays: dict[str, str] = field(default_factory=dict)


def with_markers(
    inputs: MappingInput,
    tenant: Tenant,
    snapshot: Snapshot,
    business_central: BusinessCentral,
    optiply: Optiply,
) -> MappingInput:
    """Link the marked orders the id map does not know; the inputs of the mapping with what became
    of the others.

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: a system could not be asked.
    """
    in_header = _in_header(tenant, snapshot, business_central)
    found = Recogniser(tenant, snapshot, optiply, inputs, in_header).run()
    return replace(inputs, claimed=found.claimed, strays=found.strays)


def _in_header(
    tenant: Tenant, snapshot: Snapshot, business_central: BusinessCentral
) -> dict[str, int]:
    """Markers in a property of an extension, which the mirror does not have."""
    field_name = tenant.exports.marker_field
    if field_name is None or marker_places.refused(snapshot, marker_places.FIELD):
        return {}
    with snapshot.cursor() as cursor:
        marked_orders.prepare(cursor)
        ids = marked_orders.unmapped(cursor)
    found = find_rows(
        business_central,
        business_central.company,
        "purchaseOrders",
        "id",
        ids,
        select=(field_name,),
        guid=True,
    )
    markers = {str(row["id"]).lower(): marked_id(row.get(field_name)) for row in found}
    return {order_id: number for order_id, number in markers.items() if number is not None}


class Recogniser:
    """Looks at the marked orders of one tenant.

    Args:
        inputs: of the mapping; only what it says about units is used.
        in_header: purchase order id -> buy order id, of markers the mirror does not show.
    """

    def __init__(
        self,
        tenant: Tenant,
        snapshot: Snapshot,
        optiply: Optiply,
        inputs: MappingInput,
        in_header: Mapping[str, int] | None = None,
    ) -> None:
        self._tenant = tenant
        self._snapshot = snapshot
        self._optiply = optiply
        self._inputs = inputs
        self._in_header = in_header or {}
        self._result = Recognised()

    def run(self) -> Recognised:
        """Link what can be linked. Costs nothing when there is nothing new.

        Raises:
            AuthError, Cancelled: Optiply could not be asked.
        """
        with self._snapshot.cursor() as cursor:
            marked_orders.prepare(cursor)
            found = marked_orders.marked(cursor)
            found += [Marked(order_id, number) for order_id, number in self._in_header.items()]
            if not found:
                return self._result
            ids = sorted({each.order_id for each in found})
            orders = marked_orders.load(cursor, ids, self._tenant.sync, self._inputs)
            entries = ledger_rows.entries(cursor, ENTITY, [str(m.buy_order_id) for m in found])
        groups: defaultdict[int, dict[str, Marked]] = defaultdict(dict)
        for each in found:
            groups[each.buy_order_id][each.order_id] = each
        for buy_order_id, group in sorted(groups.items()):
            entry = entries.get(str(buy_order_id))
            self._group(buy_order_id, list(group.values()), orders, entry)
        return self._result

    def _group(
        self,
        buy_order_id: int,
        group: Sequence[Marked],
        orders: Mapping[str, MarkedOrder],
        entry: LedgerEntry | None,
    ) -> None:
        """All orders with the marker of one buy order."""
        mark = marker(buy_order_id)
        owner = is_linked(self._snapshot, buy_order_id)
        if owner is not None:
            self._stray(group, f"carries {mark}, which belongs to another purchase order already")
            return
        try:
            record = self._optiply.get(BUY_ORDERS.path, buy_order_id)
        except RequestFailed as error:
            self._claim(group, f"carries {mark}, and Optiply could not be asked for it: {error}")
            return
        if record is None:
            self._stray(
                [each for each in group if not each.in_number],
                f"carries {mark} of a buy order that was deleted in Optiply; it is imported as an "
                "order of its own, since the goods are still coming",
            )
            return
        if record.attributes.get("createdFromPublicApi") is True:
            self._stray(group, f"carries {mark} of a buy order that no user of Optiply made")
            return
        chosen = self._chosen(group, orders, entry, record)
        if chosen is not None:
            self._try_to_link(chosen, orders[chosen.order_id], entry, record)

    def _chosen(
        self,
        group: Sequence[Marked],
        orders: Mapping[str, MarkedOrder],
        entry: LedgerEntry | None,
        record: Record,
    ) -> Marked | None:
        """The one order that is the buy order's: a copied order carries the marker too."""
        supplier_id = str(record.attributes.get("supplierId"))
        # A number series of its own may bring about numbers that look like markers.
        sure = self._tenant.exports.export_reference_number
        fitting = [
            each
            for each in group
            if not each.in_number or sure or str(orders[each.order_id].supplier_id) == supplier_id
        ]
        fitting.sort(key=lambda each: orders[each.order_id].number)
        known = [each for each in fitting if entry is not None and entry.bc_id == each.order_id]
        if len(fitting) > 1 and not known and entry is not None and entry.unresolved:
            numbers = " and ".join(orders[each.order_id].number for each in fitting)
            mark = marker(fitting[0].buy_order_id)
            self._claim(fitting, f"{numbers} both carry {mark}")
            return None
        chosen = next(iter(known or fitting), None)
        others = [each for each in fitting if each is not chosen]
        if chosen is not None and others:
            text = f"carries {marker(chosen.buy_order_id)}, as purchase order "
            self._stray(others, f"{text}{orders[chosen.order_id].number} does")
        return chosen

    def _try_to_link(
        self, chosen: Marked, found: MarkedOrder, entry: LedgerEntry | None, record: Record
    ) -> None:
        mark = marker(chosen.buy_order_id)
        try:
            order = buy_order(record, lines_of(self._optiply, record.id))
        except (Blocked, RequestFailed) as error:
            self._claim([chosen], f"carries {mark} of a buy order that cannot be read: {error}")
            return
        expected = sent_before(entry)
        if entry is not None and entry.unresolved and expected is not None:
            differing = differences(found.row, expected)
            if differing:
                reason = f"carries {mark} and differs from what was sent: {'; '.join(differing)}"
                self._claim([chosen], reason)
                return
            linked = linked_order(order, found.row, expected)
        else:
            linked = marked_orders.pairing(order, found)
        if not marked_orders.alike(order, found):
            text = f"carries {mark} and differs from that buy order, which is changed to it"
            self._stray([chosen], text)
        link(self._snapshot, linked, self._inputs.run_no)
        self._remember(order, linked.order.remote_id, found.number)
        self._result.linked += 1

    def _remember(self, order: BuyOrder, remote_id: str, number: str) -> None:
        """The ledger of a lost snapshot knows it again; one that waits is ended by the export."""
        now = clock.now()
        with self._snapshot.transaction() as cursor:
            cursor.execute(_REMEMBER, [ENTITY, order.key, remote_id, number, now, now])

    def _claim(self, group: Sequence[Marked], reason: str) -> None:
        self._result.claimed |= {each.order_id: reason for each in group}

    def _stray(self, group: Sequence[Marked], reason: str) -> None:
        self._result.strays |= {each.order_id: f"purchase order {reason}" for each in group}
