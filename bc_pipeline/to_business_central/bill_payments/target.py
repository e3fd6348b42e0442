"""Vendor payments as the upsert sees them: how one is found in its journal, and completed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from bc_pipeline.business_central.lookup.dimensions import dimension_set_parts
from bc_pipeline.errors import RecordError
from bc_pipeline.to_business_central import properties
from bc_pipeline.to_business_central.documents.lookups import Question, ask
from bc_pipeline.to_business_central.properties import differences
from bc_pipeline.to_business_central.upsert.owners import Owner, adopt, made_since, owners
from bc_pipeline.to_business_central.upsert.work import Target, Work
from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import by_code, grouped, guid

DIMENSIONS = "dimensionSetLines"
_PROPERTIES = properties.by_name(
    properties.codes("documentNumber"),
    properties.guids("vendorId", "appliesToInvoiceId"),
    properties.days("postingDate"),
    properties.numbers("amount"),
)

Row = Mapping[str, Any]


@dataclass
class PaymentWork(Work):
    """One payment on its way.

    Attributes:
        journal: id of its journal.
        line_number: that a new line is to have.
    """

    journal: str = ""
    line_number: int | None = None

    @property
    def number(self) -> str:
        """As codes are compared; blank when BC gives the number."""
        return by_code(self.body.get("documentNumber"))


class PaymentTarget(Target[PaymentWork]):
    """Lines of vendor payment journals."""

    # BC gives a new line dimensions of its own, which have to be seen before others are set.
    number = "documentNumber"
    dimensions = DIMENSIONS
    dimension_changes = staticmethod(dimension_set_parts)

    def find(self, context: ExportContext, works: Sequence[PaymentWork]) -> None:
        """Two requests at most: by id and number, then the lost ones that neither has shown."""
        expand = DIMENSIONS if any(work.dimensions for work in works) else None
        questions = [
            question
            for journal, group in _by_journal(works)
            for known in [[_known_id(work) for work in group]]
            for question in (
                Question(_lines(journal), "id", known, guid=True, expand=expand, expected=known),
                Question(
                    _lines(journal),
                    "documentNumber",
                    [work.number for work in group],
                    expand=expand,
                    certain=any(work.doubt_since or work.sends for work in group),
                ),
            )
        ]
        answers = ask(context, questions)
        known = [row for rows in answers[0::2] for row in rows]
        numbered = answers[1::2]
        by_id = {guid(row["id"]): row for row in known}
        there = [row for rows in numbered for row in rows]
        by_number = grouped(
            there, lambda row: (guid(row["journalId"]), by_code(row["documentNumber"]))
        )
        makers = owners(context, "vendor_payments", (row["id"] for row in there))
        for work in works:
            same = by_number.get((work.journal, work.number), [])
            own = [row for row in same if not _made_by_another(work, row, makers)]
            try:
                found = _match(work, by_id, own)
                _refuse_anothers(work, found, makers)
                work.saw(found)
            except RecordError as error:
                work.problem = error
        self._find_lost(context, works, expand)

    def _find_lost(
        self, context: ExportContext, works: Sequence[PaymentWork], expand: str | None
    ) -> None:
        """Payments whose POST may have been applied: still in the journal, or posted already."""
        lost = [work for work in works if work.doubt_since and not work.problem]
        unnumbered = [work for work in lost if not work.number]
        numbers = {work.number for work in lost if work.number}
        posted, *lines = ask(
            context,
            [
                Question("generalLedgerEntries", "documentNumber", numbers, certain=True),
                *(
                    Question(
                        _lines(journal),
                        "vendorId",
                        [work.body["vendorId"] for work in group],
                        guid=True,
                        also=made_since(group),
                        expand=expand,
                        certain=True,
                    )
                    for journal, group in _by_journal(unnumbered)
                ),
            ],
        )
        for work in lost:
            if any(_could_be(work, entry) for entry in posted):
                work.problem = RecordError(
                    "InvalidRecordState",
                    f"the answer to writing it was lost, and document {work.number} is posted "
                    "with this amount: see whether that is this payment",
                )
        found = (row for rows in lines for row in rows)
        adopt(context, unnumbered, found, _equal, among=works)

    def numbered(self, work: PaymentWork) -> str:
        """Its number, in its journal."""
        return work.number and f"{work.journal} {work.number}"

    def check_new(self, work: PaymentWork) -> None:
        """A new payment needs an amount."""
        if "amount" not in work.body:
            raise RecordError("MissingField", "a new payment needs amount")

    def changes(self, work: PaymentWork) -> dict[str, Any]:
        """What differs; of a new one everything given, and its place in the journal."""
        if work.row is not None:
            return differences(_PROPERTIES, work.row, work.body)
        place = {} if work.line_number is None else {"lineNumber": work.line_number}
        return {**place, **work.body}

    def collection(self, work: PaymentWork) -> str:
        """The lines of its journal."""
        return _lines(work.journal)

    def record_path(self, work: PaymentWork) -> str:
        """The line."""
        return f"vendorPayments({work.bc_id})"


def _by_journal(works: Sequence[PaymentWork]) -> list[tuple[str, list[PaymentWork]]]:
    """A journal is asked only for its own payments: lists need a journal (behaviour.md 3.1)."""
    return list(grouped(works, lambda work: work.journal).items())


def _lines(journal: str) -> str:
    """The payments of one journal."""
    return f"vendorPaymentJournals({journal})/vendorPayments"


def _known_id(work: PaymentWork) -> str | None:
    """The id it gives, else the one it has had before."""
    given: str | None = work.pending.record.id
    return given or work.link


def _match(work: PaymentWork, by_id: Mapping[str, Row], same: Sequence[Row]) -> Row | None:
    """By id, by what the ledger knows, by number.

    Raises:
        RecordError: nothing has its id; several could be meant; it is no longer in the journal.
    """
    row = by_id.get(guid(_known_id(work)))
    if row is not None and guid(row["journalId"]) == work.journal:
        return row
    if given := work.pending.record.id:
        raise RecordError("RecordNotFound", f"its journal has no payment with id {given}")
    for narrower in (_for_this_bill, _equal):
        if len(same) > 1:
            same = [row for row in same if narrower(work, row)] or same
    if len(same) > 1 and not _equal(work, same[0]):
        raise RecordError(
            "InvalidInputError",
            f"its journal has {len(same)} payments with number {work.number}; give the id",
        )
    if not same and work.link:
        raise RecordError(
            "InvalidRecordState",
            "it was written before and is no longer in its journal, so somebody has posted or "
            "deleted it; it is not written again",
        )
    return same[0] if same else None


def _for_this_bill(work: PaymentWork, row: Row) -> bool:
    return all(
        guid(row.get(name)) == work.body[name] for name in ("vendorId", "appliesToInvoiceId")
    )


def _made_by_another(work: PaymentWork, row: Row, makers: Mapping[str, Owner]) -> bool:
    """Whether the line is what another record has become: one for another bill, or one without
    a number, to which BC has given this one because it was the last in the journal."""
    maker = makers.get(guid(row["id"]))
    if maker is None or maker.key == work.pending.key:
        return False
    return (
        not _for_this_bill(work, row) or by_code(maker.record.get("paymentNumber")) != work.number
    )


def _refuse_anothers(work: PaymentWork, row: Row | None, makers: Mapping[str, Owner]) -> None:
    """A line that is another record's stays as it is (decision 6), unless it is told by its id.

    Raises:
        RecordError: it is; names both.
    """
    maker = makers.get(guid(row["id"])) if row else None
    pending = work.pending
    if row is None or maker is None or maker.key == pending.key:
        return
    if guid(row["id"]) == guid(_known_id(work)):
        return
    raise RecordError(
        "DuplicatedRecord",
        f"payment {work.number} of this bill stands in its journal for externalId {maker.name}, "
        f"and this record has externalId {pending.name}; the line stays as it is. Give this one "
        f"its own paymentNumber, or send the change as {maker.name}",
    )


def _equal(work: PaymentWork, row: Row) -> bool:
    return guid(row["journalId"]) == work.journal and not differences(_PROPERTIES, row, work.body)


def _could_be(work: PaymentWork, entry: Row) -> bool:
    """Whether a posted entry has the number and the amount of a payment."""
    amount = abs(work.body.get("amount", Decimal(0)))
    sides = (Decimal(str(entry.get(name) or 0)) for name in ("debitAmount", "creditAmount"))
    return by_code(entry.get("documentNumber")) == work.number and amount in [abs(s) for s in sides]
