"""What must hold in any company whatever happened: used after generated and random business."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import ROUND_HALF_UP, Decimal

from bc_pipeline.sandbox.bookkeeping.documents import lines_of
from bc_pipeline.sandbox.bookkeeping.kinds import (
    PURCHASE_INVOICE,
    PURCHASE_ORDER,
    SALES_CREDIT_MEMO,
    SALES_INVOICE,
    SALES_ORDER,
    Kind,
)
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.company.values import ZERO_GUID

REFERENCES = {
    "itemId": "items",
    "itemVariantId": "itemVariants",
    "locationId": "locations",
    "vendorId": "vendors",
    "customerId": "customers",
    "itemCategoryId": "itemCategories",
}


_PARTIES = {"payables", "receivables"}
_POSTED = {"Open", "Paid", "Canceled", "Corrective"}


def faults(company: Company) -> list[str]:
    """One line per rule that is broken; empty when the company is sound."""
    return [
        *_values_out_of_limits(company),
        *_dangling_references(company),
        *_wrong_totals(company),
        *_wrong_ledger(company),
        *_wrong_received_quantities(company),
        *_double_numbers(company),
    ]


def _values_out_of_limits(company: Company) -> list[str]:
    found = []
    for entity_set, table in company.tables.items():
        fields = entities()[entity_set].fields
        for row in table.values():
            for name, value in row.items():
                field = fields.get(name)
                if field is None:
                    continue
                if field.max_length and len(value) > field.max_length:
                    found.append(f"{entity_set}.{name}: {value!r} is too long")
                if field.type == "Enum" and value not in field.enum:
                    found.append(f"{entity_set}.{name}: {value!r} is not a member")
                if field.type == "Decimal" and not isinstance(value, Decimal):
                    found.append(f"{entity_set}.{name}: {value!r} is not exact")
    return found


def _dangling_references(company: Company) -> list[str]:
    found = []
    for entity_set, table in company.tables.items():
        for row in table.values():
            for name, target in REFERENCES.items():
                value = row.get(name, ZERO_GUID)
                if value != ZERO_GUID and value not in company.tables[target]:
                    found.append(f"{entity_set}.{name}: {value} does not exist")
    return found


def _wrong_totals(company: Company) -> list[str]:
    found = []
    for kind in (SALES_ORDER, SALES_INVOICE, SALES_CREDIT_MEMO, PURCHASE_ORDER, PURCHASE_INVOICE):
        for header in company.tables[kind.headers].values():
            net = sum(r["netAmount"] for r in lines_of(company, kind, header["id"]))
            if header["totalAmountExcludingTax"] != net:
                found.append(f"{kind.headers} {header['number']}: total is not the sum of lines")
            if header["totalTaxAmount"] != _tax_of(company, kind, header):
                found.append(f"{kind.headers} {header['number']}: tax is not rounded once")
    return found


def _wrong_ledger(company: Company) -> list[str]:
    """Posted documents without balanced entries over what is owed."""
    owed: dict[str, Decimal] = defaultdict(Decimal)
    sums: dict[str, Decimal] = defaultdict(Decimal)
    parties = {r["id"] for r in company.tables["accounts"].values() if r.get("#role") in _PARTIES}
    if len(parties) < len(_PARTIES):
        return []
    for entry in company.tables["generalLedgerEntries"].values():
        amount = entry["debitAmount"] - entry["creditAmount"]
        sums[entry["documentNumber"]] += amount
        if entry["accountId"] in parties:
            owed[entry["documentNumber"]] += amount
    found = [f"ledger entries of {n}: out of balance by {s}" for n, s in sums.items() if s]
    for kind, sign in ((SALES_INVOICE, 1), (SALES_CREDIT_MEMO, -1), (PURCHASE_INVOICE, -1)):
        for header in company.tables[kind.headers].values():
            if header["status"] not in _POSTED or header["currencyCode"] != company.currency_code:
                continue
            if owed[header["number"]] != sign * header["totalAmountIncludingTax"]:
                found.append(f"{kind.headers} {header['number']}: booked otherwise than it totals")
    return found


def _tax_of(company: Company, kind: Kind, header: Row) -> Decimal:
    """The tax of a document, worked out from the sums per VAT identifier."""
    sums: dict[tuple[str, Decimal], Decimal] = defaultdict(Decimal)
    includes = header["pricesIncludeTax"]
    for line in lines_of(company, kind, header["id"]):
        worth = line["amountIncludingTax" if includes else "amountExcludingTax"]
        discount = line.get("#invoiceDiscount", Decimal(0))
        sums[line["taxCode"], line["taxPercent"]] += worth - discount
    rates = {key: key[1] / 100 for key in sums}
    if includes:
        return sum((s - _cents(s / (1 + rates[k])) for k, s in sums.items()), Decimal(0))
    return sum((_cents(s * rates[k]) for k, s in sums.items()), Decimal(0))


def _cents(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.01"), ROUND_HALF_UP)


def _wrong_received_quantities(company: Company) -> list[str]:
    received: dict[str, Decimal] = defaultdict(Decimal)
    for line in company.tables["purchaseReceiptLines"].values():
        if "#orderLineId" in line:
            received[line["#orderLineId"]] += line["quantity"]
    return [
        f"purchase order line {line['id']}: received {line['receivedQuantity']}, receipts "
        f"{received[line['id']]}"
        for line in company.tables["purchaseOrderLines"].values()
        if line["receivedQuantity"] != received[line["id"]]
        or not 0 <= line["receivedQuantity"] <= line["quantity"]
    ]


def _double_numbers(company: Company) -> list[str]:
    found = []
    for entity_set in [
        "items",
        "vendors",
        "customers",
        "salesOrders",
        "salesInvoices",
        "salesShipments",
        "salesCreditMemos",
        "purchaseOrders",
        "purchaseInvoices",
        "purchaseReceipts",
    ]:
        counts = Counter(row["number"] for row in company.tables[entity_set].values())
        found += [f"{entity_set} {number} exists twice" for number, n in counts.items() if n > 1]
    for kind in (SALES_ORDER, PURCHASE_ORDER):
        places = Counter(
            (row["documentId"], row["sequence"]) for row in company.tables[kind.lines].values()
        )
        found += [f"{kind.lines} {place} exists twice" for place, n in places.items() if n > 1]
    return found
