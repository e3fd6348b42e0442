"""Checks over a tenant's snapshot."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bc_pipeline.business_central.lookup.dimensions import MappingFinding
from bc_pipeline.orchestration.checks import dimensions, outbound, records, run_outcome
from bc_pipeline.orchestration.checks.check import CheckInput, Finding, outcome
from bc_pipeline.orchestration.checks.table import CHECKS, checks_of
from bc_pipeline.report import EntityResult, Problem
from bc_pipeline.run.dependencies import dependencies
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.tenants.settings import BusinessCentralSettings, OptiplySettings, Tenant
from bc_pipeline.to_business_central.export_types import Offender, Preparation

NOW = datetime(2026, 8, 22, 12, tzinfo=UTC)
GUID = "5b1e0c2e-0000-4000-8000-000000000001"
AGE_CHECKS = ("fresh", "mirror_fresh", "stock_fresh")


@pytest.fixture
def given(tmp_path: Path) -> Iterator[CheckInput]:
    tenant = Tenant(
        name="acme",
        home=tmp_path,
        snapshot_dir=tmp_path / "acme",
        business_central=BusinessCentralSettings(
            environment_name="Production", company="CRONUS", client_id="a", client_secret="b"
        ),
        optiply=OptiplySettings(
            client_id="a",
            client_secret="b",
            username="c",
            password="d",
            account_id=1,
            coupling_id=2,
        ),
    )
    with Snapshot.open(tenant.snapshot_dir) as snapshot, snapshot.cursor() as cursor:
        cursor.execute(
            "CREATE TABLE optiply.products (remote_id VARCHAR, reference VARCHAR, decision VARCHAR)"
        )
        yield CheckInput(
            "optiply/products", tenant, cursor, EntityResult(name="optiply/products"), NOW
        )


def about(given: CheckInput, name: str, **result) -> CheckInput:
    return replace(given, name=name, result=EntityResult(name=name, **result))


def items(given: CheckInput, *rows: tuple[str, str | None]) -> None:
    for number, gtin in rows:
        given.cursor.execute(
            "INSERT INTO bc.items (id, number, gtin) VALUES (?, ?, ?)", [number, number, gtin]
        )


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_every_check_passes_on_a_new_tenants_empty_snapshot(given: CheckInput, check):
    candidates = ("bc/items", "bc/dimensions", "optiply/products", "outbound/customers")
    names = [name for name in candidates if check.applies_to(name)]

    for name in names:
        # What was never read or sent is not fresh (decision 31).
        assert check.evaluate(about(given, name)).passed is (check.name not in AGE_CHECKS)


def test_given_two_items_with_one_gtin_then_they_are_named(given: CheckInput):
    items(given, ("1000", "871"), ("1001", "871"), ("1002", "872"), ("1003", ""), ("1004", None))
    items(given, ("1005", " "), ("1006", ""))

    finding = records.unique_gtin(about(given, "bc/items"))

    assert not finding.passed
    assert finding.sample == [{"gtin": "871", "items": 2, "numbers": "1000, 1001"}]


def test_given_stock_by_location_then_its_sums_are_compared_where_both_reads_are_of_one_run(
    given: CheckInput,
):
    options = given.tenant.sync.model_copy(update={"locations": ("AMS",)})
    given = replace(given, tenant=given.tenant.model_copy(update={"sync": options}))
    for number, inventory, lying in (("A", 5, (3, 2)), ("B", 5, (3,)), ("C", 0, ())):
        given.cursor.execute(
            "INSERT INTO bc.items (id, number, type, inventory) VALUES ($1, $1, 'Inventory', $2)",
            [number, inventory],
        )
        for quantity in lying:
            given.cursor.execute(
                "INSERT INTO bc.stock_by_location (entryNo, itemNo, remainingQuantity) "
                "VALUES (1, ?, ?)",
                [number, quantity],
            )
    assert records.stock_sums_agree(given).passed, "nothing was read"

    for name in ("bc/items", "bc/stock_by_location"):
        given.cursor.execute(
            "INSERT INTO ops.reads (run_no, entity, complete) VALUES (1, ?, true)", [name]
        )
    finding = records.stock_sums_agree(given)

    assert not finding.passed
    assert finding.sample == [{"number": "B", "inventory": 5, "lying": 3}]


def test_given_a_source_that_is_not_needed_then_it_is_not_late(given: CheckInput):
    options = given.tenant.sync.model_copy(update={"locations": ("AMS",)})
    given = replace(given, tenant=given.tenant.model_copy(update={"sync": options}))
    extension = about(given, "bc/inventory_by_locations")
    assert not run_outcome.fresh(extension).passed

    given.cursor.execute(
        "INSERT INTO ops.reads (run_no, entity, complete) VALUES (1, 'bc/stock_by_location', true)"
    )

    finding = run_outcome.fresh(extension)
    assert (finding.passed, finding.description) == (
        True,
        "bc/inventory_by_locations is not needed: bc/stock_by_location tells the same",
    )
    mode = "not needed: bc/stock_by_location tells the same"
    told = run_outcome.read_complete(about(given, "bc/inventory_by_locations", mode=mode))
    assert (told.passed, told.description) == (True, f"Not read, {mode}")


def test_given_lines_of_unknown_items_then_references_do_not_resolve(given: CheckInput):
    items(given, ("known", None))
    for item in ("known", "lost", "lost", "", records.NO_GUID, None):
        given.cursor.execute(
            "INSERT INTO bc.purchase_order_lines (id, documentId, itemId) VALUES ('x', 'po', ?)",
            [item],
        )
    given.cursor.execute(
        "INSERT INTO bc.purchase_orders (id, number, vendorId) VALUES ('po', '1', '')"
    )

    finding = records.references_resolve(about(given, "optiply/buy_orders"))

    assert not finding.passed
    assert finding.sample == [
        {"reference": "purchase_order_lines.itemId", "value": "lost", "rows": 2}
    ]


@pytest.mark.parametrize("name", sorted(records.REFERENCES))
def test_every_declared_reference_is_a_valid_query(given: CheckInput, name: str):
    assert records.references_resolve(about(given, name)).passed


@pytest.mark.parametrize(("standing", "passed"), [(200, True), (198, True), (197, False)])
def test_given_records_missing_in_optiply_then_one_percent_is_tolerated(
    given: CheckInput, standing: int, passed: bool
):
    given.cursor.execute(
        "INSERT INTO optiply.products SELECT range::VARCHAR, '', 'write' FROM range(200)"
    )
    given.cursor.execute("INSERT INTO optiply.products VALUES ('s', '', 'skip')")
    given.cursor.execute(
        "INSERT INTO sync.products (remote_id, optiply_id, state) "
        "SELECT range::VARCHAR, range, 'active' FROM range(?)",
        [standing],
    )

    finding = records.counts_agree(given)

    assert finding.passed is passed
    assert finding.metadata == {
        "wanted": 200,
        "in_optiply": standing,
        "missing": 200 - standing,
    }


def test_given_quarantined_records_then_reason_and_command_are_shown(given: CheckInput):
    given.cursor.execute(
        "INSERT INTO sync.products (remote_id, state, reason, attempts, next_attempt_run) "
        "VALUES ('id-1', 'quarantined', 'name is too long', 2, 7), ('id-2', 'active', NULL, 0, 0)"
    )

    finding = records.none_quarantined(given)

    assert not finding.passed
    assert "bc-pipeline retry acme products" in finding.description
    assert [row["reason"] for row in finding.sample] == ["name is too long"]


@pytest.mark.covers("decision 34")
def test_samples_of_quarantined_records_show_number_and_name(given: CheckInput):
    given.cursor.execute(
        "INSERT INTO bc.items (id, number, displayName) VALUES (?, '1000', 'Bicycle')", [GUID]
    )
    given.cursor.execute(
        "INSERT INTO sync.products (remote_id, state, reason) VALUES (?, 'quarantined', 'no')",
        [GUID],
    )

    finding = records.none_quarantined(given)

    assert finding.sample == [{"number": "1000", "name": "Bicycle", "reason": "no", "tries": None}]
    assert "bc-pipeline records acme products --state quarantined" in finding.description


@pytest.mark.covers("decision 34")
def test_samples_of_dangling_references_show_number_and_name(given: CheckInput):
    given.cursor.execute(
        "INSERT INTO bc.purchase_order_lines "
        "(id, documentId, itemId, lineObjectNumber, description) "
        "VALUES ('x', 'po', ?, '1896-S', 'ATHENS Desk')",
        [GUID],
    )
    given.cursor.execute("INSERT INTO bc.purchase_orders (id, number) VALUES ('po', '1')")

    finding = records.references_resolve(about(given, "optiply/buy_orders"))

    assert [row["value"] for row in finding.sample] == ["1896-S ATHENS Desk"]


@pytest.mark.covers("decision 34")
def test_samples_of_refused_records_show_their_name(given: CheckInput):
    given.cursor.execute(
        "INSERT INTO outbound.ledger (entity, key, state, record) "
        """VALUES ('customers', 'k', 'failed', '{"companyName": "Adatum"}')"""
    )

    finding = outbound.none_failed(about(given, "outbound/customers"))

    assert finding.sample[0]["name"] == "Adatum"


def test_given_an_incomplete_read_then_its_reason_is_told(given: CheckInput):
    problem = Problem("bc/items", None, "blocked", "Page 3 was cut short.")

    finding = run_outcome.read_complete(
        about(given, "bc/items", complete=False, problems=[problem])
    )

    assert not finding.passed
    assert "Page 3 was cut short." in finding.description


def test_given_a_held_back_deletion_then_the_check_fails(given: CheckInput):
    problem = Problem("optiply/products", None, "guard", "500 of 510 would be taken away.")

    finding = run_outcome.deletion_guard(about(given, "optiply/products", problems=[problem]))

    assert not finding.passed
    assert "500 of 510" in finding.description


def were_read(given: CheckInput, run_no: int, minutes: int, *names: str, complete: bool = True):
    """A run some minutes ago that read these entities; without names all of the tenant's."""
    given.cursor.execute(
        "INSERT INTO ops.runs (run_no, started_at) VALUES (?, ?)",
        [run_no, NOW - timedelta(minutes=minutes)],
    )
    for name in names or [each for each in dependencies(given.tenant) if each.startswith("bc/")]:
        given.cursor.execute(
            "INSERT INTO ops.reads (run_no, entity, complete, reason) VALUES (?, ?, ?, ?)",
            [run_no, name, complete, None if complete else "HTTP 403"],
        )


@pytest.mark.parametrize(("minutes", "passed"), [(89, True), (91, False)])
def test_given_an_old_mirror_then_it_is_late_after_ninety_minutes(
    given: CheckInput, minutes: int, passed: bool
):
    were_read(given, 1, 5)
    given.cursor.execute("DELETE FROM ops.reads WHERE entity = 'bc/items'")
    were_read(given, 2, minutes, "bc/items")

    finding = run_outcome.mirror_fresh(given)

    assert finding.passed is passed
    if not passed:
        assert "bc/items was last read 2026-08-22 10:29 UTC" in finding.description
        assert outcome(finding, "warn") == "warned"


def test_given_an_incomplete_newer_read_then_the_older_complete_one_counts(given: CheckInput):
    were_read(given, 1, 200)
    were_read(given, 2, 5, complete=False)

    assert not run_outcome.mirror_fresh(given).passed


@pytest.mark.covers("decision 31")
def test_given_a_source_that_was_never_read_then_the_mirror_is_not_fresh(given: CheckInput):
    were_read(given, 1, 5)
    given.cursor.execute("DELETE FROM ops.reads WHERE entity = 'bc/item_variants'")

    finding = run_outcome.mirror_fresh(given)

    assert outcome(finding, "warn") == "failed"
    assert finding.description == "Made from an old mirror: bc/item_variants was never read"
    assert finding.sample == [{"entity": "bc/item_variants", "read_at": None}]


def test_given_an_optional_source_that_is_not_there_then_doing_without_is_no_staleness(
    given: CheckInput,
):
    tenant = given.tenant.model_copy(
        update={
            "business_central": given.tenant.business_central.model_copy(
                update={"item_page_name": "Item_Card"}
            )
        }
    )
    given = replace(given, tenant=tenant)
    were_read(given, 1, 5)
    were_read(given, 2, 3, "bc/item_page", complete=False)
    given.cursor.execute(
        "INSERT INTO ops.warnings (run_no, entity, kind) "
        "VALUES (2, 'bc/item_page', 'source_absent')"
    )

    assert run_outcome.mirror_fresh(given).passed
    assert (
        run_outcome.fresh(about(given, "bc/item_page")).description == "bc/item_page is not there"
    )


def test_what_lines_are_made_from_counts_by_way_of_their_orders(given: CheckInput):
    were_read(given, 1, 5)
    given.cursor.execute("DELETE FROM ops.reads WHERE entity = 'bc/purchase_orders'")

    finding = run_outcome.mirror_fresh(about(given, "optiply/buy_order_lines"))

    assert not finding.passed
    assert "bc/purchase_orders was never read" in finding.description


@pytest.mark.covers("decision 29")
def test_the_freshness_of_an_entity_is_its_own_whatever_the_others_do(given: CheckInput):
    were_read(given, 1, 7 * 24 * 60)
    were_read(given, 2, 5, "bc/vendors")
    were_read(given, 3, 5, "bc/items", complete=False)

    items, vendors = (run_outcome.fresh(about(given, name)) for name in ("bc/items", "bc/vendors"))

    assert vendors.passed
    assert outcome(items, "error") == "failed"
    assert items.description == "bc/items was last read 2026-08-15 12:00 UTC: HTTP 403"


@pytest.mark.covers("decision 29")
def test_what_was_not_sent_whole_is_as_old_as_the_last_time_it_was(given: CheckInput):
    were_read(given, 1, 200)
    were_read(given, 2, 5)
    given.cursor.execute(
        "INSERT INTO ops.entity_counts VALUES (1, 'optiply/products', 'sent', 1), "
        "(1, 'optiply/suppliers', 'sent', 1), (2, 'optiply/suppliers', 'sent', 1), "
        "(2, 'optiply/products', 'created', 3)"
    )

    products, suppliers = (
        run_outcome.fresh(about(given, f"optiply/{name}")) for name in ("products", "suppliers")
    )

    assert suppliers.passed
    assert products.description == "optiply/products was last sent 2026-08-22 08:40 UTC"


@pytest.mark.covers("decision 33")
def test_a_dry_run_makes_nothing_fresh(given: CheckInput):
    were_read(given, 1, 200)
    were_read(given, 2, 5)
    given.cursor.execute("UPDATE ops.runs SET dry_run = true WHERE run_no = 2")

    assert not run_outcome.mirror_fresh(given).passed


def dimension(given: CheckInput, *codes: str) -> None:
    dimensions_were_read(given)
    for code in codes:
        given.cursor.execute("INSERT INTO bc.dimensions (id, code) VALUES (?, ?)", [code, code])


def configure(given: CheckInput, text: str) -> None:
    (given.tenant.snapshot_dir / "tenant-config.json").write_text(text)


def dimension_finding(given: CheckInput) -> Finding:
    return dimensions.dimension_mappings_exist(about(given, "bc/dimensions"))


def test_given_all_mapped_dimensions_exist_then_the_check_passes(given: CheckInput):
    dimension(given, "CLASS", "DEPARTMENT", "AREA")

    assert dimension_finding(given).passed


def test_given_only_the_default_names_a_missing_dimension_then_it_is_a_warning(given: CheckInput):
    dimension(given, "DEPARTMENT")

    finding = dimension_finding(given)

    assert outcome(finding, "error") == "warned"
    assert "class -> CLASS" in finding.description


def test_given_the_tenants_file_names_a_missing_dimension_then_it_is_an_error(given: CheckInput):
    dimension(given, "DEPARTMENT")
    configure(given, '{"dynamics-bc": {"dimension_mappings": {"class": "CLASS"}}}')

    finding = dimension_finding(given)

    assert outcome(finding, "error") == "failed"
    assert "tenant-config.json" in finding.description


def test_given_a_code_in_lower_case_then_it_is_the_same_code(given: CheckInput):
    """Business Central keeps codes in capitals; the writers find the dimension too."""
    dimension(given, "CLASS")
    configure(given, '{"dynamics-bc": {"dimension_mappings": {"class": "class"}}}')

    assert dimension_finding(given).passed


def test_given_an_empty_mapping_then_nothing_is_missing(given: CheckInput):
    configure(given, '{"dynamics-bc": {}}')

    assert dimension_finding(given).passed


def test_given_an_unreadable_file_then_the_check_fails_and_names_it(given: CheckInput):
    configure(given, "{")

    finding = dimension_finding(given)

    assert outcome(finding, "warn") == "failed"
    assert "tenant-config.json" in finding.description


def test_every_read_is_checked_for_completeness_and_every_written_entity_for_its_guard():
    assert "read_complete" in [check.name for check in checks_of("bc/vendors")]
    assert "deletion_guard" in [check.name for check in checks_of("optiply/suppliers")]
    assert "deletion_guard" not in [check.name for check in checks_of("bc/vendors")]


def test_given_a_blocked_mapped_dimension_then_the_check_fails(given: CheckInput):
    dimension(given, "CLASS")
    given.cursor.execute("UPDATE bc.dimensions SET blocked = true")
    configure(given, '{"dynamics-bc": {"dimension_mappings": {"class": "CLASS"}}}')

    finding = dimension_finding(given)

    assert outcome(finding, "error") == "failed"
    assert "class -> CLASS is blocked" in finding.description


REGION = '{"dynamics-bc": {"dimension_mappings": {"region": "REGION"}}}'


def before_writing(given: CheckInput, preparation: Preparation | None) -> Finding:
    return outbound.mappings_exist(
        replace(about(given, "outbound/customers"), preparation=preparation)
    )


def dimensions_were_read(given: CheckInput) -> None:
    given.cursor.execute(
        "INSERT INTO ops.reads (run_no, entity, complete) VALUES (1, 'bc/dimensions', true)"
    )


def test_given_dimensions_that_were_never_read_then_nothing_is_said_to_be_missing(
    given: CheckInput,
):
    configure(given, REGION)

    assert before_writing(given, None).passed
    assert dimension_finding(given).passed


def test_given_a_missing_mapped_dimension_then_it_is_an_error_unless_a_run_has_nothing_to_write(
    given: CheckInput,
):
    dimensions_were_read(given)
    configure(given, REGION)

    stored = before_writing(given, None)
    with_nothing_waiting = before_writing(given, Preparation("outbound/customers"))

    assert outcome(stored, "error") == "failed"
    assert outcome(with_nothing_waiting, "error") == "warned"
    assert "Nothing waits" in with_nothing_waiting.description


@pytest.mark.parametrize(("is_default", "told"), [(False, "failed"), (True, "warned")])
def test_what_the_run_has_found_counts_more_than_the_mirror(
    given: CheckInput, is_default: bool, told: str
):
    found = MappingFinding({"region": "REGION"}, {}, is_default, "CRONUS")

    finding = before_writing(given, Preparation("outbound/customers", 1, found))

    assert outcome(finding, "error") == told
    assert "region -> REGION" in finding.description


@pytest.mark.parametrize(
    ("counts", "told"),
    [({"quarantined": 2}, "failed"), ({"quarantined": 2, "unchanged": 1}, "warned")],
)
def test_given_no_record_that_went_through_then_it_is_an_error(
    given: CheckInput, counts: dict[str, int], told: str
):
    finding = outbound.none_failed(about(given, "outbound/customers", **counts))

    assert outcome(finding, "warn") == told


@pytest.mark.parametrize(
    ("blocking", "told"),
    [(False, "the others are written"), (True, "for now everything waits")],
)
def test_what_becomes_of_records_with_a_bad_value_depends_on_the_mapping(
    given: CheckInput, blocking: bool, told: str
):
    mapping = MappingFinding({"region": "REGION"} if blocking else {}, {}, False, "CRONUS")
    bad = Offender("c-1", "c-1", "Customers.jsonl", 1, "InvalidDimensionValue", "no value X")
    preparation = Preparation("outbound/customers", 2, mapping, (bad,))

    finding = outbound.values_valid(
        replace(about(given, "outbound/customers"), preparation=preparation)
    )

    assert outcome(finding, "warn") == "warned"
    assert told in finding.description
    assert finding.sample[0]["externalId"] == "c-1"


@pytest.mark.parametrize(
    ("entity", "told"),
    [
        ("customers", "correct Business Central; the next run looks again"),
        ("purchase_orders", "then: bc-pipeline resend acme purchase_orders KEY"),
    ],
)
def test_what_to_do_about_an_ambiguous_record_is_what_helps(
    given: CheckInput, entity: str, told: str
):
    given.cursor.execute(
        "INSERT INTO outbound.ledger (entity, key, state) VALUES (?, '1', 'ambiguous')", [entity]
    )

    finding = outbound.none_ambiguous(about(given, f"outbound/{entity}"))

    assert not finding.passed
    assert told in finding.description


@pytest.mark.covers("decision 14")
def test_a_file_in_a_format_nobody_reads_is_shown_on_the_page_of_its_entity(given: CheckInput):
    directory = given.tenant.snapshot_dir / "outbound"
    directory.mkdir()
    (directory / "Customers.2026.pdf").write_text("x")

    customers, vendors = (
        outbound.none_blocked(about(given, f"outbound/{name}")) for name in ("customers", "vendors")
    )

    assert vendors.passed
    assert outcome(customers, "warn") == "warned"
    assert "Customers.2026.pdf: left where it is" in customers.description
    assert "write .parquet" in customers.description
    assert customers.sample[0]["file"] == "Customers.2026.pdf"
