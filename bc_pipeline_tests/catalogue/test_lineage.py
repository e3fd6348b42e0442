"""Where attributes come from, in words and columns, agrees with the SQL that makes them."""

from __future__ import annotations

import pytest

from bc_pipeline.catalogue.columns import COLUMNS, KEY_COLUMNS
from bc_pipeline.catalogue.lineage import LINEAGE
from bc_pipeline.catalogue.resources import RESOURCES
from bc_pipeline.catalogue.tables import TABLES
from bc_pipeline.catalogue.tasks import BY_NAME
from bc_pipeline.mapping.wanted import PLANS
from bc_pipeline.tenants.settings import SyncOptions
from bc_pipeline_tests.mapping.mirror import ALL_SOURCES, NOW, TODAY, MappingInput

VARIETY = (
    SyncOptions(locations=("AMS",), variant_mode="variant", send_stock_measurement_unit=True),
    SyncOptions(locations=("AMS",), lot_size_from_purchase_unit=True),
    SyncOptions(sell_order_source="sales_orders"),
    SyncOptions(sell_order_source="sales_shipments"),
)


def sql_of(resource: str) -> str:
    """All that a mapping may consist of, whatever a tenant's settings and sources are."""
    texts = []
    for options in VARIETY:
        for sources in (ALL_SOURCES, ALL_SOURCES - {"bc.stock_by_location"}, frozenset[str]()):
            inputs = MappingInput(
                run_no=1, today=TODAY, now=NOW, sources=sources, bom=bool(sources)
            )
            plan = PLANS[resource](options, inputs)
            texts += [*plan.steps.values(), plan.wanted]
    return "\n".join(texts)


@pytest.mark.parametrize("resource", RESOURCES)
def test_every_attribute_tells_where_it_comes_from_in_the_order_it_is_sent(resource: str) -> None:
    assert list(LINEAGE[resource]) == [each.name for each in RESOURCES[resource].attributes]
    for origin in LINEAGE[resource].values():
        assert origin.rule
        assert origin.rule[-1] != "."


@pytest.mark.parametrize("resource", RESOURCES)
def test_what_they_come_from_is_there_and_named_in_their_sql(resource: str) -> None:
    sql = sql_of(resource)
    for attribute, origin in LINEAGE[resource].items():
        for source in origin.sources:
            group, name = source.table.split(".")
            declared = TABLES[name].columns if group == "bc" else {**KEY_COLUMNS, **COLUMNS[name]}
            assert source.column in declared, (attribute, source)
            assert source.column in sql, (attribute, source)
            assert source.table in sql or source.table.replace("optiply.", "sync.") in sql
            assert source.task in BY_NAME
