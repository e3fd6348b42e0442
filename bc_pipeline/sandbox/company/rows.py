"""Rows as a company stores them: every property there, values in their stored form."""

from __future__ import annotations

from bc_pipeline.sandbox.company.metadata import EntityType
from bc_pipeline.sandbox.company.values import empty_row, is_computed, stored_value
from bc_pipeline.sandbox.json_text import JsonValue

Row = dict[str, JsonValue]


class RowMaker:
    """Makes rows of one company.

    Args:
        currency_code: the local currency.
    """

    def __init__(self, currency_code: str) -> None:
        self._currency_code = currency_code
        self._blank: dict[str, Row] = {}

    def new(self, entity: EntityType, values: Row) -> Row:
        """A row with ``values``, everything else empty.

        Raises:
            ValueError: unknown property.
        """
        if entity.entity_set not in self._blank:
            blank = empty_row(entity)
            if "currencyCode" in blank:
                blank |= self.checked(entity, {"currencyCode": ""})
            self._blank[entity.entity_set] = blank
        return self._blank[entity.entity_set] | self.checked(entity, values)

    def checked(self, entity: EntityType, values: Row) -> Row:
        """``values`` in stored form; what is computed is left out.

        Raises:
            ValueError: unknown property.
        """
        checked = {}
        for name, value in values.items():
            if name.startswith("#"):
                checked[name] = value
                continue
            field = entity.fields.get(name)
            if field is None:
                raise ValueError(f"{entity.entity_set} has no property {name}")
            if name == "currencyCode" and not value and field.source == "variable":
                # Blank is stored, the local code is shown (rules.md 0.5).
                value = self._currency_code
            if not is_computed(entity, field):
                checked[name] = stored_value(field, value)
        return checked
