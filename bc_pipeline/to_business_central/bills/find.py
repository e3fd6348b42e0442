"""The bills of a call in Business Central, with their vendors and items: all in one request."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from bc_pipeline.business_central.filters import all_of, eq, literal
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central.bills.differences import (
    BILLS,
    DRAFT,
    EXPAND,
    HEADER,
    LINES,
    status,
)
from bc_pipeline.to_business_central.bills.lines import Memory, is_about, matched, says_the_same
from bc_pipeline.to_business_central.bills.wanted import WantedBill, item_names
from bc_pipeline.to_business_central.documents.changes import Row
from bc_pipeline.to_business_central.documents.concurrency import Unclear, text_map
from bc_pipeline.to_business_central.documents.lookups import (
    Directory,
    Question,
    ask,
    directory,
    questions,
)
from bc_pipeline.to_business_central.export_types import IN_DOUBT, UNRESOLVED, Pending
from bc_pipeline.to_business_central.properties import differences
from bc_pipeline.to_business_central.unified import Bill
from bc_pipeline.to_business_central.upsert.owners import Owner, owners, told_in
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import by_code, guid

CANCELLED = frozenset({"Canceled", "Corrective"})
"""States of posted bills whose number is free again (rules.md 5.4, 5.9)."""
KEYS = (("transaction_number", "number"), ("bill_number", "vendorInvoiceNumber"))
"""Field of the record and property by which a vendor's bill is found, in order."""
_CLOCKS = timedelta(minutes=5)
"""How far BC's clock may be behind ours."""


class Bills:
    """The bills BC has that records of this call may mean; safe to share between threads."""

    def __init__(self, rows: Iterable[Row]) -> None:
        self._guard = threading.Lock()
        self._by_id: dict[str, Row] = {}
        self._by_number: defaultdict[tuple[str, str, str], set[str]] = defaultdict(set)
        for row in rows:
            self.put(row)

    def put(self, row: Row) -> None:
        """A bill as BC shows it by now."""
        id = guid(row["id"])
        with self._guard:
            self._by_id[id] = row
            for _, name in KEYS:
                self._by_number[name, guid(row.get("vendorId")), by_code(row.get(name))].add(id)

    def matching(self, bill: Bill, vendor_id: str, known_id: str | None) -> Row | None:
        """The bill a record means: by id, as the ledger knows it, by number, by the vendor's
        number; None when BC has none.

        Args:
            bill: the record.
            vendor_id: of the record; bills of other vendors may have the same numbers.
            known_id: the BC bill this record became in an earlier run.

        Raises:
            RecordError: its id does not exist, or several bills have its number.
        """
        with self._guard:
            if bill.id and guid(bill.id) not in self._by_id:
                raise RecordError("RecordNotFound", f"there is no bill with id {bill.id}")
            for id in (bill.id, known_id):
                if id and guid(id) in self._by_id:
                    return self._by_id[guid(id)]
            for attribute, name in KEYS:
                value = getattr(bill, attribute)
                if value and (found := self._numbered(name, vendor_id, value)):
                    return found
            return None

    def numbered(self, name: str, vendor_id: str, value: str) -> list[Row]:
        """The bills of a vendor with a number.

        Args:
            name: of the property; one of ``KEYS``.
        """
        with self._guard:
            return self._all_numbered(name, vendor_id, value)

    def _all_numbered(self, name: str, vendor_id: str, value: str) -> list[Row]:
        rows = [self._by_id[id] for id in self._by_number[name, vendor_id, by_code(value)]]
        # A number may have been changed since, and one of a cancelled bill is free again.
        return [
            row
            for row in rows
            if by_code(row.get(name)) == by_code(value) and status(row) not in CANCELLED
        ]

    def _numbered(self, name: str, vendor_id: str, value: str) -> Row | None:
        found = self._all_numbered(name, vendor_id, value)
        if len(found) > 1:
            numbers = ", ".join(sorted(str(row.get("number")) for row in found))
            raise RecordError(
                "DuplicatedRecord",
                f"Business Central has several bills of this vendor with {name} {value}: {numbers}",
            )
        return found[0] if found else None


def look_up(
    context: ExportContext, pendings: Sequence[Pending], *, with_rules: bool
) -> tuple[Directory, Directory, Bills]:
    """Vendors, items and bills that the records name.

    Args:
        with_rules: the default dimensions of vendors and items as well, for posting.

    Raises:
        AuthError, Cancelled, ReadFailed, RequestFailed: BC could not say.
    """
    records: list[Bill] = [pending.record for pending in pendings]
    vendors = {(r.vendor_id, r.vendor_number, r.vendor_name) for r in records}
    items = {item_names(line) for record in records for line in record.line_items}
    rules = "defaultDimensions" if with_rules else None
    asked = {
        "vendor": questions("vendors", vendors, rules),
        "item": questions("items", items, rules),
        "bill": _bill_questions(records, pendings),
    }
    answers = iter(ask(context, [each for group in asked.values() for each in group]))
    found = {what: [row for _ in group for row in next(answers)] for what, group in asked.items()}
    return (
        directory(context, "vendor", "vendors", vendors, found["vendor"], rules),
        directory(context, "item", "items", items, found["item"], rules),
        Bills(found["bill"]),
    )


def _bill_questions(records: Sequence[Bill], pendings: Sequence[Pending]) -> list[Question]:
    ids = {record.id for record in records}
    ids |= {pending.entry.bc_id for pending in pendings if pending.entry}
    tried = [pending.record for pending in pendings if pending.entry]
    by_key = [
        Question(
            BILLS,
            name,
            {getattr(record, attribute) for record in records},
            expand=EXPAND,
            expected={getattr(record, attribute) for record in tried},
        )
        for attribute, name in KEYS
    ]
    return [Question(BILLS, "id", ids, guid=True, expand=EXPAND, expected=ids), *by_key]


def lost_draft(
    context: ExportContext,
    pending: Pending,
    wanted: WantedBill,
    detail: dict[str, Any],
    *,
    as_sent: bool,
) -> Row | None:
    """The draft that a POST without a seen answer has made; None when there is none.

    With the vendor's number it is known by that. Without one it is the draft of the vendor,
    changed since the POST, that says what was sent and belongs to no other record.

    Args:
        context: of the call.
        pending: the record.
        wanted: the bill as it is to be now.
        detail: what the ledger remembers of what was sent.
        as_sent: the record has not changed since.

    Raises:
        Unclear: several drafts may be it.
        AuthError, Cancelled, ReadFailed, RequestFailed: BC could not say.
    """
    header = text_map(detail, "header") or dict(wanted.header)
    sent_at = datetime.fromisoformat(detail["sent_at"]) if detail.get("sent_at") else context.now
    since = f"lastModifiedDateTime ge {literal(sent_at - _CLOCKS)}"
    also = all_of(eq("status", DRAFT), since)
    vendor = [header["vendorId"]]
    question = Question(BILLS, "vendorId", vendor, True, also, EXPAND, certain=True)
    memory = Memory.of(detail)
    numbers = set(memory.unfinished)
    taken = _taken(context, pending)
    found = [
        row
        for row in ask(context, [question])[0]
        if not differences(HEADER, row, header)
        and {line.get("sequence") for line in row.get(LINES) or ()} in (numbers, set())
        and guid(row["id"]) not in taken
        and (not as_sent or _has_lines_of(wanted, row, memory))
    ]
    if len(found) > 1:
        names = ", ".join(sorted(str(row.get("number")) for row in found))
        raise Unclear(
            f"the answer to creating it was lost, and several drafts may be it: {names}; "
            "give the bill a billNumber, or delete the drafts that are not wanted"
        )
    return found[0] if found else None


def _has_lines_of(wanted: WantedBill, row: Row, memory: Memory) -> bool:
    """Whether the lines a draft has are about the same things as those that were sent. Prices do
    not count, BC may have changed them."""
    match = matched(wanted.lines, row.get(LINES) or (), memory)
    return all(
        is_about(line, claim) and says_the_same(line, claim, ("quantity", "description"))
        for line in wanted.lines
        if (claim := match.claimed.get(line.key))
    )


def _taken(context: ExportContext, pending: Pending) -> set[str]:
    """Ids of the bills that other records have become."""
    with context.snapshot.cursor() as cursor:
        rows = cursor.execute(
            "SELECT bc_id FROM outbound.ledger WHERE entity = ? AND key <> ? AND bc_id IS NOT NULL",
            [pending.entity, pending.key],
        ).fetchall()
    return {guid(row[0]) for row in rows}


# Whose a bill in Business Central is: what one record has made, no other one writes (decision 6).
#
# A vendor's number tells one bill from another only as long as the files keep it apart. When a
# second externalId brings the number of a bill that is another record's, or is being made for one,
# nobody can say which of the two is meant; the first one stays as it is. A record that names the
# bill in Business Central's own terms (its id, its number) means that bill, whoever made it.

_MAKING = (
    "SELECT key, record FROM outbound.ledger WHERE entity = ? AND bc_company = ? AND key <> ?"
    " AND bc_id IS NULL AND (list_contains(CAST(? AS VARCHAR[]), state)"
    " OR json_extract_string(detail, ?) = 'true')"
    " AND lower(json_extract_string(detail, '$.header.vendorId')) = ?"
    " AND upper(trim(json_extract_string(detail, '$.header.vendorInvoiceNumber'))) = ?"
)


def refuse_anothers(
    context: ExportContext, pending: Pending, vendor_id: str, bills: Bills, present: Row | None
) -> None:
    """Refuses a record whose vendor and bill number are another record's.

    Args:
        vendor_id: of the record.
        present: the bill in BC that it was found to mean, if any.

    Raises:
        RecordError: the number is another one's; names both.
    """
    bill: Bill = pending.record
    number = bill.bill_number
    if not by_code(number):
        return
    rivals = None if present is None else _rivals(pending, vendor_id, bills, present)
    if rivals == []:
        return
    where = "stands in Business Central"
    owner = _owner(context, pending, (str(row["id"]) for row in rivals or ()))
    if owner is None:
        where = "was sent, and its answer lost,"
        owner = _maker(context, pending, vendor_id, by_code(number))
    if owner is not None:
        raise RecordError(
            "DuplicatedRecord",
            f"bill {number} of this vendor {where} for externalId {owner.name}, and this record "
            f"has externalId {pending.name}; the bill stays as it is. Give this one its own "
            f"billNumber, or send the change as {owner.name}",
        )


def _rivals(pending: Pending, vendor_id: str, bills: Bills, present: Row) -> list[Row]:
    """The bills with the record's number that it does not mean in so many words."""
    bill: Bill = pending.record
    if not _meant(pending, present):
        return [present]
    same_vendor = guid(present.get("vendorId")) == guid(vendor_id)
    if same_vendor and by_code(present.get("vendorInvoiceNumber")) == by_code(bill.bill_number):
        return []  # the number is not new
    rows = bills.numbered("vendorInvoiceNumber", vendor_id, str(bill.bill_number))
    return [row for row in rows if row["id"] != present["id"]]


def _meant(pending: Pending, present: Row) -> bool:
    """Whether the bill is told by something else than the vendor's number."""
    bill: Bill = pending.record
    entry = pending.entry
    known = entry.bc_id if entry and entry.bc_company == pending.company.id else None
    ids = {guid(id) for id in (bill.id, known) if id}
    by_number = by_code(bill.transaction_number)
    return guid(present["id"]) in ids or bool(by_number and by_number == by_code(present["number"]))


def _owner(context: ExportContext, pending: Pending, bc_ids: Iterable[str]) -> Owner | None:
    found = owners(context, pending.entity, bc_ids).values()
    return next((owner for owner in found if owner.key != pending.key), None)


def _maker(context: ExportContext, pending: Pending, vendor_id: str, number: str) -> Owner | None:
    """The record for which such a bill was sent, and nobody has seen yet what became of it."""
    asked = [pending.entity, context.company.id, pending.key, sorted(UNRESOLVED), f"$.{IN_DOUBT}"]
    with context.snapshot.cursor() as cursor:
        row = cursor.execute(_MAKING, [*asked, guid(vendor_id), number]).fetchone()
    return Owner(row[0], told_in(row[1])) if row else None
