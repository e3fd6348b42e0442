"""Rules of items and their variants (rules.md 10)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from bc_pipeline.sandbox.bookkeeping.items import ITEM_LINES, adjust_stock, is_used
from bc_pipeline.sandbox.business_central.rules.master_data import MasterData, Reference
from bc_pipeline.sandbox.business_central.writes import RULES, EntityRules, Parent, WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.odata_errors import dialog, field_error, same_key


@dataclass(frozen=True)
class Items(MasterData):
    """Items."""

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST; stock cannot be given (10.3)."""
        if "inventory" in given:
            raise dialog("Inventory cannot be changed in a POST request.")
        row = super().insert(ctx, given, parent)
        unit = row["baseUnitOfMeasureCode"]
        if not unit:
            return row
        return ctx.modify("items", row, **{"#units": {unit: Decimal(1)}, "#purchaseUnit": unit})

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH; ``inventory`` posts an adjustment for the difference (10.3)."""
        entries = bool(ctx.find("itemLedgerEntries", itemNumber=row["number"]))
        if given.get("type", row["type"]) != row["type"] and is_used(ctx.company, row):
            raise dialog("You cannot change the type: the item has entries or documents.")
        unit = given.get("baseUnitOfMeasureCode", row["baseUnitOfMeasureCode"])
        if unit != row["baseUnitOfMeasureCode"] and entries:
            raise dialog("You cannot change the base unit of measure: the item has open entries.")
        cost = given.get("unitCost", row["unitCost"])
        if cost != row["unitCost"] and entries and row["type"] == "Inventory":
            raise dialog("You cannot change the unit cost: the item has entries.")
        changes = {name: value for name, value in given.items() if name != "inventory"}
        old_number = row["number"]
        row = super().update(ctx, row, changes, parent)
        if row["number"] != old_number:
            for lines in ITEM_LINES:
                for line in ctx.find(lines, itemId=row["id"]):
                    ctx.modify(lines, line, lineObjectNumber=row["number"])
        if "inventory" in given:
            difference = given["inventory"] - ctx.company.inventory(row["id"])
            if difference:
                adjust_stock(ctx.company, row, difference)
        return row

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE; refused once anything uses the item (10.10)."""
        if is_used(ctx.company, row):
            raise dialog(f"You cannot delete item {row['number']}: there are documents or entries.")
        ctx.delete("items", row)

    def checked(self, ctx: WriteContext, row: Row | None, given: Row) -> Row:
        """See ``MasterData.checked``; a GTIN is digits (10.9)."""
        if not str(given.get("gtin") or "0").isdecimal():
            raise field_error("GTIN must consist of digits.")
        return super().checked(ctx, row, given)


class ItemVariants(EntityRules):
    """Variants of items (10.12)."""

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST: the item from the URL or the body, and a code it does not have yet."""
        item = _item_of(ctx, given, parent)
        code = given.get("code", "")
        if not code:
            raise field_error("Code must have a value in Item Variant.")
        _check_free(ctx, item["id"], code)
        values = given | {"itemId": item["id"], "itemNumber": item["number"]}
        return ctx.insert("itemVariants", values)

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH; a variant stays with its item."""
        for name in ("itemId", "itemNumber"):
            if given.get(name, row[name]) != row[name]:
                raise dialog(f"The {name} of a variant cannot be changed.")
        if given.get("code", row["code"]) != row["code"]:
            _check_free(ctx, row["itemId"], given["code"])
        return ctx.modify("itemVariants", row, **given)

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE; refused while lines use it."""
        lines = [name for name in ITEM_LINES if ctx.find(name, itemVariantId=row["id"])]
        if lines:
            raise dialog(f"You cannot delete variant {row['code']} because {lines[0]} refer to it.")
        ctx.delete("itemVariants", row)


def _item_of(ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
    item = parent.row if parent else None
    for name, key in (("itemId", "id"), ("itemNumber", "number")):
        if name not in given:
            continue
        found = ctx.find("items", **{key: given[name]})
        if not found or (item is not None and found[0]["id"] != item["id"]):
            raise dialog("The item values do not match to a specific Item.")
        item = found[0]
    if item is None:
        raise dialog("The itemId or the itemNumber must be provided.")
    return item


def _check_free(ctx: WriteContext, item_id: str, code: str) -> None:
    if ctx.find("itemVariants", itemId=item_id, code=code):
        raise same_key("Item Variant", code)


RULES["items"] = Items(
    "items",
    key="number",
    references=(
        Reference("itemCategoryId", "itemCategories", code="itemCategoryCode"),
        Reference("taxGroupId", "taxGroups", code="taxGroupCode"),
        Reference("baseUnitOfMeasureId", "unitsOfMeasure", code="baseUnitOfMeasureCode"),
        Reference(
            "generalProductPostingGroupId",
            "generalProductPostingGroups",
            code="generalProductPostingGroupCode",
        ),
        Reference(
            "inventoryPostingGroupId", "inventoryPostingGroups", code="inventoryPostingGroupCode"
        ),
    ),
    carried_by=("itemNumber",),
)
RULES["itemVariants"] = ItemVariants()
