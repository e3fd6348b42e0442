"""Number series (rules.md 0.6)."""

from __future__ import annotations

from bc_pipeline.sandbox.bookkeeping.numbers import next_number
from bc_pipeline.sandbox.company.company import Company


def test_given_nothing_in_use_then_the_series_starts_after_its_first_number(company: Company):
    assert [next_number(company, "purchase order") for _ in range(2)] == ["106001", "106002"]
    assert next_number(company, "adjustment") == "T00001"


def test_given_numbers_in_use_then_the_series_goes_on_with_the_usual_prefix(company: Company):
    for number in ("PO-0007", "PO-0012", "999"):
        company.insert("purchaseOrders", {"number": number})
    assert next_number(company, "purchase order") == "PO-0013"


def test_given_an_order_is_gone_then_its_number_does_not_come_back(company: Company):
    order = company.insert("salesOrders", {"number": "101009"})
    assert next_number(company, "sales order") == "101010"
    company.delete("salesOrders", order["id"])
    assert next_number(company, "sales order") == "101011"


def test_given_only_a_receipt_remembers_an_order_then_its_number_is_not_used_again(
    company: Company,
):
    company.insert("purchaseReceipts", {"number": "107001", "orderNumber": "106050"})
    assert next_number(company, "purchase order") == "106051"


def test_given_two_companies_then_their_series_are_their_own(company: Company):
    other = Company("Other", currency_code="EUR", clock=company.clock)
    next_number(company, "sales invoice")
    assert next_number(other, "sales invoice") == "103001"


def test_given_drafts_beside_posted_invoices_then_each_series_goes_on_by_itself(company: Company):
    for number in ("108005", *(f"PI{n:05d}" for n in range(1, 9))):
        company.insert("purchaseInvoices", {"number": number})
    assert next_number(company, "purchase invoice") == "108006"
    assert next_number(company, "draft purchase invoice") == "PI00009"
