from __future__ import annotations

import json
from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.catalogue.entities import ENTITIES, FOR_FILES, selected_entities
from bc_pipeline.sandbox.business_central import analytics
from bc_pipeline_tests.business_central.fake import make_tenant

TYPES = {
    "Guid": "VARCHAR",
    "String": "VARCHAR",
    "Enum": "VARCHAR",
    "Decimal": "DECIMAL(38,10)",
    "Int32": "BIGINT",
    "Boolean": "BOOLEAN",
    "Date": "DATE",
    "DateTimeOffset": "TIMESTAMPTZ",
}
ALWAYS = {
    "bc/companies",
    "bc/company_information",
    "bc/currency_exchange_rates",
    "bc/locations",
    "bc/dimensions",
    "bc/items",
    "bc/item_variants",
    "bc/vendors",
    "bc/purchase_orders",
    "bc/purchase_receipts",
}


def names(home: Path, sync: dict[str, Any] | None = None, **settings: Any) -> set[str]:
    return {
        entity.name
        for entity in selected_entities(make_tenant("https://x", home, sync=sync, **settings))
    }


@pytest.mark.parametrize(
    ("sync", "settings", "more"),
    [
        ({}, {}, {"bc/sales_invoices", "bc/sales_orders"}),
        ({"deduct_sales_orders": False}, {}, {"bc/sales_invoices"}),
        (
            {"sell_order_source": "sales_orders", "deduct_sales_orders": False},
            {},
            {"bc/sales_orders", "bc/sales_invoices", "bc/sales_shipments"},
        ),
        ({"sell_order_source": "sales_shipments"}, {}, {"bc/sales_shipments", "bc/sales_orders"}),
        (
            {"deduct_sales_orders": False},
            {
                "item_page_name": "Artikel",
                "item_units_page_name": "Artikeleenheden",
                "inventory_by_location": True,
                "bom_components": True,
            },
            {
                "bc/sales_invoices",
                "bc/item_page",
                "bc/item_units_of_measure",
                "bc/inventory_by_locations",
                "bc/bom_components",
            },
        ),
        (
            {"locations": ["AMS"]},
            {},
            {
                "bc/sales_invoices",
                "bc/sales_orders",
                "bc/stock_by_location",
                "bc/outstanding_sales",
                "bc/inventory_by_locations",
            },
        ),
        (
            {"locations": ["AMS"], "stock_source": "analytics", "deduct_sales_orders": False},
            {},
            {"bc/sales_invoices", "bc/stock_by_location"},
        ),
        (
            {"locations": ["AMS"], "deduct_sales_orders": False},
            {"inventory_by_location": False},
            {"bc/sales_invoices", "bc/stock_by_location"},
        ),
        (
            {"stock_source": "extension", "deduct_sales_orders": False},
            {},
            {"bc/sales_invoices", "bc/inventory_by_locations"},
        ),
        (
            {"stock_source": "items", "deduct_sales_orders": False},
            {"inventory_by_location": True},
            {"bc/sales_invoices"},
        ),
    ],
)
def test_given_a_configuration_then_just_the_sources_it_needs_are_read(
    tmp_path, sync, settings, more
):
    assert names(tmp_path, sync, **settings) == ALWAYS | more


def test_given_accounting_exports_then_what_their_records_refer_to_is_read_once_a_day(tmp_path):
    tenant = make_tenant("https://x", tmp_path)
    exports = tenant.exports.model_copy(update={"accounting": True})

    selected = selected_entities(tenant.model_copy(update={"exports": exports}))

    assert {entity.name for entity in selected} == names(tmp_path) | set(FOR_FILES)
    assert all(ENTITIES[name].keeps == timedelta(days=1) for name in FOR_FILES)


def test_given_the_list_then_only_stamped_documents_and_vendors_are_read_incrementally():
    incremental = {entity.name for entity in ENTITIES.values() if entity.mode == "incremental"}

    assert incremental == {
        "bc/vendors",
        "bc/sales_invoices",
        "bc/purchase_receipts",
        "bc/sales_shipments",
    }
    for name in incremental:
        assert ENTITIES[name].table.stamp == "lastModifiedDateTime"
        assert ENTITIES[name].route == "company"


@pytest.mark.parametrize("entity", ENTITIES.values(), ids=lambda entity: entity.name)
def test_given_an_entity_then_its_declaration_holds_together(entity):
    assert ENTITIES[entity.name] is entity
    assert entity.name == f"bc/{entity.table.name}"
    assert entity.why
    assert 0 < entity.page_size <= 20_000
    assert (entity.lines is None) == (entity.expand is None)
    assert set(entity.table.key) <= set(entity.table.selected)
    if entity.lines:
        assert entity.lines.parent in entity.lines.columns
        assert len(entity.table.key) == 1
    if entity.route in ("page", "extension", "analytics"):
        assert entity.optional


@pytest.mark.parametrize(
    "entity",
    [entity for entity in ENTITIES.values() if entity.route == "analytics"],
    ids=lambda entity: entity.name,
)
def test_given_an_entity_of_the_analytics_api_then_it_offers_what_is_selected(entity):
    offered = analytics.SETS[entity.path][0].fields
    assert {name: TYPES[offered[name].type] for name in entity.table.selected} == dict(
        entity.table.columns
    )


def test_given_outstanding_sales_then_all_but_the_quantity_tells_its_rows_apart():
    table = ENTITIES["bc/outstanding_sales"].table
    offered = analytics.SETS["outstandingSalesLines"][0].fields
    assert {*table.key, "outstandingQtyBase"} == set(offered) == set(table.columns)


@pytest.mark.parametrize(
    "entity",
    [entity for entity in ENTITIES.values() if entity.route in ("company", "companies")],
    ids=lambda entity: entity.name,
)
def test_given_a_standard_entity_then_bc_offers_what_is_selected_with_these_types(entity):
    for path, table in ((entity.path, entity.table), (entity.expand, entity.lines)):
        if table is None:
            continue
        offered = fields(path)
        for name in table.selected:
            assert name in offered, f"{path} has no {name}"
            assert table.columns[name] == TYPES[offered[name]], name
        assert not table.absent & set(offered)


def fields(entity_set: str) -> dict[str, str]:
    text = resources.files("bc_pipeline.sandbox") / "company/entity_sets/entities.json"
    known = {each["set"]: each for each in json.loads(text.read_text())}[entity_set]
    return {name: field["type"] for name, field in known["fields"].items()}
