from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from bc_pipeline.business_central.batch import Part
from bc_pipeline.business_central.client import company_path
from bc_pipeline.business_central.dry_run import DryRunBusinessCentral, NotedRequest
from bc_pipeline.business_central.lookup.by_property import find_rows, read_lists
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline_tests.business_central.batches import Batches, answer
from bc_pipeline_tests.business_central.fake import (
    QUICK,
    FakeBusinessCentral,
    Reply,
    make_tenant,
    page,
)

BILL = {
    "vendorInvoiceNumber": "B1 & more",
    "purchaseInvoiceLines": [
        {"quantity": 1, "dimensionSetLines": [{"id": "d1", "valueId": "v1"}]},
        {"quantity": 2},
    ],
}


@pytest.fixture
def bc(fake: FakeBusinessCentral, tmp_path: Path) -> Iterator[DryRunBusinessCentral]:
    tenant = make_tenant(fake.url, tmp_path)
    with DryRunBusinessCentral(tenant, TokenStore(tmp_path), backoff=QUICK) as bc:
        yield bc


def writes(fake: FakeBusinessCentral) -> list[str]:
    return [
        seen.path
        for seen in fake.seen
        if seen.method != "GET" and "/api/" in seen.path and seen.entity_set != "$batch"
    ]


def test_given_writes_then_none_is_sent_and_each_is_noted_exactly(fake, bc):
    invoice = bc.post(bc.company_url("purchaseInvoices"), BILL, expand="purchaseInvoiceLines")
    bc.patch(bc.company_url("customers(real-1)"), {"email": "a@b"})
    bc.delete(bc.company_url("journals(real-2)"))
    bc.action(bc.company_url(f"purchaseInvoices({invoice['id']})/Microsoft.NAV.post"))

    c = company_path(bc.company, "")
    assert bc.noted == [
        NotedRequest("POST", f"{c}purchaseInvoices?$expand=purchaseInvoiceLines", BILL),
        NotedRequest("PATCH", f"{c}customers(real-1)", {"email": "a@b"}),
        NotedRequest("DELETE", f"{c}journals(real-2)"),
        NotedRequest("POST", f"{c}purchaseInvoices({invoice['id']})/Microsoft.NAV.post"),
    ]
    assert writes(fake) == []


def test_given_a_pretended_document_then_it_reads_like_one_bc_made(fake, bc):
    made = bc.post(bc.company_url("purchaseInvoices"), BILL)
    id = made["id"]

    assert id.startswith("dryrun")
    assert (made["status"], made["vendorInvoiceNumber"]) == ("Draft", "B1 & more")
    assert bc.get("purchaseInvoices", id, expand="purchaseInvoiceLines") == made
    lines = list(bc.rows(bc.company_url(f"purchaseInvoices({id})/purchaseInvoiceLines")))
    assert [line["quantity"] for line in lines] == [1, 2]
    assert len({id, *(line["id"] for line in lines)}) == 3
    assert lines[0]["dimensionSetLines"] == [{"id": "d1", "valueId": "v1"}]
    assert bc.get("purchaseInvoices", "dryrun-99") is None


def test_given_changes_to_it_then_they_show(bc):
    id = bc.post(bc.company_url("purchaseInvoices"), BILL)["id"]
    lines = bc.company_url(f"purchaseInvoices({id})/purchaseInvoiceLines")
    third = bc.post(lines, {"quantity": 3})
    first = next(bc.rows(lines))

    bc.patch(bc.company_url(f"purchaseInvoiceLines({third['id']})"), {"quantity": 4})
    bc.delete(f"{lines}({first['id']})")
    bc.patch(bc.company_url(f"purchaseInvoices({id})"), {"dueDate": "2026-01-01"})
    of_line = bc.company_url(f"purchaseInvoiceLines({third['id']})/dimensionSetLines")
    bc.post(of_line, {"id": "d2", "valueId": "v2"})
    bc.patch(f"{of_line}(d2)", {"valueId": "v3"})

    record = bc.get("purchaseInvoices", id)
    assert record is not None
    assert record["dueDate"] == "2026-01-01"
    assert [line["quantity"] for line in record["purchaseInvoiceLines"]] == [2, 4]
    assert record["purchaseInvoiceLines"][1]["dimensionSetLines"] == [{"id": "d2", "valueId": "v3"}]


def test_given_reads_of_real_records_then_they_go_out(fake, bc):
    fake.on_set("customers", page([{"id": "1", "number": "C1"}]))
    fake.on_set("customers(1)", Reply(body=b'{"id": "1"}'))

    bc.post(bc.company_url("customers"), {"number": "C2"})

    assert find_rows(bc, bc.company, "customers", "number", ["C1"]) == [{"id": "1", "number": "C1"}]
    assert bc.get("customers", "1") == {"id": "1"}
    assert bc.noted[0].body == {"number": "C2"}


def test_given_a_batch_then_real_reads_go_out_and_all_parts_are_answered_in_order(fake, bc):
    batches = Batches(fake, lambda part: answer(200, {"value": [{"id": "real"}]}))
    made = bc.post(bc.company_url("vendors"), {"number": "V1"})["id"]
    c = company_path(bc.company, "")

    answers = bc.batch(
        [
            Part("new", "POST", f"{c}vendors", {"number": "V2"}),
            Part("list", "GET", f"{c}customers"),
            Part("own", "GET", f"{c}vendors({made})"),
            Part("change", "PATCH", f"{c}vendors({made})", {"email": "a@b"}),
            Part("children", "GET", f"{c}vendors({made})/defaultDimensions"),
            Part("gone", "GET", f"{c}vendors(dryrun-77)"),
            Part("delete", "DELETE", f"{c}vendors({made})"),
            Part("act", "POST", f"{c}purchaseInvoices(x)/Microsoft.NAV.post"),
        ]
    )

    assert list(answers) == ["new", "list", "own", "change", "children", "gone", "delete", "act"]
    assert [each.status for each in answers.values()] == [201, 200, 200, 200, 200, 404, 204, 204]
    assert answers["new"].body["number"] == "V2"
    assert answers["own"].body["number"] == "V1"
    assert answers["change"].body["email"] == "a@b"
    assert answers["children"].body == {"value": []}
    assert answers["list"].body == {"value": [{"id": "real"}]}
    assert answers["gone"].absent
    assert batches.ids == [["list"]]
    assert writes(fake) == []
    assert [noted.method for noted in bc.noted] == ["POST", "POST", "PATCH", "DELETE", "POST"]


def test_given_an_atomic_batch_then_it_is_noted_as_well(bc):
    answers = bc.batch([Part("a", "POST", "companies(c)/journals", {"code": "X"})], mode="atomic")

    assert answers["a"].body["code"] == "X"
    assert len(bc.noted) == 1


def test_given_a_filter_that_names_a_pretended_record_then_it_is_answered_from_the_notes(fake, bc):
    made = bc.post(bc.company_url("purchaseInvoices"), BILL)
    of = f"companies({bc.company.id})"

    by_parent, by_id, other = read_lists(
        bc,
        [
            f"{of}/purchaseInvoiceLines?$filter=documentId%20eq%20{made['id']}",
            f"{of}/purchaseInvoices?$filter=id%20eq%20{made['id']}",
            f"{of}/purchaseOrders?$filter=id%20eq%20{made['id']}",
        ],
    )

    assert [line["quantity"] for line in by_parent] == [1, 2]
    assert [row["id"] for row in by_id] == [made["id"]]
    assert other == []
    assert writes(fake) == []


def test_given_many_threads_then_every_record_has_its_own_id(bc):
    made: list[str] = []

    def work() -> None:
        for _ in range(50):
            made.append(bc.post(bc.company_url("vendors"), {})["id"])

    bc.preflight()
    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(set(made)) == len(bc.noted) == 300
