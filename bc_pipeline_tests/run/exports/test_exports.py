"""Exports as part of a run: what starts them, what holds them back, what they cost when nothing
waits (flows.md 5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from bc_pipeline.errors import ConfigError
from bc_pipeline.report import Launch
from bc_pipeline.run.dependencies import chosen, dependencies
from bc_pipeline.run.execute import run_tenant
from bc_pipeline.snapshot.store import Snapshot
from bc_pipeline.to_business_central.export_types import Outcome, Pending
from bc_pipeline.to_business_central.writer import EntityRun, ExportContext
from bc_pipeline.to_business_central.writers import WRITERS
from bc_pipeline_tests.run.exports.house import CUSTOMERS, FILES, ORDERS, House
from bc_pipeline_tests.to_business_central.records import done, drop, left, results
from bc_pipeline_tests.to_business_central.writers import FakeWriter


def test_given_exports_off_then_a_tenant_has_no_such_tasks(house: House):
    off = house.tenant(accounting=False)

    assert not any(name.startswith("outbound/") for name in dependencies(off))
    with pytest.raises(ConfigError, match=r"switched off for cronus: exports\.accounting"):
        chosen(off, (CUSTOMERS,))
    assert ORDERS not in dependencies(house.tenant())
    assert ORDERS in dependencies(house.tenant(buy_orders=True))


def test_given_nothing_waiting_then_an_export_asks_nobody_for_anything(house: House):
    house.sandbox.requests.clear()

    summary = house.run()

    assert summary.status == "success"
    assert house.requests("bc") == house.requests("optiply") == house.requests("entra") == []
    assert {summary.entities[name].mode for name in summary.entities if name[:3] == "bc/"} == {
        "not needed"
    }


def test_given_files_then_they_are_written_in_order_of_dependency_and_counted(house: House):
    order: list[str] = []
    for entity, writer in house.writers.items():
        writer.answer = lambda c, p, name=entity: order.append(name) or Outcome("created", "id")
    drop(house.directory, "JournalEntries.jsonl", {"journalEntryNumber": "J1"})
    drop(house.directory, "BillPayments.jsonl", {"externalId": "p"})
    drop(house.directory, "Bills.jsonl", {"externalId": "b"})
    drop(house.directory, "Vendors.jsonl", {"externalId": "v"})
    house.sandbox.requests.clear()

    summary = house.run()

    assert order == ["vendors", "purchase_invoices", "vendor_payments", "general_journal_lines"]
    assert {n: r.created for n, r in summary.outbound_entities()} == {
        name: int(name != CUSTOMERS) for name in FILES
    }
    document = summary.as_json()
    assert document["entities"]["outbound/vendors"]["created"] == 1
    assert "requests_noted" not in document
    assert house.requests("optiply") == []
    assert len(done(house.directory)) == 4


def test_given_needs_then_reference_data_comes_in_one_request_for_all_entities(house: House):
    house.writers["customers"].kinds = frozenset({"currencies", "payment_methods"})
    house.writers["general_journal_lines"].kinds = frozenset({"accounts"})
    drop(house.directory, "Customers.jsonl", {"externalId": "a"})
    drop(house.directory, "JournalEntries.jsonl", {"journalEntryNumber": "J1"})
    house.sandbox.requests.clear()

    summary = house.run()

    assert len([r for r in house.requests("bc") if r.endswith("$batch")]) == 1
    modes = {name: summary.entities[name].mode for name in summary.entities}
    assert (modes["bc/accounts"], modes["bc/currencies"]) == ("full", "full")
    assert modes["bc/vendor_payment_journals"] == "not needed"
    assert summary.entities["bc/accounts"].rows > 0


def test_given_a_run_of_everything_then_exports_are_part_of_it(house: House):
    drop(house.directory, "Customers.jsonl", {"externalId": "a"})
    assert set(FILES) <= set(chosen(house.tenant(), ()))

    summary = house.run("suppliers", CUSTOMERS)

    assert not summary.failed
    assert summary.entities["optiply/suppliers"].created > 0
    assert summary.entities[CUSTOMERS].created == 1
    with Snapshot.open(house.directory, read_only=True) as snapshot:
        counts = snapshot.frame("ops.entity_counts")
    booked = counts[(counts.entity == CUSTOMERS) & (counts.kind == "created")]
    assert list(booked["count"]) == [1]


def test_given_optiply_out_of_order_then_files_are_written_all_the_same(house: House):
    house.sandbox.optiply.shops["cronus"].password = "changed"
    drop(house.directory, "Customers.jsonl", {"externalId": "a"})

    assert house.run().entities[CUSTOMERS].created == 1


def test_given_broken_credentials_then_no_file_is_lost(house: House):
    drop(house.directory, "Customers.jsonl", {"externalId": "a"})
    house.sandbox.entra.register("cronus", "another secret")
    try:
        summary = house.run()
    finally:
        house.sandbox.entra.register("cronus", "cronus-client-secret")

    assert (summary.status, [p.kind for p in summary.problems]) == ("failed", ["auth"])
    assert left(house.directory) == ["Customers.jsonl"]
    assert house.run().entities[CUSTOMERS].created == 1


def test_given_reference_data_that_cannot_be_read_then_everything_waits(house: House):
    drop(house.directory, "Customers.jsonl", {"externalId": "a"})
    house.sandbox.faults.add("bc", action="status", status=400, path="/dimensions", times=None)

    summary = house.run(CUSTOMERS)

    assert summary.failed == (CUSTOMERS,)
    assert summary.status == "failed"
    assert left(house.directory) == ["Customers.jsonl"]
    assert house.writers["customers"].calls == []


def test_given_only_refused_records_then_the_entity_and_the_command_fail(house: House):
    house.writers["customers"].refused = {"a": "no such value"}
    drop(house.directory, "Customers.jsonl", {"externalId": "a"}, "broken")

    summary = house.run(CUSTOMERS)

    assert summary.entities[CUSTOMERS].quarantined == 2
    assert (summary.status, summary.exit_failure) == ("failed", True)
    assert summary.problems[-1].kind == "quarantined"
    assert summary.reason == f"{CUSTOMERS}: none of 2 records could be written"
    assert done(house.directory) == ["Customers.jsonl"]


def test_given_another_company_in_a_record_then_it_goes_there_under_a_key_of_its_own(house: House):
    other = "Noordzee Groothandel B.V."
    drop(
        house.directory,
        "Customers.jsonl",
        {"externalId": "a"},
        {"externalId": "a", "subsidiaryName": other.upper()},
        {"externalId": "a", "subsidiaryName": "Nowhere Ltd."},
    )

    summary = house.run(CUSTOMERS)

    rows = house.writers["customers"].rows
    assert {company for company, _ in rows} == {"CRONUS International Ltd.", other}
    assert len({key for _, key in rows}) == 2
    _, _, nowhere = results(house.directory, "Customers.jsonl")
    assert nowhere["error"]["class"] == "CompanyNotFound"
    assert summary.entities[CUSTOMERS].quarantined == 1


def test_given_another_company_that_cannot_be_read_then_only_its_records_wait(house: House):
    (other,) = (
        company
        for company in house.sandbox.business_central.companies.values()
        if company.name == "Noordzee Groothandel B.V."
    )
    house.writers["customers"].kinds = frozenset({"currencies"})
    house.sandbox.faults.add("bc", action="status", status=403, path=other.id, times=None)
    drop(
        house.directory,
        "Customers.jsonl",
        {"externalId": "b", "subsidiaryId": other.id},
        {"externalId": "a"},
    )

    summary = house.run(CUSTOMERS)

    assert [line["externalId"] for line in results(house.directory, "Customers.jsonl")] == ["a"]
    assert summary.entities[CUSTOMERS].deferred == 1
    assert left(house.directory) == ["Customers.jsonl"]
    (problem,) = summary.problems
    assert problem.remote_id == "b"
    assert problem.reason.startswith(f"{other.name}: ")


def test_given_a_missing_mapped_dimension_then_nothing_is_written_and_nothing_lost(house: House):
    house.map_dimensions(region="REGION")
    drop(house.directory, "Customers.jsonl", {"externalId": "a"}, "broken")

    summary = house.run(CUSTOMERS)

    assert summary.failed == (CUSTOMERS,)
    assert summary.problems[0].kind == "config"
    assert "region -> REGION" in summary.problems[0].reason
    assert house.writers["customers"].calls == []
    assert left(house.directory) == ["Customers.jsonl"]
    assert results(house.directory, "Customers.jsonl") == []

    house.map_dimensions(department="DEPARTMENT")
    assert house.run(CUSTOMERS).entities[CUSTOMERS].created == 1
    assert done(house.directory) == ["Customers.jsonl"]


def test_given_an_unusable_mapping_file_then_imports_go_on_and_files_wait(house: House):
    house.directory.mkdir(parents=True)
    (house.directory / "tenant-config.json").write_text("{")
    drop(house.directory, "Customers.jsonl", {"externalId": "a"})

    summary = run_tenant(house.tenant(), Launch(entities=("suppliers", CUSTOMERS)))

    assert summary.entities["optiply/suppliers"].created > 0
    assert CUSTOMERS in summary.failed
    assert left(house.directory) == ["Customers.jsonl"]


def test_given_a_dry_run_then_the_requests_are_noted_and_nothing_is_left_behind(house: House):
    def answer(context: ExportContext, pending: Pending) -> Outcome:
        made = context.bc.post(context.url("customers"), {"displayName": pending.name})
        return Outcome("created", made["id"], "N")

    house.writers["customers"].answer = answer
    drop(house.directory, "Customers.jsonl", {"externalId": "a"})

    summary = house.run(CUSTOMERS, dry_run=True)

    assert summary.entities[CUSTOMERS].created == 1
    (noted,) = summary.as_json()["requests_noted"]
    assert (noted["method"], noted["body"]) == ("POST", {"displayName": "a"})
    assert noted["path"].endswith("/customers")
    assert [p.name for p in (house.directory / "outbound").rglob("*")] == ["Customers.jsonl"]
    assert house.run(CUSTOMERS).entities[CUSTOMERS].created == 1


def test_given_requests_of_a_writer_then_its_entity_tells_how_many(house: House):
    def answer(context: ExportContext, pending: Pending) -> Outcome:
        context.bc.get("customers", pending.key, company=context.company)
        return Outcome("created", "id")

    house.writers["customers"].answer = answer
    house.writers["vendors"].answer = answer
    key = "00000000-0000-0000-0000-00000000000{}"
    drop(house.directory, "Customers.jsonl", *({"externalId": key.format(n)} for n in range(3)))
    drop(house.directory, "Vendors.jsonl", {"externalId": key.format(9)})

    entities = house.run().entities

    assert (entities[CUSTOMERS].requests, entities["outbound/vendors"].requests) == (3, 1)


def test_given_buy_orders_then_they_come_from_their_source_and_are_finished(
    house: House, monkeypatch: pytest.MonkeyPatch
):
    seen: list[str] = []

    def find(context: EntityRun) -> list[Pending]:
        context.result.warnings["seen"] = 1
        return [
            Pending("purchase_orders", key, "h", {"id": key}, {"id": key}, context.home(), key)
            for key in ("7", "8")
        ]

    def finished(context: EntityRun) -> None:
        seen.append("finished")

    writer = FakeWriter("purchase_orders").install(monkeypatch)
    fake = replace(WRITERS["purchase_orders"], find=find, finished=finished)
    monkeypatch.setitem(WRITERS, "purchase_orders", fake)
    writer.refused = {"8": "supplier_not_linked"}

    summary = run_tenant(house.tenant(buy_orders=True), Launch(entities=(ORDERS,)))

    result = summary.entities[ORDERS]
    assert (result.created, result.quarantined, result.rows) == (1, 1, 2)
    assert result.warnings == {"seen": 1}
    assert seen == ["finished"]
    assert list(dict(summary.outbound_entities())) == [ORDERS]
    assert not (house.directory / "outbound").exists()
