"""Checks over a tenant's snapshot."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bc_pipeline.business_central.lookup.dimensions import MappingFinding
from bc_pipeline.orchestration.checks import outbound, records, run_outcome
from bc_pipeline.orchestration.checks.check import CheckInput, outcome
from bc_pipeline.orchestration.checks.table import CHECKS, checks_of
from bc_pipeline.report import Problem
from bc_pipeline.to_business_central.export_types import Offender, Preparation
from bc_pipeline_tests.orchestration.checks.given import GUID, about, items

AGE_CHECKS = ("fresh", "mirror_fresh", "stock_fresh")


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


def test_every_read_is_checked_for_completeness_and_every_written_entity_for_its_guard():
    assert "read_complete" in [check.name for check in checks_of("bc/vendors")]
    assert "deletion_guard" in [check.name for check in checks_of("optiply/suppliers")]
    assert "deletion_guard" not in [check.name for check in checks_of("bc/vendors")]


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
