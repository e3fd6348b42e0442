"""The Analytics API: stock and open lines by location (platform 2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
import requests

from bc_pipeline.sandbox import Sandbox, changes
from bc_pipeline.sandbox.companies import cronus, wholesale
from bc_pipeline_tests.sandbox.conftest import BcClient, sign_in

pytestmark = pytest.mark.covers("sandbox: analytics")

PROPERTIES = {
    "itemLedgerEntries": "entryNo entryType sourceType sourceNo documentNo documentType "
    "postingDate itemNo locationCode serialNo expirationDate lotNo quantity unitOfMeasureCode "
    "remainingQuantity costAmountActual salesAmountActual dimensionSetID open positive "
    "invoicedQuantity qtyPerUnitOfMeasure",
    "outstandingSalesLines": "documentNo documentType sellToCustomerNo itemNo outstandingQtyBase "
    "shipmentDate locationCode dimensionSetID qtyPerUnitOfMeasure unitOfMeasureCode",
    "outstandingPurchaseLines": "itemNo outstandingQtyBase expectedReceiptDate locationCode "
    "buyFromVendorNo documentNo documentType dimensionSetID qtyPerUnitOfMeasure unitOfMeasureCode",
    "transferLines": "documentNo itemNo inTransitLocationCode transferToLocationCode "
    "transferFromLocationCode qtyInTransitBase outstandingQtyBase receiptDate shipmentDate "
    "dimensionSetID qtyPerUnitOfMeasure unitOfMeasureCode",
}


@pytest.fixture(params=[cronus.NAME, wholesale.NAME])
def any_company(request: pytest.FixtureRequest, sandbox: Sandbox) -> BcClient:
    return sign_in(sandbox, request.param)


@pytest.fixture
def wholesaler(sandbox: Sandbox) -> Iterator[BcClient]:
    bc = sign_in(sandbox, wholesale.NAME)
    yield bc
    bc.company.settings.analytics = True


def url(bc: BcClient, entity_set: str) -> str:
    base = f"{bc.sandbox.base_url}/bc/v2.0/Production/api/microsoft/analytics/v1.0"
    return f"{base}/companies({bc.company.id})/{entity_set}"


def rows(bc: BcClient, entity_set: str) -> list[dict[str, Any]]:
    return bc.rows(url(bc, entity_set))


@pytest.mark.parametrize("entity_set", PROPERTIES)
def test_given_a_query_then_its_rows_have_just_its_properties(
    wholesaler: BcClient, entity_set: str
) -> None:
    found = rows(wholesaler, entity_set)
    assert found
    assert all(list(row) == PROPERTIES[entity_set].split() for row in found)


def test_given_the_locations_then_they_are_a_page(wholesaler: BcClient) -> None:
    newest = bc_rows = wholesaler.rows(url(wholesaler, "locations?$orderby=locationCode desc"))
    assert list(newest[0]) == ["@odata.etag", "locationCode", "locationName", "adjustmentBinCode"]
    codes = {row["code"] for row in wholesaler.company.tables["locations"].values()}
    assert [row["locationCode"] for row in bc_rows] == sorted(codes, reverse=True)


def test_given_open_entries_then_they_sum_up_to_the_stock_of_each_item(
    any_company: BcClient,
) -> None:
    bc = any_company
    total: dict[str, Decimal] = defaultdict(Decimal)
    by_place: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in bc.rows(url(bc, "itemLedgerEntries?$filter=open eq true")):
        assert row["remainingQuantity"] != 0
        left = Decimal(str(row["remainingQuantity"]))
        assert abs(left) <= abs(Decimal(str(row["quantity"])))
        total[row["itemNo"]] += left
        by_place[row["itemNo"], row["locationCode"]] += left
    for item in bc.company.tables["items"].values():
        assert total[item["number"]] == bc.company.inventory(item["id"])
        for location in {place for place, _ in bc.company.stock(item["id"])}:
            expected = bc.company.inventory(item["id"], location)
            assert by_place[item["number"], location] == expected
    assert {place for _, place in by_place} > {""}


def test_given_more_sold_than_there_was_then_an_open_entry_is_negative(
    wholesaler: BcClient,
) -> None:
    company = wholesaler.company
    item = next(
        row
        for row in company.tables["items"].values()
        if row["type"] == "Inventory" and "'" not in row["number"] and not row["blocked"]
        if not company.find("itemVariants", itemId=row["id"])
    )
    there = company.inventory(item["id"], "RTM")
    move = {"item": item["number"], "quantity": -there - 4, "location": "RTM"}
    changes.apply_to(company, "move_stock", move)
    path = f"itemLedgerEntries?$filter=itemNo eq '{item['number']}' and locationCode eq 'RTM'"
    left = [row["remainingQuantity"] for row in wholesaler.rows(url(wholesaler, path))]
    assert [each for each in left if each] == [-4]


def test_given_open_sales_then_each_combination_is_one_row_in_base_units(
    wholesaler: BcClient,
) -> None:
    company = wholesaler.company
    expected: dict[str, Decimal] = defaultdict(Decimal)
    for line in company.tables["salesOrderLines"].values():
        if line["lineType"] == "Item":
            item = company.tables["items"][line["itemId"]]
            unit = Decimal(item.get("#units", {}).get(line["unitOfMeasureCode"], 1))
            expected[item["number"]] += (line["quantity"] - line["shippedQuantity"]) * unit
    sold: dict[str, Decimal] = defaultdict(Decimal)
    path = "outstandingSalesLines?$filter=documentType eq 'Order'"
    for row in wholesaler.rows(url(wholesaler, path)):
        assert row["outstandingQtyBase"] > 0
        sold[row["itemNo"]] += Decimal(str(row["outstandingQtyBase"]))
    assert sold == {number: quantity for number, quantity in expected.items() if quantity > 0}
    every = rows(wholesaler, "outstandingSalesLines")
    assert {row["documentType"] for row in every} == {"Order", "Return_x0020_Order"}
    rest = [{**row, "outstandingQtyBase": 0} for row in every]
    assert len({repr(row) for row in rest}) == len(rest)


def test_given_two_equal_lines_of_an_order_then_they_are_one_row(wholesaler: BcClient) -> None:
    company = wholesaler.company
    customer = next(
        r["number"] for r in company.tables["customers"].values() if r["blocked"] == "_x0020_"
    )
    item = next(r["number"] for r in company.tables["items"].values() if not r["blocked"])
    line = {"item": item, "quantity": 2, "location": "AMS"}
    params = {"customer": customer, "lines": [line, line]}
    number = changes.apply_to(company, "new_sales_order", params).split()[-1]
    found = [r for r in rows(wholesaler, "outstandingSalesLines") if r["documentNo"] == number]
    assert [(row["outstandingQtyBase"], row["locationCode"]) for row in found] == [(4, "AMS")]


def test_given_open_purchases_and_transfers_then_they_name_items_and_places(
    wholesaler: BcClient,
) -> None:
    numbers = {row["number"] for row in wholesaler.company.tables["items"].values()}
    bought = rows(wholesaler, "outstandingPurchaseLines")
    assert {row["documentType"] for row in bought} == {"Order", "Return_x0020_Order"}
    assert {row["itemNo"] for row in bought} <= numbers
    moved = rows(wholesaler, "transferLines")
    assert [(row["qtyInTransitBase"], row["outstandingQtyBase"]) for row in moved] == [
        (0, 5),
        (2, 3),
    ]
    path = "itemLedgerEntries?$filter=locationCode eq 'ONDERWEG' and open eq true"
    assert [row["remainingQuantity"] for row in wholesaler.rows(url(wholesaler, path))] == [2]


def test_given_goods_sent_to_another_location_then_its_open_entries_say_so(
    wholesaler: BcClient,
) -> None:
    company = wholesaler.company
    item, there = next(
        (row, company.inventory(row["id"], "AMS"))
        for row in company.tables["items"].values()
        if row["type"] == "Inventory" and not row["blocked"] and "'" not in row["number"]
        if company.stock(row["id"]).get(("AMS", ""), Decimal(0)) >= 2
    )

    def lies(code: str) -> Decimal:
        condition = f"itemNo eq '{item['number']}' and locationCode eq '{code}' and open eq true"
        found = wholesaler.rows(url(wholesaler, f"itemLedgerEntries?$filter={condition}"))
        return sum((Decimal(str(row["remainingQuantity"])) for row in found), Decimal(0))

    elsewhere = lies("RTM")
    move = {"item": item["number"], "quantity": 2, "origin": "AMS", "destination": "RTM"}
    changes.apply_to(company, "transfer_stock", move)
    assert (lies("AMS"), lies("RTM")) == (there - 2, elsewhere + 2)


def test_given_a_query_then_it_is_filtered_selected_paged_and_counted_but_never_sorted(
    wholesaler: BcClient,
) -> None:
    path = url(wholesaler, "itemLedgerEntries")
    numbers = [row["entryNo"] for row in wholesaler.rows(f"{path}?$select=entryNo")]
    assert numbers == sorted(numbers)
    pages = wholesaler.all_pages(f"{path}?$select=entryNo", Prefer="odata.maxpagesize=100")
    assert [row["entryNo"] for page in pages for row in page] == numbers
    assert wholesaler.json(f"{path}?$count=true&$top=1")["@odata.count"] == len(numbers)
    refused = (501, "BadRequest_MethodNotImplemented")
    assert wholesaler.error(f"{path}?$orderby=entryNo") == refused
    assert wholesaler.error(f"{path}?$expand=item")[0] == 400
    assert wholesaler.error(f"{path}?$select=lastModifiedDateTime")[0] == 400
    assert wholesaler.error(f"{path}?$filter=entryType eq 'Nonsense'")[0] == 400
    assert wholesaler.refused("POST", path, {"entryNo": 1})[0] >= 400


def test_given_no_app_then_nothing_is_found(wholesaler: BcClient) -> None:
    missing = (404, "BadRequest_ResourceNotFound")
    assert wholesaler.error(url(wholesaler, "salesLines")) == missing
    control = f"{wholesaler.sandbox.base_url}/_control/settings"
    body = {"company": wholesaler.company.name, "analytics": False}
    assert requests.post(control, json=body, timeout=10).status_code == 200
    for entity_set in (*PROPERTIES, "locations"):
        assert wholesaler.error(url(wholesaler, entity_set)) == missing
    assert requests.post(control, json=body | {"nonsense": 1}, timeout=10).status_code == 400
