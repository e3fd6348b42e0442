"""Unified bill payments in a vendor payment journal (target_behaviour.md 7, 10)."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from bc_pipeline_tests.to_business_central.accounting_world import AccountingWorld

VENDOR = "20000"


def bill(world: AccountingWorld, vendor: str = VENDOR, status: str = "Open") -> dict[str, Any]:
    return world.rows("purchaseInvoices", vendorNumber=vendor, status=status)[0]


def payment(world: AccountingWorld, **fields: Any) -> dict[str, Any]:
    given = {
        "externalId": "pay-1",
        "journalExternalId": "general",
        "paymentNumber": "P-1",
        "paymentDate": "2026-11-20T23:30:00+01:00",
        "amount": "12.34",
        "vendorNumber": VENDOR,
        "billId": bill(world)["id"],
        "departmentNumber": "SALES",
        **fields,
    }
    return {name: value for name, value in given.items() if value is not None}


def journal(world: AccountingWorld, code: str = "GENERAL") -> str:
    (row,) = world.rows("vendorPaymentJournals", code=code)
    return str(row["id"])


def the(world: AccountingWorld) -> dict[str, Any]:
    (row,) = world.rows("vendorPayments")
    return row


def test_a_new_payment_stands_in_its_journal_with_its_dimensions_and_is_not_posted(
    world: AccountingWorld,
) -> None:
    result = world.run("vendor_payments", payment(world, transactionNumber="70000"))

    row = the(world)
    assert result.counts == {"created": 1}
    assert result.ends["pay-1"]["id"] == row["id"]
    assert result.ends["pay-1"]["number"] == "P-1"
    expected = {
        "journalId": journal(world),
        "documentNumber": "P-1",
        "postingDate": "2026-11-20",
        "amount": Decimal("12.34"),
        "vendorNumber": VENDOR,
        "appliesToInvoiceId": bill(world)["id"],
        "lineNumber": 70000,
    }
    assert {name: row[name] for name in expected} == expected
    assert world.dimensions(row["id"])["DEPARTMENT"] == "SALES"
    assert not [each for each in world.sandbox.requests if "Microsoft.NAV" in each.path]


def test_a_dimension_inherited_from_the_vendor_gets_the_wanted_value(
    world: AccountingWorld,
) -> None:
    world.run("vendors", {"externalId": "v", "vendorNumber": VENDOR, "departmentNumber": "ADM"})

    result = world.run("vendor_payments", payment(world))

    assert result.counts == {"created": 1}
    assert world.dimensions(the(world)["id"])["DEPARTMENT"] == "SALES"


def test_the_same_payment_changed_is_updated(world: AccountingWorld) -> None:
    world.run("vendor_payments", payment(world))

    result = world.run("vendor_payments", payment(world, amount="0.30", departmentNumber="ADM"))

    assert result.counts == {"updated": 1}
    assert the(world)["amount"] == Decimal("0.3")
    assert world.dimensions(the(world)["id"])["DEPARTMENT"] == "ADM"


@pytest.mark.covers("decision 6")
@pytest.mark.parametrize("number", ["P-1", "p-1"])
@pytest.mark.parametrize("amount", ["12.34", "9"])
def test_given_a_line_of_another_record_then_it_stays_and_both_are_named(
    world: AccountingWorld, number: str, amount: str
) -> None:
    world.run("vendor_payments", payment(world))

    other = payment(world, externalId="other", paymentNumber=number, amount=amount)
    result = world.run("vendor_payments", other)

    assert result.ends["other"]["error"] == "DuplicatedRecord"
    assert "externalId pay-1" in result.ends["other"]["reason"]
    assert "externalId other" in result.ends["other"]["reason"]
    assert the(world)["amount"] == Decimal("12.34")


@pytest.mark.covers("decision 6")
def test_given_two_records_for_one_line_in_one_file_then_the_first_one_has_it(
    world: AccountingWorld,
) -> None:
    result = world.run(
        "vendor_payments", payment(world), payment(world, externalId="other", amount="9")
    )

    assert result.counts == {"created": 1, "quarantined": 1}
    assert result.ends["other"]["error"] == "DuplicatedRecord"
    assert the(world)["amount"] == Decimal("12.34")


def test_given_a_line_of_another_record_by_its_id_then_that_line_is_meant(
    world: AccountingWorld,
) -> None:
    world.run("vendor_payments", payment(world))

    other = payment(world, externalId="other", id=the(world)["id"], amount="9")
    result = world.run("vendor_payments", other)

    assert result.counts == {"updated": 1}
    assert the(world)["amount"] == 9


def test_one_payment_of_several_bills_keeps_a_line_for_each(world: AccountingWorld) -> None:
    bills = world.rows("purchaseInvoices", vendorNumber=VENDOR, status="Open")[:3]

    result = world.run(
        "vendor_payments",
        *(payment(world, externalId=f"p{n}", billId=each["id"]) for n, each in enumerate(bills)),
    )

    rows = world.rows("vendorPayments")
    assert result.counts == {"created": 3}
    assert {row["appliesToInvoiceId"] for row in rows} == {each["id"] for each in bills}
    assert {row["documentNumber"] for row in rows} == {"P-1"}


def test_the_same_number_in_another_journal_is_another_payment(world: AccountingWorld) -> None:
    world.run("vendor_payments", payment(world))

    result = world.run("vendor_payments", payment(world, externalId="b", journalExternalId="CASH"))

    assert result.counts == {"created": 1}
    assert len(world.rows("vendorPayments")) == 2


@pytest.mark.parametrize("number", ["O'BRIEN", "A&B #1", "50%+"])
def test_b10_any_character_in_a_payment_number_is_found_again(
    world: AccountingWorld, tmp_path: Path, number: str
) -> None:
    world.run("vendor_payments", payment(world, paymentNumber=number))

    elsewhere = AccountingWorld(world.sandbox, tmp_path / "without our ledger")
    result = elsewhere.run(
        "vendor_payments", payment(world, externalId="b", paymentNumber=number, amount="1")
    )

    assert result.counts == {"updated": 1}
    assert the(world)["amount"] == 1


@pytest.mark.parametrize("field", ["billNumber", "billExternalId"])
def test_b13_the_bill_is_found_by_either_of_its_numbers(world: AccountingWorld, field: str) -> None:
    wanted = bill(world)
    world.company.modify("purchaseInvoices", wanted["id"], vendorInvoiceNumber="Smith & Sons '1")

    fields = {"billId": None, field: "SMITH & SONS '1"}
    result = world.run("vendor_payments", payment(world, **fields))

    assert result.counts == {"created": 1}
    assert the(world)["appliesToInvoiceId"] == wanted["id"]


def test_d6_another_vendors_bill_with_the_number_is_not_paid(world: AccountingWorld) -> None:
    mine, theirs = bill(world), bill(world, vendor="30000")
    for each in (mine, theirs):
        world.company.modify("purchaseInvoices", each["id"], vendorInvoiceNumber="2026-1")

    by_number = payment(world, billId=None, billNumber="2026-1")
    by_id = payment(world, externalId="pay-2", paymentNumber="P-2", billId=theirs["id"])
    result = world.run("vendor_payments", by_number, by_id)

    assert result.counts == {"created": 1, "quarantined": 1}
    assert the(world)["appliesToInvoiceId"] == mine["id"]
    assert result.ends["pay-2"]["error"] == "RecordNotFound"


def test_a_bill_that_is_not_posted_cannot_be_paid(world: AccountingWorld) -> None:
    result = world.run("vendor_payments", payment(world, billId=bill(world, status="Draft")["id"]))

    assert result.counts == {"quarantined": 1}
    assert result.ends["pay-1"]["error"] == "InvalidRecordState"


@pytest.mark.parametrize("field", ["currency", "currencyName"])
def test_d10_a_payment_in_a_foreign_currency_is_refused_with_the_reason(
    world: AccountingWorld, field: str
) -> None:
    text = "EUR" if field == "currency" else world.rows("currencies", code="EUR")[0]["displayName"]

    result = world.run("vendor_payments", payment(world, **{field: text}))

    assert result.counts == {"quarantined": 1}
    assert result.ends["pay-1"]["error"] == "InvalidInputError"
    assert "no currency field" in result.ends["pay-1"]["reason"]
    assert world.rows("vendorPayments") == []


def test_d10_a_bill_in_a_foreign_currency_needs_a_payment_that_names_one(
    world: AccountingWorld,
) -> None:
    world.company.modify("purchaseInvoices", bill(world)["id"], currencyCode="EUR")

    result = world.run(
        "vendor_payments",
        payment(world),
        payment(world, externalId="local", paymentNumber="P-2", currency="GBP"),
    )

    assert result.ends["pay-1"]["error"] == "InvalidInputError"
    assert result.ends["local"]["state"] == "done"


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"externalId": None}, "MissingField"),
        ({"externalId": "x" * 21}, "InvalidInputError"),
        ({"paymentNumber": "x" * 21}, "InvalidInputError"),
        ({"journalExternalId": None}, "InvalidInputError"),
        ({"journalExternalId": "NOWHERE"}, "RecordNotFound"),
        ({"vendorNumber": None}, "InvalidInputError"),
        ({"vendorNumber": "4711"}, "RecordNotFound"),
        ({"billId": None}, "InvalidInputError"),
        ({"billId": None, "billNumber": "4711"}, "RecordNotFound"),
        ({"id": "11111111-2222-3333-4444-555555555555"}, "RecordNotFound"),
        ({"amount": None}, "MissingField"),
        ({"amount": "1.005"}, "InvalidFieldValue"),
        ({"departmentNumber": "NOWHERE"}, "InvalidDimensionValue"),
    ],
)
def test_what_a_payment_cannot_be_without(
    world: AccountingWorld, fields: dict[str, Any], error: str
) -> None:
    good = payment(world, externalId="good", paymentNumber="P-2")

    result = world.run("vendor_payments", payment(world, **fields), good)

    assert result.counts == {"created": 1, "quarantined": 1}
    assert {end["error"] for end in result.ends.values()} == {None, error}


def test_a_vendor_may_be_given_by_a_name_only_one_has(world: AccountingWorld) -> None:
    vendor = world.rows("vendors", number=VENDOR)[0]
    named = payment(world, vendorNumber=None, vendorName=vendor["displayName"])
    assert world.run("vendor_payments", named).counts == {"created": 1}

    world.add(
        "vendors",
        id="99999999-0000-0000-0000-000000000001",
        number="TWIN",
        displayName=vendor["displayName"],
    )
    result = world.run("vendor_payments", {**named, "externalId": "b", "paymentNumber": "P-2"})

    assert result.ends["b"]["error"] == "InvalidInputError"


def test_a_line_number_that_is_no_number_is_left_to_business_central(
    world: AccountingWorld,
) -> None:
    result = world.run("vendor_payments", payment(world, transactionNumber="TX-7"))

    assert result.counts == {"created": 1}
    assert the(world)["lineNumber"] == 10000


def test_a_payment_that_left_its_journal_is_not_written_again(world: AccountingWorld) -> None:
    """An accountant has posted it: a change that comes later must not pay twice."""
    world.run("vendor_payments", payment(world))
    world.company.delete("vendorPayments", the(world)["id"])

    result = world.run("vendor_payments", payment(world, amount="99"))

    assert result.counts == {"quarantined": 1}
    assert result.ends["pay-1"]["error"] == "InvalidRecordState"
    assert world.rows("vendorPayments") == []


def test_c4_only_the_journals_of_the_records_are_asked_and_only_for_their_numbers(
    world: AccountingWorld,
) -> None:
    world.run("vendor_payments", payment(world))

    looks = world.operations("GET", "vendorPayments")
    assert looks
    assert all(f"vendorPaymentJournals({journal(world)})" in look.target for look in looks)
    assert all("$filter=" in look.target for look in looks)


def test_a_hundred_payments_with_dimensions_take_few_requests(world: AccountingWorld) -> None:
    bills = world.rows("purchaseInvoices", status="Open")
    records = [
        payment(
            world,
            externalId=f"p{n}",
            paymentNumber=f"P{n}",
            vendorNumber=bills[n % len(bills)]["vendorNumber"],
            billId=bills[n % len(bills)]["id"],
        )
        for n in range(100)
    ]

    result = world.run("vendor_payments", *records)

    assert result.counts == {"created": 100}
    assert result.requests_sent <= 6
