"""Comparing two shops field by field."""

from __future__ import annotations

from collections import Counter
from typing import Any, Protocol

from bc_pipeline.sandbox.optiply.schema import RESOURCES, Attribute, Json

Snapshot = dict[str, dict[str, dict[str, Any]]]

# remoteDataSyncedToDate is the sender's clock (mapping.md 1.8).
LEFT_OUT = {"remoteDataSyncedToDate"}
# Sell order lines carry no remote id of their own: they are compared inside their order.
NESTED = {"sellOrderLines": "sellOrders"}


class Rows(Protocol):
    """What of a shop is compared."""

    def rows(self, resource: str) -> list[Json]:
        """All rows of a resource."""

    def remote_id(self, resource: str, row_id: int) -> str | None:
        """The remote id of a row."""


def snapshot(shop: Rows) -> Snapshot:
    """The state of a shop as resource -> remote id -> attributes.

    Ids, stamps and who made a row are left out; foreign keys are replaced by the remote id of
    their target; a sell order has its lines under ``orderLines``, ordered by product. Rows
    without a remote id are keyed ``(none)``; a remote id that occurs again gets ``#2``, ``#3``.
    """
    state: Snapshot = {}
    for name, declared in RESOURCES.items():
        if name == "accounts" or name in NESTED:
            continue
        keys = _keys(shop, name)
        state[name] = {
            keys[row["id"]]: {
                attribute.name: _plain(shop, attribute, row[attribute.name])
                for attribute in declared.attributes.values()
                if not attribute.read_only and attribute.name not in LEFT_OUT
            }
            for row in shop.rows(name)
        }
    _nest_sell_order_lines(shop, state)
    return state


def differences(left: Snapshot, right: Snapshot, *, limit: int = 50) -> list[str]:
    """What differs between two snapshots, one line per missing row or attribute, at most
    ``limit`` lines and one that tells how many are left out. Empty when both are equal."""
    found: list[str] = []
    for resource in sorted(left.keys() | right.keys()):
        mine, other = left.get(resource, {}), right.get(resource, {})
        for key in sorted(mine.keys() | other.keys()):
            if key not in mine or key not in other:
                found.append(f"{resource} {key}: only {'right' if key in other else 'left'}")
                continue
            found.extend(
                f"{resource} {key}: {name} {mine[key].get(name)!r} != {other[key].get(name)!r}"
                for name in sorted(mine[key].keys() | other[key].keys())
                if mine[key].get(name) != other[key].get(name)
            )
    rest = len(found) - limit
    return found if rest <= 0 else [*found[:limit], f"... and {rest} more"]


def _plain(shop: Rows, attribute: Attribute, value: Json) -> Json:
    if attribute.refers_to is None or value is None:
        return value
    return shop.remote_id(attribute.refers_to, value) or "(none)"


def _keys(shop: Rows, resource: str) -> dict[int, str]:
    """What each row of a resource is called in the snapshot."""
    keys: dict[int, str] = {}
    seen: Counter[str] = Counter()
    for row in shop.rows(resource):
        key = row["remoteId"] or "(none)"
        seen[key] += 1
        keys[row["id"]] = key if seen[key] == 1 else f"{key}#{seen[key]}"
    return keys


def _nest_sell_order_lines(shop: Rows, state: Snapshot) -> None:
    keys = _keys(shop, "sellOrders")
    for order in state["sellOrders"].values():
        order["orderLines"] = []
    for line in shop.rows("sellOrderLines"):
        state["sellOrders"][keys[line["sellOrderId"]]]["orderLines"].append(
            {
                "productId": shop.remote_id("products", line["productId"]) or "(none)",
                "quantity": line["quantity"],
                "subtotalValue": line["subtotalValue"],
            }
        )
    for order in state["sellOrders"].values():
        order["orderLines"].sort(key=lambda line: str(line["productId"]))
