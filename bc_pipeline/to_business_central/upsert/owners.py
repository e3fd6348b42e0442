"""Which records of ours are known to have become which BC records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypeVar

import orjson

from bc_pipeline.business_central.filters import literal
from bc_pipeline.to_business_central.upsert.work import Work
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


# Telling which BC records stem from requests whose answers were lost.

CLOCKS_APART = timedelta(minutes=10)
"""How far BC's clock and ours may differ."""

AnyWork = TypeVar("AnyWork", bound=Work)


def made_since(works: Sequence[Work]) -> str:
    """Filter for rows written since the first of these requests can have been."""
    since = min(work.doubt_since for work in works if work.doubt_since) - CLOCKS_APART
    return f"lastModifiedDateTime ge {literal(since)}"


def adopt(
    context: ExportContext,
    works: Sequence[AnyWork],
    rows: Iterable[Mapping[str, Any]],
    equal: Callable[[AnyWork, Mapping[str, Any]], bool],
    *,
    among: Sequence[AnyWork],
) -> None:
    """Gives each record the row that was made for it, when there is one and no doubt about it.

    Rows that belong to another record of ours are left out. Records that are equal in content may
    share out their rows in any way; more rows than records is unclear, for one is not ours.

    Args:
        works: in doubt, of one entity.
        rows: that BC has and that may be theirs.
        equal: whether a row has the content of a record.
        among: all records of the round; rows that were found to be theirs are not free.
    """
    taken = {guid(work.bc_id) for work in among if work.row}
    candidates = {guid(row["id"]): row for row in rows if guid(row["id"]) not in taken}
    if not works or not candidates:
        return
    known = owners(context, works[0].pending.entity, candidates)
    lost = {work.pending.key for work in works}
    free = {id: row for id, row in candidates.items() if id not in known or known[id].key in lost}
    for place, work in enumerate(works):
        alike = [id for id, row in free.items() if equal(work, row)]
        if not alike:
            continue
        rivals = sum(equal(other, free[alike[0]]) for other in works[place:])
        if len(alike) > rivals:
            work.unclear = (
                "the answer to creating it was lost, and Business Central has "
                f"{len(alike)} records since then that look like it"
            )
        else:
            work.saw(free.pop(alike[0]))
            work.link = work.bc_id  # a further look, for the sake of others, finds it by this
