"""What every company of the sandbox needs before documents and journals can be written in it:
helpers to add set-up whose ids do not depend on anything else in the company."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping

from bc_pipeline.sandbox.bookkeeping.document_ledger import post_document
from bc_pipeline.sandbox.bookkeeping.kinds import PURCHASE_INVOICE, SALES_CREDIT_MEMO, SALES_INVOICE
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.values import ZERO_STAMP
from bc_pipeline.sandbox.json_text import JsonValue

# States of invoices and credit memos that are booked.
POSTED = {"Open", "Paid", "Canceled", "Corrective"}


def seed_id(company: Company, entity_set: str, key: str) -> str:
    """The id of a row of set-up, the same in every company of this name."""
    name = f"bc_pipeline/{company.name}/{entity_set}/{key}"
    return str(uuid.uuid5(uuid.NAMESPACE_URL, name))


def add_rows(
    company: Company, entity_set: str, key: str, rows: Iterable[Mapping[str, JsonValue]]
) -> None:
    """Adds rows that were never stamped; a row whose ``key`` exists is completed instead.

    Args:
        key: the property that tells rows apart, ``code`` or ``number``.
    """
    for row in rows:
        found = company.find(entity_set, **{key: row[key]})
        if found:
            company.modify(entity_set, found[0]["id"], touch=False, **row)
            continue
        id = seed_id(company, entity_set, str(row[key]))
        company.insert(entity_set, {"id": id} | dict(row), stamp=ZERO_STAMP)


def default_dimension(
    company: Company,
    kind: str,
    master: Row,
    dimension: str,
    value: str = "",
    rule: str = "_x0020_",
) -> Row:
    """Adds a default dimension to a vendor, customer or item (rules.md 8).

    Args:
        kind: Vendor, Customer or Item.
        value: code of the value, blank for none.
        rule: ``postingValidation``.
    """
    owner = company.find("dimensions", code=dimension)[0]
    values = company.find("dimensionValues", dimensionId=owner["id"], code=value) if value else []
    return company.insert(
        "defaultDimensions",
        {
            "id": seed_id(company, "defaultDimensions", f"{kind}/{master['number']}/{dimension}"),
            "parentType": kind,
            "parentId": master["id"],
            "dimensionId": owner["id"],
            "dimensionCode": dimension,
            "dimensionValueId": values[0]["id"] if values else None,
            "dimensionValueCode": value,
            "postingValidation": rule,
        },
        stamp=ZERO_STAMP,
    )


def post_history(company: Company) -> None:
    """Adds the general ledger entries of all documents that are posted already, in the order of
    their dates, with ids that depend on nothing else."""
    posted = [
        (header["postingDate"], header["number"], kind, header)
        for kind in (SALES_INVOICE, SALES_CREDIT_MEMO, PURCHASE_INVOICE)
        for header in company.tables[kind.headers].values()
        if header["status"] in POSTED
    ]
    for day, _, kind, header in sorted(posted, key=lambda document: document[:2]):
        post_document(
            company,
            kind,
            header,
            stamp=f"{day}T17:00:00Z",
            id_of=lambda number: seed_id(company, "generalLedgerEntries", str(number)),
        )
