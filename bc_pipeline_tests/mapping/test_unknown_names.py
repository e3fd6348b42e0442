"""Settings that name what Business Central does not have (decisions 18)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest

from bc_pipeline.catalogue.resources import RESOURCES as OPTIPLY
from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import guid, line
from bc_pipeline_tests.mapping.mirror import ALL_SOURCES, Company, as_sent, new_company
from bc_pipeline_tests.mapping.test_masters_gone import DOCUMENTS, KEYS, standing

pytestmark = pytest.mark.covers("decision 18")

OPTIONS = SyncOptions(quantity_scale={"BULK": 10})
SOURCES = ALL_SOURCES - {"bc.item_page", "bc.inventory_by_locations"}
FACTS: dict[str, Any] = {"sources": SOURCES, "bom": True}
RESOURCES = ("products", "suppliers", *DOCUMENTS)


def write(company: Company, *resources: str, **inputs: Any) -> None:
    """A run that writes all it can."""
    for number, resource in enumerate(resources):
        company.build(resource, OPTIONS, **{**FACTS, **inputs})
        company.written(resource, 1000 * (number + 1))


def changed(company: Company, resource: str, options: SyncOptions, **inputs: Any) -> dict[str, Any]:
    """Attributes that a run would change in rows that stand in Optiply."""
    before = standing(company, resource)
    attributes = {each.name: each for each in OPTIPLY[resource].attributes}
    rows = company.build(resource, options, **{**FACTS, **inputs})
    found = {}
    for key, known in before.items():
        row = rows.get(key)
        assert row is not None, f"{resource} {key} would be taken away"
        assert row["decision"] != "remove"
        if row["decision"] not in ("write", "update_only"):
            continue
        sent = {n: as_sent(v) for n, v in row.items() if n not in KEYS}
        differing = {
            n: v
            for n, v in sent.items()
            if known.get(n) != v and (v is not None or attributes[n].clearable)
        }
        if differing:
            found[key] = differing
    return found


@pytest.fixture(scope="module")
def filled() -> Iterator[Company]:
    """Item A is counted in tenths of its unit, B and C are not; documents of each in Optiply."""
    company = new_company(optimizer=False)
    company.company_currency("EUR")
    company.item("A", itemCategoryCode="BULK", inventory=7)
    company.item("B", itemCategoryCode="DRY")
    company.item("C")
    company.vendor("V1")
    company.unit("A", "BOX", 12)
    company.purchase_order(
        "P",
        line("A", 2, netAmount=30, directUnitCost=15, unitOfMeasureCode="BOX", receivedQuantity=1),
        line("B", 3, netAmount=9, directUnitCost=3),
    )
    company.receipt("R", line("A", 1, unitOfMeasureCode="BOX"), order="P")
    company.invoice("S", line("A", 1, netAmount=5), line("C", 2, netAmount=5))
    company.bom("B", "A", 2)
    write(company, *RESOURCES)
    yield company
    company.cursor.close()


@pytest.fixture
def shop(filled: Company) -> Iterator[Company]:
    with filled.undone() as company:
        yield company


def rename(company: Company, old: str, new: str) -> None:
    company.cursor.execute(
        "UPDATE bc.items SET itemCategoryCode = ? WHERE itemCategoryCode = ?", [new, old]
    )


@pytest.mark.parametrize("page", [False, True])
@pytest.mark.parametrize("resource", RESOURCES)
def test_given_a_category_renamed_in_business_central_then_its_items_stay_as_they_are(
    shop: Company, resource: str, page: bool
) -> None:
    sources = ALL_SOURCES if page else SOURCES
    if page:
        shop.page("A", Vendor_No="V1", Unit_Cost=3, Minimum_Order_Quantity=2, Order_Multiple=2)
        shop.page("B", Vendor_No="V1", Unit_Cost=3)
        shop.stock("A", "", 7)
        write(shop, "supplier_products", sources=sources)
    rename(shop, "BULK", "HEAP")
    unknown = frozenset({"BULK"})

    found = changed(shop, resource, OPTIONS, unknown_categories=unknown, sources=sources)

    assert found == {}


def test_given_several_runs_and_then_the_right_name_then_nothing_was_ever_changed(
    shop: Company,
) -> None:
    rename(shop, "BULK", "HEAP")
    unknown = frozenset({"BULK"})
    for _ in range(2):
        rows = shop.build("products", OPTIONS, **FACTS, unknown_categories=unknown)
        for key, row in rows.items():
            shop.cursor.execute(
                "UPDATE sync.products SET extra = CAST(? AS JSON) WHERE remote_id = ?",
                [json.dumps(row["extra"]), key],
            )
        assert changed(shop, "products", OPTIONS, unknown_categories=unknown) == {}

    corrected = SyncOptions(quantity_scale={"HEAP": 10})
    for resource in RESOURCES:
        assert changed(shop, resource, corrected) == {}, resource


def test_given_an_unknown_category_then_items_it_cannot_mean_go_on(shop: Company) -> None:
    rename(shop, "BULK", "HEAP")
    shop.cursor.execute("UPDATE bc.items SET inventory = 99")

    found = changed(shop, "products", OPTIONS, unknown_categories=frozenset({"BULK"}))

    assert found == {guid("B"): {"stockLevel": 99}, guid("C"): {"stockLevel": 99}}


def test_given_a_misspelt_category_then_new_items_with_a_category_wait(company: Company) -> None:
    company.item("A", itemCategoryCode="BULK")
    company.item("C")
    options = SyncOptions(quantity_scale={"BLUK": 10})

    rows = company.build("products", options, unknown_categories=frozenset({"BLUK"}))

    assert rows[guid("A")]["decision"] == "defer"
    assert rows[guid("C")]["decision"] == "write"


def test_given_a_renamed_tax_group_then_prices_stay_where_no_percentage_fits(
    company: Company,
) -> None:
    company.item("A", taxGroupCode="HOOG", priceIncludesTax=True, unitPrice=121)
    options = SyncOptions(vat_percent_by_tax_group={"HOOG": Decimal(21)})
    assert company.build("products", options, **FACTS)[guid("A")]["price"] == 100
    company.written("products")
    company.cursor.execute("UPDATE bc.items SET taxGroupCode = 'HIGH'")

    assert changed(company, "products", options, unknown_tax_group=True) == {}
    assert changed(company, "products", options)[guid("A")] == {"price": None}


def test_given_an_article_code_field_that_is_not_there_then_the_code_stays(
    company: Company,
) -> None:
    company.item("A", itemCategoryCode="DESK")
    company.build("products", SyncOptions(article_code_field="itemCategoryCode"), **FACTS)
    company.written("products")

    options = SyncOptions(article_code_field="category")

    assert changed(company, "products", options, unknown_article_code=True) == {}


def test_given_an_unknown_location_then_no_stock_is_sent_and_the_rest_goes_on(
    company: Company,
) -> None:
    company.product("A", displayName="New name")
    company.item("B")
    company.stock("A", "AMS", 5)
    company.stock("B", "AMS", 5)
    options = SyncOptions(locations=("AMSTERDAM",))

    rows = company.build("products", options, sources=ALL_SOURCES, stock_held="a typing mistake")

    assert (rows[guid("A")]["decision"], rows[guid("A")]["name"]) == ("write", "New name")
    assert rows[guid("A")]["stockLevel"] is None
    assert (rows[guid("B")]["decision"], rows[guid("B")]["reason"]) == ("defer", "a typing mistake")
