"""A stream of unified records: its model, and how its records are known."""

from __future__ import annotations

from dataclasses import dataclass

from bc_pipeline.catalogue.exports import EXPORTS
from bc_pipeline.to_business_central.unified import UnifiedRecord, payload_hash
from bc_pipeline.values import by_code


@dataclass(frozen=True)
class Stream:
    """One stream.

    Args:
        entity: as in the ledger and in task names.
        model: of its records.
        natural_keys: what tells a record without externalId from others, best first; each a set
            of fields that belong together.
        number: the field that says who the record is in Business Central, whatever its
            externalId; None where that takes more than a number.
    """

    entity: str
    model: type[UnifiedRecord]
    natural_keys: tuple[tuple[str, ...], ...]
    number: str | None = None

    @property
    def name(self) -> str:
        """As in file names and Singer messages."""
        return EXPORTS[self.entity].stream or self.entity

    def key(self, record: UnifiedRecord) -> str:
        """The same for the same record whenever it comes, within one company.

        Its externalId; else its natural key, upper and lower case alike as in Business Central;
        else what it consists of.
        """
        if record.external_id is not None:
            return record.external_id
        for fields in self.natural_keys:
            values = [getattr(record, name) for name in fields]
            if all(value is not None for value in values):
                told = (f"{n}={by_code(v)}" for n, v in zip(fields, values, strict=True))
                return "; ".join(told)
        return f"content={payload_hash(record)}"
