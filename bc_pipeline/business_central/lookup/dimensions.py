"""Dimensions of records: which values are wanted, and what to send for them.

Sources: root fields of the record for each mapped prefix, then its list ``dimensions``
(target_behaviour.md 3). Nothing is looked up for a record without any value (B3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bc_pipeline.business_central.lookup.dimension_parts import (
    DimensionValue,
    default_dimension,
    default_dimension_parts,
    dimension_set_line,
    dimension_set_parts,
    posting_rules_broken,
)
from bc_pipeline.business_central.lookup.reference_data import ReferenceData, Row
from bc_pipeline.errors import RecordError
from bc_pipeline.tenants.tenant_config import DimensionMappings
from bc_pipeline.values import member

__all__ = [
    "DimensionValue",
    "Dimensions",
    "MappingFinding",
    "default_dimension",
    "default_dimension_parts",
    "dimension_set_line",
    "dimension_set_parts",
    "posting_rules_broken",
]

NOT_FOUND = "DimensionDefinitionNotFound"
INVALID_VALUE = "InvalidDimensionValue"
STANDARD = "Standard"
"""The only type of dimension value that may be posted; others are headings and totals."""


@dataclass(frozen=True)
class MappingFinding:
    """The dimension mapping compared with one company.

    Args:
        missing: record field prefix -> dimension code that the company does not have.
        blocked: prefix -> dimension code that is blocked there.
        is_default: the tenant did not choose the mapping.
        company: name of the company.
        existing: codes of its dimensions.
    """

    missing: Mapping[str, str]
    blocked: Mapping[str, str]
    is_default: bool
    company: str
    existing: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Every mapped dimension can be used."""
        return not self.missing and not self.blocked

    @property
    def blocking(self) -> bool:
        """Nothing may be written before it is put right.

        The built-in mapping does not block: a standard company need not have a CLASS dimension.
        Just the records that use the prefix fail then.
        """
        return not self.passed and not self.is_default

    @property
    def message(self) -> str:
        """What was found, in the operator's words."""
        if self.passed:
            return f"All mapped dimensions exist in {self.company}"
        origin = "by default" if self.is_default else "by tenant-config.json"
        troubles = (("has no dimension", self.missing), ("has blocked", self.blocked))
        told = [
            f"{trouble} {', '.join(f'{prefix} -> {code}' for prefix, code in found.items())}"
            for trouble, found in troubles
            if found
        ]
        there_are = f"; it has {', '.join(sorted(self.existing))}" if self.existing else ""
        return f"{self.company} {' and '.join(told)}, mapped {origin}{there_are}"


class Dimensions:
    """What records mean by their dimension fields, in one company.

    Args:
        reference: the company's reference data; read only when a record needs it.
        mappings: the tenant's mapping of record field prefixes.
    """

    def __init__(self, reference: ReferenceData, mappings: DimensionMappings) -> None:
        self._reference = reference
        self._mappings = mappings

    def wanted(
        self, record_fields: Mapping[str, Any], listed: Sequence[Mapping[str, Any]] = ()
    ) -> tuple[DimensionValue, ...]:
        """The dimension values of a record or line, each dimension once, root fields first.

        Args:
            record_fields: holds ``<prefix>Id``, ``<prefix>Number``, ``<prefix>Name`` of mapped
                prefixes; other fields do not matter.
            listed: entries ``{id | number | name, valueId | valueNumber | value}``.

        Raises:
            RecordError: DimensionDefinitionNotFound, no such dimension; InvalidDimensionValue, no
                value, no such one, one that must not be used, or two for one dimension;
                InvalidInputError, a name that several have.
            AuthError, Cancelled, ReadFailed, RequestFailed, ConfigError: BC could not be asked.
        """
        found: dict[str, DimensionValue] = {}
        for value in (*self._of_fields(record_fields), *self._of_list(listed)):
            present = found.setdefault(value.dimension_id, value)
            if present != value:
                raise RecordError(
                    INVALID_VALUE,
                    f"dimension {value.dimension_code} is given twice, as {present.value_code} "
                    f"and as {value.value_code}",
                )
        return tuple(found.values())

    def mapping_finding(self) -> MappingFinding:
        """Whether every mapped dimension exists in the company and is not blocked.

        Raises:
            AuthError, Cancelled, ReadFailed, RequestFailed, ConfigError: BC could not be asked.
        """
        missing: dict[str, str] = {}
        blocked: dict[str, str] = {}
        for prefix, code in self._mappings.codes.items():
            dimension = self._reference.find("dimensions", code=code)
            if dimension is None:
                missing[prefix] = code
            elif dimension.get("blocked"):
                blocked[prefix] = code
        return MappingFinding(
            missing,
            blocked,
            self._mappings.is_default,
            self._reference.company.name,
            tuple(str(row["code"]) for row in self._reference.rows("dimensions")),
        )

    def _of_fields(self, fields: Mapping[str, Any]) -> Iterator[DimensionValue]:
        for prefix, code in self._mappings.codes.items():
            given = _given(fields, id=f"{prefix}Id", code=f"{prefix}Number", name=f"{prefix}Name")
            if given:
                yield self._value(self._dimension({"code": code}, prefix), given)

    def _of_list(self, listed: Iterable[Mapping[str, Any]]) -> Iterator[DimensionValue]:
        for entry in listed:
            means = _given(entry, id="id", code="number", name="name")
            dimension = self._dimension(means, "dimensions")
            given = _given(entry, id="valueId", code="valueNumber", name="value")
            if not given:
                raise RecordError(
                    INVALID_VALUE, f"dimension {dimension.get('code')} is listed without a value"
                )
            yield self._value(dimension, given)

    def _dimension(self, means: Mapping[str, Any], field: str) -> Row:
        dimension = self._reference.find("dimensions", **means)
        company = self._reference.company.name
        if dimension is None:
            meant = _named(means) or "an entry without id, number and name"
            raise RecordError(NOT_FOUND, f"{company} has no dimension {meant} (field {field})")
        if dimension.get("blocked"):
            raise RecordError(
                INVALID_VALUE, f"dimension {dimension['code']} is blocked in {company}"
            )
        return dimension

    def _value(self, dimension: Row, given: Mapping[str, Any]) -> DimensionValue:
        code = str(dimension["code"])
        value = self._reference.find_value(str(dimension["id"]), **given)
        if value is None:
            raise RecordError(INVALID_VALUE, f"dimension {code} has no value {_named(given)}")
        if value.get("blocked"):
            raise RecordError(
                INVALID_VALUE, f"value {value['code']} of dimension {code} is blocked"
            )
        kind = value.get("valueType")
        if kind and kind != STANDARD:
            raise RecordError(
                INVALID_VALUE,
                f"value {value['code']} of dimension {code} is a heading or total ({member(kind)})",
            )
        return DimensionValue(
            str(dimension["id"]).lower(), code, str(value["id"]).lower(), str(value["code"])
        )


def _given(fields: Mapping[str, Any], **names: str) -> dict[str, Any]:
    """What a record gives under these field names; blank means not given."""
    values = {part: fields.get(name) for part, name in names.items()}
    return {
        part: value for part, value in values.items() if value is not None and str(value).strip()
    }


def _named(means: Mapping[str, Any]) -> str:
    return ", ".join(f"{value!s}" for value in means.values())
