"""Ids beside codes: a row that names a record by its code shows its id too (rules.md 5)."""

from __future__ import annotations

from collections.abc import Callable

from bc_pipeline.sandbox.company.metadata import EntityType
from bc_pipeline.sandbox.company.rows import Row
from bc_pipeline.sandbox.company.values import ZERO_GUID

# Code -> the id beside it, and whose id that is.
_BESIDE = {
    "unitOfMeasureCode": ("unitOfMeasureId", "unitsOfMeasure"),
    "baseUnitOfMeasureCode": ("baseUnitOfMeasureId", "unitsOfMeasure"),
    "taxGroupCode": ("taxGroupId", "taxGroups"),
    "itemCategoryCode": ("itemCategoryId", "itemCategories"),
    "generalProductPostingGroupCode": (
        "generalProductPostingGroupId",
        "generalProductPostingGroups",
    ),
    "inventoryPostingGroupCode": ("inventoryPostingGroupId", "inventoryPostingGroups"),
}


def ids_beside_codes(entity: EntityType, values: Row, find: Callable[..., list[Row]]) -> Row:
    """The ids that belong to the codes in ``values`` and are not among them.

    Args:
        values: of a new row, or what changes of one.
        find: looks up rows of an entity set by their properties.
    """
    ids: Row = {}
    for code, (id, entity_set) in _BESIDE.items():
        if code in values and id in entity.fields and values.get(id) in (None, ZERO_GUID):
            found = find(entity_set, code=values[code]) if values[code] else []
            ids[id] = found[0]["id"] if found else ZERO_GUID
    return ids
