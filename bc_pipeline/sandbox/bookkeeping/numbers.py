"""Number series: the next number of a kind of document or master record.

A series goes on from the highest number in use and never hands out a number twice, also when the
document with it is gone (rules.md 0.6).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from bc_pipeline.sandbox.company.company import Company

TRAILING_DIGITS = re.compile(r"(.*?)(\d{1,15})")

# Series -> where its numbers stand (entity set, property) and the number before the first one.
Series = tuple[tuple[tuple[str, str], ...], str]


def _orders(first: str, side: str, moved: str) -> Series:
    """That of the orders of a side, whose numbers live on in what was posted from them."""
    posted = ((f"{side}{what}", "orderNumber") for what in ("Invoices", moved))
    return ((f"{side}Orders", "number"), *posted), first


def _documents(first: str, entity_set: str, name: str = "number") -> Series:
    return ((entity_set, name),), first


SERIES: dict[str, Series] = {
    "item": _documents("1000", "items"),
    "vendor": _documents("V00000", "vendors"),
    "customer": _documents("K00000", "customers"),
    "sales order": _orders("101000", "sales", "Shipments"),
    "sales invoice": _documents("103000", "salesInvoices"),
    "sales shipment": _documents("102000", "salesShipments"),
    "sales credit memo": _documents("104000", "salesCreditMemos"),
    "purchase order": _orders("106000", "purchase", "Receipts"),
    "purchase invoice": _documents("108000", "purchaseInvoices"),
    "purchase receipt": _documents("107000", "purchaseReceipts"),
    "adjustment": _documents("T00000", "itemLedgerEntries", "documentNumber"),
    "direct transfer": _documents("DT00000", "itemLedgerEntries", "documentNumber"),
    "draft purchase invoice": _documents("PI00000", "purchaseInvoices"),
    "general journal": _documents("G00000", "generalLedgerEntries", "documentNumber"),
}
# Series of a prefix of their own, beside numbers that come from elsewhere: people number items
# too, entries carry the numbers of documents, posted invoices are drafts that were numbered anew.
OWN_PREFIX = {"adjustment", "direct transfer", "draft purchase invoice", "general journal"}


@dataclass
class _Series:
    prefix: str
    last: int
    width: int

    def next(self) -> str:
        self.last += 1
        return f"{self.prefix}{self.last:0{self.width}d}"


_series: WeakKeyDictionary[Company, dict[str, _Series]] = WeakKeyDictionary()


def next_number(company: Company, series: str) -> str:
    """The next free number of a series of :data:`SERIES`. Raises KeyError for an unknown one."""
    with company.lock:
        known = _series.setdefault(company, {})
        if series not in known:
            places, first = SERIES[series]
            used = (
                row[name]
                for entity_set, name in places
                for row in company.tables[entity_set].values()
            )
            own_prefix = series in OWN_PREFIX
            known[series] = _continue(used, first, _others(series), own_prefix=own_prefix)
        return known[series].next()


def forget_numbers(company: Company) -> None:
    """Go on from the numbers in use: those handed out since then never were."""
    _series.pop(company, None)


def _continue(used: Iterable[str], first: str, others: set[str], *, own_prefix: bool) -> _Series:
    """The series that goes on from the highest number of the prefix most numbers have; ``others``
    are prefixes that belong to other series."""
    start = _parts(first)
    assert start is not None
    highest: dict[str, tuple[int, int]] = {}
    counts: dict[str, int] = {}
    for number in used:
        if (parts := _parts(number)) is None:
            continue
        prefix, value, width = parts
        if prefix in others:
            continue
        counts[prefix] = counts.get(prefix, 0) + 1
        highest[prefix] = max(highest.get(prefix, (0, 0)), (value, width))
    prefix = start[0] if own_prefix or not counts else max(counts, key=lambda p: counts[p])
    value, width = highest.get(prefix, start[1:])
    return _Series(prefix, value, width)


def _others(series: str) -> set[str]:
    """Prefixes of the other series whose numbers stand in the same places."""
    places = set(SERIES[series][0])
    firsts = (SERIES[s][1] for s in OWN_PREFIX - {series} if places & set(SERIES[s][0]))
    return {parts[0] for first in firsts if (parts := _parts(first)) is not None}


def _parts(number: str) -> tuple[str, int, int] | None:
    match = TRAILING_DIGITS.fullmatch(number)
    return (match[1], int(match[2]), len(match[2])) if match else None
