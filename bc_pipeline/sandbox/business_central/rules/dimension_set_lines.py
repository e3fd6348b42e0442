"""Rules of ``dimensionSetLines`` (rules.md 9): only through the parent, one line per dimension."""

from __future__ import annotations

from bc_pipeline.sandbox.bookkeeping.dimension_sets import dimensions_of, put_dimension
from bc_pipeline.sandbox.business_central.rules.dimension_sets import check_usable, shortcut_codes
from bc_pipeline.sandbox.business_central.writes import RULES, EntityRules, Parent, WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.metadata import entities
from bc_pipeline.sandbox.company.values import ZERO_GUID
from bc_pipeline.sandbox.odata_errors import dialog, field_error, no_relation

# Parents whose sets can be read only (9.7).
READ_ONLY_PARENTS = {
    "generalLedgerEntries",
    "salesShipments",
    "salesShipmentLines",
    "purchaseReceipts",
    "purchaseReceiptLines",
}
# Lines of documents -> their headers, whose status decides.
HEADERS = {
    "purchaseOrderLines": "purchaseOrders",
    "purchaseInvoiceLines": "purchaseInvoices",
    "purchaseCreditMemoLines": "purchaseCreditMemos",
    "salesOrderLines": "salesOrders",
    "salesInvoiceLines": "salesInvoices",
    "salesCreditMemoLines": "salesCreditMemos",
    "salesQuoteLines": "salesQuotes",
}
# Released orders refuse (9.9); posted invoices' headers do not (9.8), their lines do.
_RELEASED = {"In_x0020_Review", "Open"}
_ORDERS = {"purchaseOrders", "salesOrders"}


class DimensionSetLines(EntityRules):
    """Dimensions of one document, line or journal line."""

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST: dimension by ``id`` or ``code``, then its value by ``valueId`` or ``valueCode``."""
        parent = _writable(ctx, parent)
        dimension, value = _chosen(ctx, None, given)
        if dimension is None:
            raise dialog("The dimension id or code must be provided.")
        if value is None:
            raise dialog("The dimension value id or code must be provided.")
        if dimension["id"] in dimensions_of(ctx.company, parent.row):
            raise dialog("The record already exists. Use PATCH to change the value.")
        return _save(ctx, parent, dimension, value)

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH: another value of the same dimension (9.6)."""
        parent = _writable(ctx, parent)
        if any(given.get(name, row[name]) != row[name] for name in ("id", "code")):
            raise dialog("The id and code of a dimension set line cannot be modified.")
        dimension = ctx.company.tables["dimensions"][row["id"]]
        values: Row = {n: given[n] for n in ("valueId", "valueCode") if n in given}
        _, value = _chosen(ctx, dimension, values)
        if value is None:
            return row
        return _save(ctx, parent, dimension, value)

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE: the document no longer has the dimension."""
        parent = _writable(ctx, parent)
        ctx.delete("dimensionSetLines", row)
        _touch(ctx, parent)


def _writable(ctx: WriteContext, parent: Parent | None) -> Parent:
    if parent is None:
        raise dialog("The parent ID must be specified to get the dimension set lines.")
    if parent.entity_set in READ_ONLY_PARENTS:
        raise dialog("The parent does not exist or its dimensions are read-only.")
    header_set = HEADERS.get(parent.entity_set, parent.entity_set)
    is_line = header_set != parent.entity_set
    header = ctx.get(header_set, parent.row["documentId"]) if is_line else parent.row
    status = (header or {}).get("status")
    if header_set in _ORDERS and status in _RELEASED:
        raise field_error(f"Status must be equal to 'Open' in {header_set}. Current: Released.")
    if is_line and status is not None and status != "Draft":
        raise dialog("The document has been posted and can no longer be modified.")
    return parent


def _chosen(ctx: WriteContext, dimension: Row | None, given: Row) -> tuple[Row | None, Row | None]:
    """Dimension and value that a body names, its properties taken in their order (9.3)."""
    value: Row | None = None
    for name, content in given.items():
        if name in ("id", "code"):
            found = _dimension(ctx, name, content)
            if dimension is not None and dimension["id"] != found["id"]:
                raise dialog("The dimension id and code do not match the same dimension.")
            dimension = found
        elif name == "valueId":
            known = ctx.get("dimensionValues", content)
            if known is None:
                raise dialog('The "valueId" does not match a Dimension Value.')
            value = _same(value, known)
        elif name == "valueCode":
            value = _same(value, _value_by_code(ctx, dimension, content))
    if dimension is not None and value is not None:
        if value["dimensionId"] != dimension["id"]:
            raise no_relation("Dimension Value", "Dimension Value Code", value["code"])
        check_usable(dimension, value)
    return dimension, value


def _dimension(ctx: WriteContext, name: str, content: str) -> Row:
    found = ctx.find("dimensions", **{name: content})
    if not found:
        raise dialog(f'The "{name}" does not match a Dimension.')
    return found[0]


def _value_by_code(ctx: WriteContext, dimension: Row | None, code: str) -> Row:
    wanted = dimension["id"] if dimension else ZERO_GUID
    found = ctx.find("dimensionValues", dimensionId=wanted, code=code)
    if not found:
        raise dialog('The "valueCode" does not match a Dimension Value of this dimension.')
    return found[0]


def _same(known: Row | None, found: Row) -> Row:
    if known is not None and known["id"] != found["id"]:
        raise dialog("The dimension value id and code do not match the same dimension value.")
    return found


def _save(ctx: WriteContext, parent: Parent, dimension: Row, value: Row) -> Row:
    line = put_dimension(ctx.company, parent.entity_set, parent.row, dimension["id"], value["id"])
    _touch(ctx, parent)
    return line


def _touch(ctx: WriteContext, parent: Parent) -> None:
    """Saving rewrites the parent: its tag and stamp change, and a header's shortcuts follow
    (9.9)."""
    codes: Row = {}
    if "shortcutDimension1Code" in entities()[parent.entity_set].fields:
        codes = shortcut_codes(ctx, dimensions_of(ctx.company, parent.row))
    ctx.modify(parent.entity_set, parent.row, **codes)


RULES["dimensionSetLines"] = DimensionSetLines()
