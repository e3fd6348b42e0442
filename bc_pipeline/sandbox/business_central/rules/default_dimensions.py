"""Rules of ``defaultDimensions`` (rules.md 8)."""

from __future__ import annotations

from bc_pipeline.sandbox.business_central.rules.dimension_sets import NO_CODE, check_usable
from bc_pipeline.sandbox.business_central.writes import RULES, EntityRules, Parent, WriteContext
from bc_pipeline.sandbox.company.company import Row
from bc_pipeline.sandbox.company.values import ZERO_GUID
from bc_pipeline.sandbox.odata_errors import dialog, field_error, same_key

# Whose default dimensions can be written here (8.1).
PARENTS = {"Customer": "customers", "Item": "items", "Vendor": "vendors", "Employee": "employees"}


class DefaultDimensions(EntityRules):
    """The dimensions new documents of a customer, vendor, item or employee start with."""

    def insert(self, ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
        """POST: parent, dimension and, optionally, value by their ids (8.1-8.6)."""
        place = _parent(ctx, given, parent)
        dimension, value = _chosen(ctx, None, given)
        if dimension is None:
            raise dialog("The dimensionId must be provided.")
        if ctx.find("defaultDimensions", **place, dimensionId=dimension["id"]):
            raise same_key("Default Dimension", dimension["code"])
        values = given | place | _values(dimension, value)
        _check(values, dimension, value)
        row = ctx.insert("defaultDimensions", values)
        _touch_parent(ctx, row)
        return row

    def update(self, ctx: WriteContext, row: Row, given: Row, parent: Parent | None) -> Row:
        """PATCH: another value or posting rule; the dimension and the parent stay (8.5)."""
        for name in ("parentType", "parentId", "dimensionId"):
            if given.get(name, row[name]) != row[name]:
                raise dialog(f"The {name} of a default dimension cannot be changed.")
        dimension = ctx.get("dimensions", row["dimensionId"])
        value = ctx.get("dimensionValues", row["dimensionValueId"])
        if "dimensionValueId" in given:
            dimension, value = _chosen(ctx, dimension, given)
        assert dimension is not None
        values = given | _values(dimension, value)
        _check(row | values, dimension, value)
        changed = ctx.modify("defaultDimensions", row, **values)
        _touch_parent(ctx, changed)
        return changed

    def remove(self, ctx: WriteContext, row: Row, parent: Parent | None) -> None:
        """DELETE."""
        ctx.delete("defaultDimensions", row)
        _touch_parent(ctx, row)


def _parent(ctx: WriteContext, given: Row, parent: Parent | None) -> Row:
    """``parentType`` and ``parentId``: from the URL, or from the body (8.1)."""
    if parent is not None:
        place = dict(parent.link)
        if any(given.get(name, value) != value for name, value in place.items()):
            raise dialog("The parent in the body is not the one in the URL.")
        return place
    kind, id = given.get("parentType", ""), given.get("parentId", ZERO_GUID)
    if kind not in PARENTS or id == ZERO_GUID:
        raise dialog("The parentType and the parentId must be specified.")
    if ctx.get(PARENTS[kind], id) is None:
        raise dialog(f"The parentId does not match a {kind}.")
    return {"parentType": kind, "parentId": id}


def _chosen(ctx: WriteContext, dimension: Row | None, given: Row) -> tuple[Row | None, Row | None]:
    """Dimension and value that a body names; a value given first sets the dimension (8.3)."""
    value: Row | None = None
    for name in given:
        if name == "dimensionId":
            found = ctx.get("dimensions", given[name])
            if found is None:
                raise dialog("The dimensionId does not match a Dimension.")
            if dimension is not None and dimension["id"] != found["id"]:
                raise dialog("The dimensionId and the dimensionValueId do not match.")
            dimension = found
        elif name == "dimensionValueId" and given[name] != ZERO_GUID:
            value = ctx.get("dimensionValues", given[name])
            if value is None:
                raise dialog("The dimensionValueId does not match a Dimension Value.")
            if dimension is None:
                dimension = ctx.get("dimensions", value["dimensionId"])
            elif value["dimensionId"] != dimension["id"]:
                raise dialog("The dimensionId and the dimensionValueId do not match.")
    return dimension, value


def _values(dimension: Row, value: Row | None) -> Row:
    return {
        "dimensionId": dimension["id"],
        "dimensionCode": dimension["code"],
        "dimensionValueId": value["id"] if value else ZERO_GUID,
        "dimensionValueCode": value["code"] if value else "",
    }


def _check(values: Row, dimension: Row, value: Row | None) -> None:
    """Refuses what is blocked, and a value where none may be given (8.4, 8.6)."""
    check_usable(dimension, value)
    if values.get("postingValidation") == NO_CODE and value is not None:
        raise field_error("Dimension Value Code must be equal to '' in Default Dimension: No Code.")


def _touch_parent(ctx: WriteContext, row: Row) -> None:
    """The value of a global dimension also stands on the parent itself (8.7)."""
    if row["dimensionCode"] in ctx.settings.global_dimensions:
        entity_set = PARENTS[row["parentType"]]
        if ctx.get(entity_set, row["parentId"]) is not None:
            ctx.modify(entity_set, row["parentId"])


RULES["defaultDimensions"] = DefaultDimensions()
