"""Building the wanted tables: their shape, repeatability and warnings."""

from __future__ import annotations

from typing import Any

import pytest

from bc_pipeline.catalogue.columns import COLUMNS
from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.mapping import MappingInput
from bc_pipeline.mapping.wanted import PLANS
from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.documents import guid, line
from bc_pipeline_tests.mapping.mirror import ALL_SOURCES, NOW, TODAY, Company

EVERY_DECISION = {"write", "update_only", "skip", "quarantine", "defer", "remove"}
MANY_OPTIONS = [
    SyncOptions(),
    SyncOptions(
        variant_mode="variant",
        sell_order_source="sales_orders",
        receipt_source="po_lines",
        locations=("MAIN",),
        send_stock_measurement_unit=True,
        assembled_keep_stock=True,
        lot_size_from_purchase_unit=True,
        quantity_scale={"it's": 10},
    ),
    SyncOptions(
        sell_order_source="sales_shipments",
        deduct_sales_orders=False,
        allow_negative_receipts=True,
        pull_all_orders=True,
    ),
]


def test_given_the_resources_then_each_has_a_mapping() -> None:
    assert list(PLANS) == list(RESOURCES)


@pytest.mark.parametrize("options", MANY_OPTIONS)
@pytest.mark.parametrize("sources", [frozenset(), ALL_SOURCES])
def test_given_an_empty_mirror_then_every_table_has_the_declared_columns_and_no_rows(
    company: Company, options: SyncOptions, sources: frozenset[str]
) -> None:
    for resource in RESOURCES:
        assert company.build(resource, options, sources=sources, bom=bool(sources)) == {}
        types = {
            row["column_name"]: row["column_type"]
            for row in company.rows(f"DESCRIBE optiply.{resource}")
        }
        plain = {name: kind.replace('"', "") for name, kind in COLUMNS[resource].items()}
        assert list(types)[6:] == list(plain)
        for name, kind in plain.items():
            wanted = kind.replace("TIMESTAMPTZ", "TIMESTAMP WITH TIME ZONE")
            assert types[name].replace('"', "") == wanted


def test_given_one_mirror_when_built_twice_then_the_rows_are_the_same_and_warnings_once(
    company: Company,
) -> None:
    company.item("A", gtin="1", inventory="1.5")
    company.item("B", gtin="1")
    first = company.build("products")
    assert company.build("products") == first
    assert len(company.warnings("duplicate_gtin")) == 2
    company.build("products", run_no=2)
    assert len(company.warnings("duplicate_gtin")) == 4


def test_given_a_built_table_then_nothing_temporary_stays_behind(company: Company) -> None:
    for resource in RESOURCES:
        company.build(resource)
    assert company.rows("SELECT table_name FROM duckdb_tables() WHERE temporary") == []


def test_given_a_built_table_then_the_report_counts_rows_decisions_and_warnings(
    company: Company,
) -> None:
    company.item("A", inventory="1.5")
    company.item("B", type="Service")
    company.build("products")
    assert company.report.rows == 2
    assert company.report.decisions == {"write": 1, "update_only": 1}
    assert company.report.warnings == {"fractional_quantity": 1}


def test_given_an_unknown_resource_then_it_is_an_error(company: Company) -> None:
    with pytest.raises(KeyError):
        company.build("nonsense")


def test_given_a_source_that_is_not_optional_then_facts_refuse_it() -> None:
    with pytest.raises(ValueError, match=r"bc/item_page"):
        MappingInput(1, TODAY, NOW, sources=frozenset({"bc/item_page"}))


def test_given_quotes_and_unicode_everywhere_then_they_arrive_as_they_are(
    company: Company,
) -> None:
    name = 'O\'Neil "Größe" %s {x} $1 \\ 🪑'
    company.item("A'\"1", displayName=name, baseUnitOfMeasureCode="ST'K")
    company.vendor("V'1", displayName=name)
    row = company.build("products", SyncOptions(send_stock_measurement_unit=True))[guid("A'\"1")]
    assert (row["name"], row["skuCode"], row["stockMeasurementUnit"]) == (name, "A'\"1", "ST'K")
    assert company.build("suppliers")[guid("vendor V'1")]["name"] == name


def test_given_upper_case_ids_and_padded_codes_then_records_still_find_each_other(
    company: Company,
) -> None:
    company.product("A", 1)
    company.cursor.execute("UPDATE bc.items SET id = '{' || upper(id) || '}'")
    invoice = company.invoice("1", line("A", 1, netAmount=5, unitOfMeasureCode=" PCS "))
    assert company.build("products")[guid("A")]["decision"] == "write"
    assert company.build("sell_orders")[invoice]["decision"] == "write"


def test_given_every_kind_of_record_then_each_has_one_of_the_decisions_and_reasons_where_due(
    company: Company,
) -> None:
    company.product("A", 1, inventory="0.5")
    company.item("B", blocked=True)
    company.item("C", inventory=None)
    company.item("", id=guid("empty"), displayName="")
    company.supplier("V1")
    company.vendor("V2", blocked="All")
    company.purchase_order("P1", line("A", 2), line("C", 1))
    company.invoice("1", line("A", 1, unitOfMeasureCode="BAG"))
    company.invoice("2", line("A", 1), status="Canceled")
    company.invoice("3", line("B", 1))
    company.receipt("R1", line("A", 2), line("A", -2, sequence=15000), order="P1")
    seen: list[dict[str, Any]] = []
    for resource in RESOURCES:
        seen += company.build(resource).values()
        if resource.startswith("buy_order"):
            company.written(resource)
    assert {row["decision"] for row in seen} == EVERY_DECISION
    for row in seen:
        assert bool(row["reason"]) == (row["decision"] != "write"), row
