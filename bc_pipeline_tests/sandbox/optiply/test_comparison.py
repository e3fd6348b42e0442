"""Comparing two shops field by field."""

from __future__ import annotations

from bc_pipeline.sandbox.optiply import OptiplySandbox, Shop, differences

PLACED = "2026-02-01T00:00:00Z"


def fill(shop: Shop, *, stock: int = 5, reverse_lines: bool = False) -> None:
    def add(resource: str, **attributes: object) -> int:
        return int(shop.add_by_user(resource, attributes)["id"])

    desk, lamp = (
        add("products", name=name, stockLevel=stock, unlimitedStock=False, remoteId=name)
        for name in ("desk", "lamp")
    )
    vendor = add("suppliers", name="vendor", remoteId="vendor")
    add("supplierProducts", name="x", productId=desk, supplierId=vendor, remoteId="desk_vendor")
    lines = [{"productId": product, "quantity": 1, "subtotalValue": 2} for product in (desk, lamp)]
    if reverse_lines:
        lines.reverse()
    add("sellOrders", placed=PLACED, totalValue=4, orderLines=lines, remoteId="so")


def test_given_equal_shops_with_other_ids_then_no_difference(optiply: OptiplySandbox):
    acme, other = optiply.shops["acme"], optiply.shops["other"]
    fill(acme)
    other.add_by_user("accounts", {})
    fill(other, reverse_lines=True)
    assert acme.rows("products")[0]["id"] != other.rows("products")[0]["id"]
    assert differences(acme.snapshot(), other.snapshot()) == []


def test_given_a_snapshot_then_foreign_keys_are_the_remote_ids_of_their_targets(shop: Shop):
    fill(shop)
    state = shop.snapshot()
    link = state["supplierProducts"]["desk_vendor"]
    assert (link["productId"], link["supplierId"]) == ("desk", "vendor")
    assert [row["productId"] for row in state["sellOrders"]["so"]["orderLines"]] == ["desk", "lamp"]
    assert "sellOrderLines" not in state
    assert not {"id", "uuid", "updatedAt", "remoteDataSyncedToDate"} & link.keys()


def test_given_one_other_value_then_the_difference_names_row_and_attribute(
    optiply: OptiplySandbox,
):
    acme, other = optiply.shops["acme"], optiply.shops["other"]
    fill(acme)
    fill(other)
    desk = other.rows("products")[0]["id"]
    other.change("products", desk, {"stockLevel": 6}, other.coupling_id)
    found = differences(acme.snapshot(), other.snapshot())
    assert found == ["products desk: stockLevel 5 != 6"]


def test_given_a_missing_row_then_the_difference_tells_the_side(optiply: OptiplySandbox):
    acme, other = optiply.shops["acme"], optiply.shops["other"]
    acme.add_by_user("suppliers", {"name": "v", "remoteId": "v"})
    assert differences(acme.snapshot(), other.snapshot()) == ["suppliers v: only left"]
    assert differences(other.snapshot(), acme.snapshot()) == ["suppliers v: only right"]


def test_given_rows_without_or_with_the_same_remote_id_then_none_is_lost(shop: Shop):
    for remote_id in ("v", "v", None, None):
        shop.add_by_user("suppliers", {"name": "v", "remoteId": remote_id})
    assert sorted(shop.snapshot()["suppliers"]) == ["(none)", "(none)#2", "v", "v#2"]


def test_given_many_differences_then_the_list_says_how_many_are_left_out(optiply: OptiplySandbox):
    acme, other = optiply.shops["acme"], optiply.shops["other"]
    for number in range(5):
        acme.add_by_user("suppliers", {"name": "v", "remoteId": str(number)})
    found = differences(acme.snapshot(), other.snapshot(), limit=2)
    assert (len(found), found[-1]) == (3, "... and 3 more")
