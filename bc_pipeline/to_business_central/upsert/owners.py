"""Which records of ours are known to have become which BC records."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from bc_pipeline.to_business_central.writer import ExportContext
from bc_pipeline.values import guid


@dataclass(frozen=True)
class Owner:
    """The record that a BC record stands for.

    Args:
        key: in the ledger.
        record: as it came last.
    """

    key: str
    record: Mapping[str, Any]

    @property
    def name(self) -> str:
        """What an operator calls the record."""
        return str(self.record.get("externalId") or self.key)


def owners(context: ExportContext, entity: str, bc_ids: Iterable[str]) -> dict[str, Owner]:
    """The record of ours behind each of these BC records, where there is one.

    Args:
        context: whose company is meant.
        entity: as in the ledger, such as ``customers``.
        bc_ids: ids of BC records.

    Returns:
        Owners by id, in lower case; of several the one that had it first.
    """
    asked = [guid(bc_id) for bc_id in bc_ids]
    if not asked:
        return {}
    with context.snapshot.cursor() as cursor:
        found = cursor.execute(
            "SELECT lower(bc_id), key, record FROM outbound.ledger WHERE entity = ?"
            " AND bc_company = ? AND lower(bc_id) IN (SELECT unnest(CAST(? AS VARCHAR[])))"
            " ORDER BY created_at DESC, key DESC",
            [entity, context.company.id, asked],
        ).fetchall()
    return {id: Owner(key, told_in(record)) for id, key, record in found}


def told_in(record: str | None) -> dict[str, Any]:
    """A record as the ledger keeps it."""
    kept: dict[str, Any] = orjson.loads(record) if record else {}
    return kept
