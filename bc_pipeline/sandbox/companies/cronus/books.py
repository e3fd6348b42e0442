"""What CRONUS needs before it can be written to and Microsoft's data does not say: which account
is for what, percentages of VAT groups, purchasing data of items, what is blocked (ours)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from bc_pipeline.sandbox.companies.books import add_rows, post_history
from bc_pipeline.sandbox.company.company import Company, Row

# Roles of accounts in postings, by variant and account number.
_ROLES: Mapping[str, Mapping[str, str]] = {
    "w1": {
        "2310": "receivables",
        "2920": "bank",
        "5410": "payables",
        "5610": "outputTax",
        "5630": "inputTax",
        "6110": "sales",
        "7110": "purchases",
    },
    "nl": {
        "0610": "receivables",
        "0760": "inputTax",
        "0920": "bank",
        "1210": "payables",
        "1340": "outputTax",
        "5110": "purchases",
        "6130": "sales",
    },
}
_BLOCKED_ACCOUNT = {"w1": "8910", "nl": "3750"}
_NORMAL_TAX = {"w1": Decimal(25), "nl": Decimal(21)}
_REDUCED_TAX = {"w1": Decimal(10), "nl": Decimal(9)}
_NORMAL_GROUPS = {"STANDARD", "SERV NORM", "FULL NORM"}
_REDUCED_GROUPS = {"REDUCED", "SERV RED", "FULL RED"}
# Blocked for the sake of those who write: no document of the data uses them.
_BLOCKED_DIMENSION = "PURCHASER"
_BLOCKED_VALUE = ("DEPARTMENT", "PROD")


def add_books(company: Company, tables: Mapping[str, list[Row]], variant: str) -> None:
    """Completes the company's rows with facts the API does not show.

    Args:
        tables: rows of the data file.
        variant: ``w1`` or ``nl``.
    """
    company.settings.global_dimensions = ("DEPARTMENT", "CUSTOMERGROUP")
    _complete_accounts(company, variant)
    _complete_taxes(company, variant)
    _complete_items(company, tables)
    _complete_dimensions(company, tables)
    for entity_set in ("vendors", "customers"):
        groups = company.settings.templates[entity_set]
        for row in list(company.tables[entity_set].values()):
            company.modify(entity_set, row["id"], touch=False, **groups)
    _join_payment_journals(company)
    post_history(company)


def _complete_accounts(company: Company, variant: str) -> None:
    for number, role in _ROLES[variant].items():
        account = company.find("accounts", number=number)[0]
        company.modify("accounts", account["id"], touch=False, **{"#role": role})
    blocked = company.find("accounts", number=_BLOCKED_ACCOUNT[variant])[0]
    company.modify("accounts", blocked["id"], touch=False, blocked=True)
    bank = next(number for number, role in _ROLES[variant].items() if role == "bank")
    checking = {"number": "CHECKING", "displayName": "World Wide Bank", "#glAccount": bank}
    add_rows(company, "bankAccounts", "number", [checking])


def _complete_taxes(company: Company, variant: str) -> None:
    for group in list(company.tables["taxGroups"].values()):
        percent = Decimal(0)
        if group["code"] in _NORMAL_GROUPS:
            percent = _NORMAL_TAX[variant]
        elif group["code"] in _REDUCED_GROUPS:
            percent = _REDUCED_TAX[variant]
        company.modify("taxGroups", group["id"], touch=False, **{"#percent": percent})


def _complete_items(company: Company, tables: Mapping[str, list[Row]]) -> None:
    for card in tables["itemPage"]:
        item = company.find("items", number=card["No"])[0]
        company.modify(
            "items",
            item["id"],
            touch=False,
            **{
                "#purchaseUnit": card["Purch_Unit_of_Measure"],
                "#lastDirectCost": Decimal(card["Last_Direct_Cost"]),
                "#leadTime": card["Lead_Time_Calculation"],
                "#vatProductPostingGroup": card["VAT_Prod_Posting_Group"],
            },
        )


def _complete_dimensions(company: Company, tables: Mapping[str, list[Row]]) -> None:
    codes = {row["id"]: row["code"] for row in company.tables["dimensions"].values()}
    kinds = {(r["dimensionCode"], r["code"]): r["type"] for r in tables["dimensionValueTypes"]}
    for value in list(company.tables["dimensionValues"].values()):
        place = (codes[value["dimensionId"]], value["code"])
        facts: Row = {"#valueType": kinds[place], "#blocked": place == _BLOCKED_VALUE}
        company.modify("dimensionValues", value["id"], touch=False, **facts)
    blocked = company.find("dimensions", code=_BLOCKED_DIMENSION)[0]
    company.modify("dimensions", blocked["id"], touch=False, **{"#blocked": True})


def _join_payment_journals(company: Company) -> None:
    """A payment journal is one batch seen through two entities: the ids are the same (rules.md
    7.1), in the data they are not."""
    for journal in company.find("journals", templateDisplayName="PAYMENT"):
        twin = company.find("vendorPaymentJournals", code=journal["code"])[0]
        company.delete("journals", journal["id"])
        kept = {name: v for name, v in journal.items() if name != "@odata.etag"}
        company.insert("journals", kept | {"id": twin["id"]})
