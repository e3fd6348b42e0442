"""Microsoft's Analytics API, part of the app Power BI Reports: stock and open lines by location
(platform 2). Queries rather than pages: no ids, no tags, no order but their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from bc_pipeline.sandbox.business_central import analytics_rows as rows_of
from bc_pipeline.sandbox.business_central.published import RowList
from bc_pipeline.sandbox.company.company import Company, Row
from bc_pipeline.sandbox.company.metadata import EntityType, Field, entities
from bc_pipeline.sandbox.odata_errors import unknown_resource


def analytics_list(company: Company, name: str) -> RowList:
    """One of the sets.

    Raises:
        BcError: 404, the app is not installed or has no such set.
    """
    if name not in analytics_names(company):
        raise unknown_resource(name)
    entity, rows = SETS[name]
    return RowList(name, rows(company), entity)


def analytics_names(company: Company) -> list[str]:
    """The sets a company shows: none without the app."""
    return list(SETS) if company.settings.analytics else []


Rows = Callable[[Company], Iterable[Row]]

_SETS: Mapping[str, tuple[Rows, str]] = {
    "itemLedgerEntries": (
        rows_of.ledger_entries,
        "entryNo entryType sourceType sourceNo documentNo documentType postingDate itemNo "
        "locationCode serialNo expirationDate lotNo quantity unitOfMeasureCode remainingQuantity "
        "costAmountActual salesAmountActual dimensionSetID open positive invoicedQuantity "
        "qtyPerUnitOfMeasure",
    ),
    "outstandingSalesLines": (
        rows_of.sales_lines,
        "documentNo documentType sellToCustomerNo itemNo outstandingQtyBase shipmentDate "
        "locationCode dimensionSetID qtyPerUnitOfMeasure unitOfMeasureCode",
    ),
    "outstandingPurchaseLines": (
        rows_of.purchase_lines,
        "itemNo outstandingQtyBase expectedReceiptDate locationCode buyFromVendorNo documentNo "
        "documentType dimensionSetID qtyPerUnitOfMeasure unitOfMeasureCode",
    ),
    "transferLines": (
        rows_of.transfer_lines,
        "documentNo itemNo inTransitLocationCode transferToLocationCode transferFromLocationCode "
        "qtyInTransitBase outstandingQtyBase receiptDate shipmentDate dimensionSetID "
        "qtyPerUnitOfMeasure unitOfMeasureCode",
    ),
    "locations": (rows_of.locations, "locationCode locationName adjustmentBinCode"),
}
# What is no text, by name: a property has the same type in every set.
_TYPES = {
    "Int32": "entryNo dimensionSetID",
    "Date": "postingDate expirationDate shipmentDate expectedReceiptDate receiptDate",
    "Decimal": "quantity remainingQuantity costAmountActual salesAmountActual invoicedQuantity "
    "qtyPerUnitOfMeasure outstandingQtyBase qtyInTransitBase",
    "Boolean": "open positive",
    "Enum": "entryType sourceType documentType",
}
_TYPE = {name: kind for kind, names in _TYPES.items() for name in names.split()}


def _field(entity_set: str, name: str) -> Field:
    kind = _TYPE.get(name, "String")
    if kind != "Enum":
        return Field(name, kind)
    # The members of the same fields of the standard API.
    known = "itemLedgerEntries" if entity_set == "itemLedgerEntries" else "salesReturnOrderLines"
    return Field(name, kind, enum=entities()[known].fields[name].enum)


def _entity(name: str, properties: str) -> EntityType:
    fields = {each: _field(name, each) for each in properties.split()}
    return EntityType(name, name, shipping=True, keys=(), fields=fields, query=name != "locations")


SETS = {name: (_entity(name, properties), rows) for name, (rows, properties) in _SETS.items()}
