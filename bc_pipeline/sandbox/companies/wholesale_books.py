"""The wholesaler's books: accounts, posting groups, taxes, terms, journals, further dimensions.

Added after its history, with ids of its own, so that the trade of a seed stays what it was.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bc_pipeline.sandbox.companies.books import (
    add_rows,
    default_dimension,
    post_history,
    seed_id,
)
from bc_pipeline.sandbox.company.company import Company, Row

Rows = tuple[Mapping[str, Any], ...]

GOODS_GROUP, SERVICES_GROUP, INVENTORY_GROUP = "HANDEL", "DIENSTEN", "HANDEL"

# number, name, category, type, direct posting, role in postings.
_ACCOUNTS = (
    ("0100", "Assets", "Assets", "Heading", False, ""),
    ("1000", "Bank", "Assets", "Posting", False, "bank"),
    ("1010", "Cash", "Assets", "Posting", True, ""),
    ("1100", "Debtors", "Assets", "Posting", False, "receivables"),
    ("1510", "VAT to pay", "Liabilities", "Posting", False, "outputTax"),
    ("1520", "VAT to reclaim", "Assets", "Posting", False, "inputTax"),
    ("1600", "Creditors", "Liabilities", "Posting", False, "payables"),
    ("1990", "Suspense account", "Liabilities", "Posting", True, ""),
    ("3000", "Stock of goods", "Assets", "Posting", False, ""),
    ("4000", "Expenses", "Expense", "Begin_x002D_Total", False, ""),
    ("4100", "Office supplies", "Expense", "Posting", True, ""),
    ("4200", "Marketing", "Expense", "Posting", True, ""),
    ("4300", "Rent", "Expense", "Posting", True, ""),
    ("4900", "Car costs until 2019", "Expense", "Posting", True, ""),
    ("4999", "Expenses, total", "Expense", "End_x002D_Total", False, ""),
    ("7000", "Freight", "Expense", "Posting", True, ""),
    ("7090", "Packaging", "Expense", "Posting", True, ""),
    (
        "7100",
        "Purchases of goods",
        "Cost_x0020_of_x0020_Goods_x0020_Sold",
        "Posting",
        False,
        "purchases",
    ),
    ("8000", "Turnover", "Income", "Posting", True, "sales"),
)
BLOCKED_ACCOUNT = "4900"
_PAYMENT_TERMS: Rows = (
    {"code": "14D", "displayName": "Net 14 days", "dueDateCalculation": "14D"},
    {"code": "30D", "displayName": "Net 30 days", "dueDateCalculation": "30D"},
    {"code": "EM", "displayName": "End of month", "dueDateCalculation": "CM"},
)
_PAYMENT_METHODS: Rows = (
    {"code": "BANK", "displayName": "Bank transfer"},
    {"code": "INCASSO", "displayName": "Direct debit"},
    {"code": "CONTANT", "displayName": "Cash"},
)
# Further values and dimensions: code, name, kind, blocked.
_VALUES: Mapping[str, tuple[tuple[str, str, str, bool], ...]] = {
    "DEPARTMENT": (("CLOSED", "Mail order (closed)", "Standard", True),),
    "CLASS": (("C", "Class C", "Standard", False), ("OLD", "Class before 2020", "Standard", True)),
    "AREA": (("99", "Areas, total", "End_x002D_Total", False),),
    "PROJECT": (("P1", "Project 1", "Standard", False),),
}
BLOCKED_DIMENSION = "PROJECT"
# Default dimensions of vendors, by their place: dimension, value, posting rule.
_VENDOR_DIMENSIONS: Mapping[int, tuple[tuple[str, str, str], ...]] = {
    0: (("DEPARTMENT", "SALES", "_x0020_"),),
    1: (("CLASS", "A", "Same_x0020_Code"),),
    6: (("AREA", "", "Code_x0020_Mandatory"),),
    8: (("AREA", "", "No_x0020_Code"),),
    10: (("DEPARTMENT", "WEB", "Code_x0020_Mandatory"),),
}
_ITEM_DIMENSIONS: Mapping[int, tuple[tuple[str, str, str], ...]] = {
    4: (("CLASS", "B", "_x0020_"),),
    5: (("DEPARTMENT", "STORE", "_x0020_"),),
}


def add_books(company: Company) -> None:
    """Adds everything documents and journals need to be written and posted."""
    company.settings.global_dimensions = ("DEPARTMENT", "CLASS")
    company.settings.templates["items"] = posting_groups(company, "Inventory")
    _add_accounts(company)
    add_rows(company, "paymentTerms", "code", _PAYMENT_TERMS)
    add_rows(company, "paymentMethods", "code", _PAYMENT_METHODS)
    _add_posting_groups(company)
    _add_journals(company)
    _add_dimensions(company)
    _complete_partners(company)
    _add_default_dimensions(company)
    post_history(company)


def _add_accounts(company: Company) -> None:
    names = ("number", "displayName", "category", "accountType", "directPosting", "#role")
    rows = [dict(zip(names, account, strict=True)) for account in _ACCOUNTS]
    for row in rows:
        row["blocked"] = row["number"] == BLOCKED_ACCOUNT
    add_rows(company, "accounts", "number", rows)
    marketing = company.find("accounts", number="4200")[0]
    department = company.find("dimensions", code="DEPARTMENT")[0]
    # Default dimensions of G/L accounts are not part of the API (rules.md 8.1).
    rule = {
        "dimensionId": department["id"],
        "dimensionValueId": "00000000-0000-0000-0000-000000000000",
        "postingValidation": "Code_x0020_Mandatory",
    }
    company.modify("accounts", marketing["id"], touch=False, **{"#defaultDimensions": (rule,)})
    bank = {"number": "NL-BANK", "displayName": "House bank", "#glAccount": "1000"}
    add_rows(company, "bankAccounts", "number", [bank])


def _add_posting_groups(company: Company) -> None:
    add_rows(
        company,
        "generalProductPostingGroups",
        "code",
        [
            {"code": GOODS_GROUP, "description": "Goods"},
            {"code": SERVICES_GROUP, "description": "Services"},
        ],
    )
    group = {"code": INVENTORY_GROUP, "description": "Goods for resale"}
    add_rows(company, "inventoryPostingGroups", "code", [group])
    for item in list(company.tables["items"].values()):
        company.modify("items", item["id"], touch=False, **posting_groups(company, item["type"]))


def posting_groups(company: Company, item_type: str) -> Row:
    """Posting groups of an item of a type, without which it cannot be bought (rules.md 4.8)."""
    general = SERVICES_GROUP if item_type == "Service" else GOODS_GROUP
    groups: Row = {
        "generalProductPostingGroupId": seed_id(company, "generalProductPostingGroups", general),
        "generalProductPostingGroupCode": general,
    }
    if item_type == "Inventory":
        groups |= {
            "inventoryPostingGroupId": seed_id(company, "inventoryPostingGroups", INVENTORY_GROUP),
            "inventoryPostingGroupCode": INVENTORY_GROUP,
        }
    return groups


def _add_journals(company: Company) -> None:
    cash = company.find("accounts", number="1010")[0]
    payment = {
        "code": "BETALEN",
        "displayName": "Payments to vendors",
        "balancingAccountId": cash["id"],
        "balancingAccountNumber": cash["number"],
    }
    add_rows(company, "vendorPaymentJournals", "code", [payment])
    # A payment journal is a journal too, under the same id (rules.md 7.1).
    own = {"id": seed_id(company, "vendorPaymentJournals", "BETALEN")}
    add_rows(company, "journals", "code", [own | payment | {"templateDisplayName": "PAYMENT"}])
    general = {"code": "DEFAULT", "displayName": "Default", "templateDisplayName": "GENERAL"}
    add_rows(company, "journals", "code", [general])


def _add_dimensions(company: Company) -> None:
    blocked = {"code": BLOCKED_DIMENSION, "displayName": "Project", "#blocked": True}
    add_rows(company, "dimensions", "code", [blocked])
    for code, values in _VALUES.items():
        dimension = company.find("dimensions", code=code)[0]
        for value, name, kind, is_blocked in values:
            company.insert(
                "dimensionValues",
                {
                    "id": seed_id(company, "dimensionValues", f"{code}/{value}"),
                    "code": value,
                    "dimensionId": dimension["id"],
                    "displayName": name,
                    "#valueType": kind,
                    "#blocked": is_blocked,
                },
                stamp="0001-01-01T00:00:00Z",
            )


def _complete_partners(company: Company) -> None:
    """What templates give vendors and customers: posting groups, and payment terms for most."""
    terms = [seed_id(company, "paymentTerms", str(row["code"])) for row in _PAYMENT_TERMS]
    for entity_set in ("vendors", "customers"):
        groups = company.settings.templates[entity_set]
        for place, row in enumerate(list(company.tables[entity_set].values())):
            chosen = terms[place % 3] if place % 5 != 4 else None
            company.modify(entity_set, row["id"], touch=False, paymentTermsId=chosen, **groups)


def _add_default_dimensions(company: Company) -> None:
    for kind, entity_set, chosen in (
        ("Vendor", "vendors", _VENDOR_DIMENSIONS),
        ("Item", "items", _ITEM_DIMENSIONS),
    ):
        masters = list(company.tables[entity_set].values())
        for place, rules in chosen.items():
            for dimension, value, rule in rules:
                default_dimension(company, kind, masters[place], dimension, value, rule)
