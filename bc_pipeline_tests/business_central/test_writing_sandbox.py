"""Writing to the sandbox, which plays Business Central as it should be."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline.business_central.batch import Part
from bc_pipeline.business_central.client import BusinessCentral, company_path
from bc_pipeline.business_central.dry_run import DryRunBusinessCentral
from bc_pipeline.business_central.lookup.by_property import find_rows
from bc_pipeline.business_central.lookup.dimensions import (
    Dimensions,
    DimensionValue,
    default_dimension,
    default_dimension_parts,
    dimension_set_parts,
    posting_rules_broken,
)
from bc_pipeline.business_central.lookup.reference_data import ReferenceData
from bc_pipeline.catalogue.entities import REFERENCE
from bc_pipeline.errors import RecordError, RequestFailed
from bc_pipeline.sandbox import Sandbox
from bc_pipeline.tenants import registry
from bc_pipeline.tenants.secrets import TokenStore
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.tenants.tenant_config import DimensionMappings
from bc_pipeline_tests.business_central.fake import QUICK

PAGES = {"dimensions_page_name": "Dimensions", "dimension_values_page_name": "Dimension_Values"}


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(wholesale_items=20) as running:
        yield running


@pytest.fixture
def tenant(sandbox: Sandbox, tmp_path: Path) -> Tenant:
    """The one whose pages show what is blocked."""
    sandbox.faults.clear()
    sandbox.write_tenants(tmp_path)
    tenant = registry.load(tmp_path).tenants["wholesale"]
    settings = tenant.business_central.model_copy(update=PAGES)
    return tenant.model_copy(update={"business_central": settings})


@pytest.fixture
def bc(tenant: Tenant) -> Iterator[BusinessCentral]:
    with BusinessCentral(tenant, TokenStore(tenant.home), backoff=QUICK) as bc:
        bc.preflight()
        yield bc


@pytest.fixture
def reference(bc: BusinessCentral) -> ReferenceData:
    return ReferenceData(bc, bc.company)


def path(bc: BusinessCentral, place: str) -> str:
    return company_path(bc.company, place)


def values(reference: ReferenceData, **codes: str) -> tuple[DimensionValue, ...]:
    """Dimension values by code: ``values(reference, CLASS="A")``."""
    listed = [{"number": code, "valueNumber": value} for code, value in codes.items()]
    return dimensions(reference).wanted({}, listed)


def dimensions(reference: ReferenceData, **mapping: str) -> Dimensions:
    return Dimensions(reference, DimensionMappings(mapping, False, Path("tenant-config.json")))


def customers(bc: BusinessCentral) -> int:
    return sum(1 for _ in bc.rows(bc.company_url("customers")))


def new_customers(bc: BusinessCentral, names: list[str], **more: Any) -> list[Part]:
    return [
        Part(name, "POST", path(bc, "customers"), {"displayName": name, **more}) for name in names
    ]


def test_given_150_new_customers_with_dimensions_then_two_requests_make_and_one_finds_them(
    bc, reference
):
    wanted = values(reference, CLASS="A", DEPARTMENT="STORE")
    nested = [default_dimension(value) for value in wanted]
    names = [f"Smith & Sons #{n} +5% 'Ö'" for n in range(150)]
    before = bc.counter.total

    answers = bc.batch(new_customers(bc, names, defaultDimensions=nested))
    found = find_rows(bc, bc.company, "customers", "displayName", names, expand="defaultDimensions")

    assert bc.counter.total - before == 3
    assert {row["id"] for row in found} == {answer.body["id"] for answer in answers.values()}
    assert all(answers[row["displayName"]].body["number"] == row["number"] for row in found)
    assert {
        (row["dimensionCode"], row["dimensionValueCode"])
        for customer in found
        for row in customer["defaultDimensions"]
    } == {("CLASS", "A"), ("DEPARTMENT", "STORE")}


def test_given_a_customer_with_dimensions_then_an_atomic_update_changes_all_or_nothing(
    bc, reference
):
    nested = [default_dimension(value) for value in values(reference, CLASS="A")]
    body = {"displayName": "Atomic", "defaultDimensions": nested}
    customer = bc.post(bc.company_url("customers"), body, expand="defaultDimensions")
    place = path(bc, f"customers({customer['id']})")
    wanted = values(reference, CLASS="B", DEPARTMENT="WEB")
    parts = default_dimension_parts(place, customer["defaultDimensions"], wanted, "d")
    assert [part.method for part in parts] == ["PATCH", "POST"]
    head = Part("head", "PATCH", place, {"email": "new@example.com"})
    bad = Part("bad", "PATCH", place, {"paymentMethodId": "11111111-2222-3333-4444-555555555555"})

    def state() -> tuple[str, set[tuple[str, str]]]:
        row = bc.get("customers", customer["id"], expand="defaultDimensions")
        assert row is not None
        return row["email"], {
            (each["dimensionCode"], each["dimensionValueCode"]) for each in row["defaultDimensions"]
        }

    refused = bc.batch([head, *parts, bad], mode="atomic")
    assert not any(answer.ok for answer in refused.values())
    assert refused["head"].error_message != refused["bad"].error_message
    assert state() == ("", {("CLASS", "A")})

    assert all(answer.ok for answer in bc.batch([head, *parts], mode="atomic").values())
    assert state() == ("new@example.com", {("CLASS", "B"), ("DEPARTMENT", "WEB")})
    row = bc.get("customers", customer["id"], expand="defaultDimensions")
    assert row is not None
    assert default_dimension_parts(place, row["defaultDimensions"], wanted, "d") == []


def test_given_a_bill_then_inherited_dimensions_are_patched_and_others_posted(bc, reference):
    """rules.md 9.5: a dimension that came from the vendor cannot be posted again."""
    inherited = [default_dimension(value) for value in values(reference, CLASS="A")]
    vendor = bc.post(
        bc.company_url("vendors"), {"displayName": "Dimensional", "defaultDimensions": inherited}
    )
    bill = bc.post(
        bc.company_url("purchaseInvoices"), {"vendorId": vendor["id"]}, expand="dimensionSetLines"
    )
    place = path(bc, f"purchaseInvoices({bill['id']})")
    wanted = values(reference, CLASS="B", DEPARTMENT="WEB")

    parts = dimension_set_parts(place, bill["dimensionSetLines"], wanted, "h")
    answers = bc.batch(parts)

    assert [part.method for part in parts] == ["PATCH", "POST"]
    assert [answer.error_message for answer in answers.values()] == [None, None]
    after = bc.get("purchaseInvoices", bill["id"], expand="dimensionSetLines")
    assert after is not None
    assert {(row["code"], row["valueCode"]) for row in after["dimensionSetLines"]} == {
        ("CLASS", "B"),
        ("DEPARTMENT", "WEB"),
    }
    assert dimension_set_parts(place, after["dimensionSetLines"], wanted, "h") == []
    assert posting_rules_broken(
        [
            {
                "dimensionCode": "CLASS",
                "dimensionValueCode": "A",
                "postingValidation": "Same_x0020_Code",
            }
        ],
        after["dimensionSetLines"],
    )


def test_given_a_company_then_its_reference_data_comes_in_one_batch_and_two_pages(bc, reference):
    before = bc.counter.total

    reference.need(*REFERENCE)

    assert bc.counter.total - before == 3
    assert reference.local_currency == "EUR"
    assert all(reference.rows(kind) for kind in REFERENCE)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"number": "PROJECT", "valueNumber": "P1"}, "dimension PROJECT is blocked"),
        ({"number": "CLASS", "valueNumber": "OLD"}, "value OLD of dimension CLASS is blocked"),
        ({"number": "AREA", "valueNumber": "99"}, "is a heading or total .End-Total"),
        ({"number": "CLASS", "valueNumber": "WEB"}, "CLASS has no value WEB"),
    ],
)
def test_given_a_value_bc_would_refuse_then_the_record_is_refused_before(
    reference, entry: dict[str, str], words: str
):
    with pytest.raises(RecordError, match=words):
        dimensions(reference).wanted({}, [entry])


def test_given_a_mapping_then_the_finding_tells_missing_from_blocked(reference):
    finding = dimensions(reference, a="class", b="PROJECT", c="NOWHERE").mapping_finding()

    assert (finding.missing, finding.blocked) == ({"c": "NOWHERE"}, {"b": "PROJECT"})
    assert finding.blocking


def test_given_an_answer_lost_after_it_was_applied_then_the_writes_are_uncertain(sandbox, bc):
    before = customers(bc)
    sandbox.faults.add(action="apply_then_drop", path=r"\$batch")

    with pytest.raises(RequestFailed) as caught:
        bc.batch(new_customers(bc, ["Lost 1", "Lost 2"]))

    assert caught.value.uncertain
    assert customers(bc) == before + 2
    assert len(find_rows(bc, bc.company, "customers", "displayName", ["Lost 1", "Lost 2"])) == 2


def test_given_an_answer_lost_in_the_second_of_three_chunks_then_nothing_is_made_twice(sandbox, bc):
    before = customers(bc)
    sandbox.faults.add(action="apply_then_drop", path=r"\$batch", after=1)

    answers = list(bc.batch(new_customers(bc, [f"Chunk {n}" for n in range(250)])).values())

    assert all(answer.ok for answer in answers[:100])
    assert all(answer.uncertain for answer in answers[100:200])
    assert not any(answer.sent for answer in answers[200:])
    assert customers(bc) == before + 200


def test_given_operations_that_are_throttled_or_fail_after_all_then_each_is_made_once(sandbox, bc):
    before = customers(bc)
    sandbox.faults.add(action="throttled", operation=True, path="customers", after=1, retry_after=0)
    sandbox.faults.add(
        action="apply_then_fail", operation=True, path="customers", after=4, status=500
    )

    answers = bc.batch(new_customers(bc, [f"Once {n}" for n in range(6)]))

    assert [answer.uncertain for answer in answers.values()].count(True) == 1
    assert [answer.ok for answer in answers.values()].count(True) == 5
    assert customers(bc) == before + 6


def test_given_a_dry_run_then_bc_is_as_before(sandbox, tenant, bc):
    before = customers(bc)
    with DryRunBusinessCentral(tenant, TokenStore(tenant.home), backoff=QUICK) as dry:
        reference = ReferenceData(dry, dry.company)
        wanted = values(reference, CLASS="A")
        nested = [default_dimension(value) for value in wanted]
        parts = new_customers(dry, ["Dry 1", "Dry 2"], defaultDimensions=nested)

        answers = dry.batch(parts)

        made = answers["Dry 1"].body
        place = path(dry, f"customers({made['id']})")
        assert default_dimension_parts(place, made["defaultDimensions"], wanted, "d") == []
        assert find_rows(dry, dry.company, "customers", "displayName", ["Dry 1"]) == []
        assert len(dry.noted) == 2
    assert customers(bc) == before
