"""Rules that lines of orders and of purchase invoices share (rules.md 4, 5.12, 11.6)."""

from __future__ import annotations

from bc_pipeline.sandbox.bookkeeping.dimension_sets import dimensions_of, replace_dimensions
from bc_pipeline.sandbox.bookkeeping.documents import LINE_STEP, lines_of
from bc_pipeline.sandbox.bookkeeping.kinds import Kind
from bc_pipeline.sandbox.business_central.rules.dimension_sets import inherited
from bc_pipeline.sandbox.business_central.rules.document_totals import retotal
from bc_pipeline.sandbox.business_central.rules.line_values import LineValues
from bc_pipeline.sandbox.business_central.rules.references import parent_of
from bc_pipeline.sandbox.business_central.writes import EntityRules, Parent, WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.company.values import ZERO_GUID, empty_row
from bc_pipeline.sandbox.odata_errors import dialog

_PLACE = ("documentId", "sequence")
_DOCUMENT = (
    "The document id does not match the document of the URL.",
    "You must specify a document id to create a line.",
    "No document with the specified id exists.",
)


class DocumentLines(EntityRules):
    """Lines of one kind of document."""

    def __init__(self, kind: Kind) -> None:
        self.kind = kind

    def check_editable(self, header: Row, changed: set[str] | None) -> None:
        """Refuses a change the document's state does not allow.

        Args:
            changed: names of the properties that change; None for a new or deleted line.

        Raises:
            BcError: the document is released or posted.
        """
        raise NotImplementedError

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST: a line at its sequence or at the end; its header's totals follow."""
        header = self._header(ctx, given, parent)
        self.check_editable(header, None)
        self._check_one_object(given)
        line = LineValues(ctx, self.kind, header, self._blank(ctx, header, given))
        for name, value in given.items():
            if name not in _PLACE:
                line.apply(name, value)
        stored = ctx.insert(self.kind.lines, self._storable(line.with_amounts()))
        self._inherit(ctx, header, stored)
        retotal(ctx, self.kind, header)
        return stored

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH: properties one after another, then the amounts."""
        header = ctx.company.tables[self.kind.headers][row["documentId"]]
        for name, told in (("documentId", "document"), ("sequence", "sequence")):
            if given.get(name, row[name]) != row[name]:
                raise dialog(f"The {told} of a line cannot be changed.")
        self._check_one_object(given)
        changed = {name for name, value in given.items() if value != row[name]}
        self.check_editable(header, changed)
        line = LineValues(ctx, self.kind, header, dict(row))
        for name, value in given.items():
            line.apply(name, value)
        after = self._storable(line.with_amounts())
        stored = ctx.modify(
            self.kind.lines, row, **{n: v for n, v in after.items() if v != row.get(n)}
        )
        if line.object_changed:
            self._inherit(ctx, header, stored)
        retotal(ctx, self.kind, header)
        return stored

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE: refused while goods of it were moved that are not invoiced (4.18)."""
        header = ctx.company.tables[self.kind.headers][row["documentId"]]
        self.check_editable(header, None)
        if abs(row.get(self.kind.done, 0)) > abs(row.get("invoicedQuantity", 0)):
            raise dialog(f"{self.kind.done} is not invoiced yet: the line cannot be deleted.")
        ctx.delete(self.kind.lines, row)
        retotal(ctx, self.kind, header)

    # -- pieces ---------------------------------------------------------------------------------

    def _header(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        wanted = given.get("documentId", ZERO_GUID)
        return parent_of(ctx, parent.row if parent else None, self.kind.headers, wanted, _DOCUMENT)

    def _check_one_object(self, given: Row) -> None:
        if ZERO_GUID not in (given.get("itemId", ZERO_GUID), given.get("accountId", ZERO_GUID)):
            raise dialog("Both itemId and accountId are specified. Specify only one of them.")

    def _blank(self, ctx: WriteContext, header: Row, given: Row) -> Row:
        used = [line["sequence"] for line in lines_of(ctx.company, self.kind, header["id"])]
        sequence = given.get("sequence") or max(used, default=0) + LINE_STEP
        if sequence in used:
            raise dialog("You cannot insert a line because a line already exists.")
        return empty_row(entities()[self.kind.lines]) | {
            "documentId": header["id"],
            "sequence": sequence,
            "discountAppliedBeforeTax": True,
        }

    def _storable(self, values: Row) -> Row:
        """Without what the company gives itself: the tag, and the id of a new row."""
        dropped = {"@odata.etag"} | ({"id"} if values["id"] == ZERO_GUID else set())
        return {name: value for name, value in values.items() if name not in dropped}

    def _inherit(self, ctx: WriteContext, header: Row, line: Row) -> None:
        """Dimensions of a line: the header's and those of its item or account (5.13)."""
        if line["lineType"] == "Comment":
            replace_dimensions(ctx.company, self.kind.lines, line, {})
            return
        masters = [
            master
            for master in (
                ctx.get("items", line["itemId"]),
                ctx.get("accounts", line["accountId"]),
            )
            if master is not None
        ]
        above, own = dimensions_of(ctx.company, header), inherited(ctx, masters)
        chosen = above | own if ctx.settings.line_dimensions_win else own | above
        replace_dimensions(ctx.company, self.kind.lines, line, chosen)
