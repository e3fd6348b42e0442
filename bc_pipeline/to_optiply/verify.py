"""Comparing Optiply itself with what was last sent there (decisions 5). Reads only."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

import duckdb
import orjson

from bc_pipeline.catalogue.names import labelled
from bc_pipeline.catalogue.resources import SELL_ORDERS, Attribute, Resource
from bc_pipeline.optiply.client import Condition, Optiply, Record
from bc_pipeline.to_optiply.attribute_values import REMOTE_ID, canonical, moment_text
from bc_pipeline.to_optiply.diff import UNCONFIRMED
from bc_pipeline.to_optiply.verified import KINDS, Difference, Verified
from bc_pipeline.values import storable

MOST_ASKED_FOR = 500
"""Rows missing in the list that are asked for one by one: paging may have passed over them."""

_STANDING = "s.optiply_id IS NOT NULL AND s.state <> 'deleted'"
_PENDING = "s.optiply_id IS NULL AND s.last_sent IS NOT NULL AND s.state <> 'deleted'"
_SEEN = "CREATE OR REPLACE TEMP TABLE seen (id BIGINT)"
_KNOWN = f"""
SELECT s.optiply_id, s.remote_id, CAST(s.last_sent AS VARCHAR), CAST(s.extra AS VARCHAR)
FROM sync.{{name}} s
WHERE {_STANDING} AND s.optiply_id IN (SELECT unnest(CAST(? AS BIGINT[])))
"""
_MISSING = f"""
SELECT s.remote_id, s.optiply_id FROM sync.{{name}} s
WHERE {_STANDING} AND s.optiply_id NOT IN (SELECT id FROM seen)
  AND coalesce(json_extract_string(s.last_sent, '$.{{newest}}') >= $since, TRUE)
ORDER BY s.optiply_id
"""
_OWNERS = f"""
SELECT s.remote_id, s.optiply_id, {_PENDING} FROM sync.{{name}} s
WHERE s.remote_id IN (SELECT unnest(CAST(? AS VARCHAR[]))) AND ({_STANDING} OR {_PENDING})
"""
_ALIKE = f"""
SELECT s.remote_id, s.optiply_id, CAST(s.last_sent AS VARCHAR), {_PENDING} FROM sync.{{name}} s
WHERE ({_STANDING} OR {_PENDING}) AND CAST(json_extract_string(s.last_sent, '$.{{key}}') AS BIGINT)
  IN (SELECT unnest(CAST(? AS BIGINT[])))
"""
_PARENTS = "SELECT optiply_id FROM sync.{name} WHERE optiply_id IS NOT NULL AND state <> 'deleted'"
_FOUND_LINES = """
CREATE OR REPLACE TEMP TABLE found_lines (id BIGINT, product BIGINT, quantity BIGINT, value VARCHAR)
"""
_LINES = f"""
WITH sent AS (
  SELECT s.remote_id, s.optiply_id,
    unnest(CAST(json_extract(s.last_sent, '$.orderLines') AS JSON[])) AS line
  FROM sync.sell_orders s WHERE {_STANDING} AND s.optiply_id IN (SELECT id FROM seen)
), mine AS (
  SELECT optiply_id AS id, any_value(remote_id) AS remote_id, list_sort(list(concat_ws(' x ',
    line->>'$.productId', line->>'$.quantity', CAST(line->>'$.subtotalValue' AS DECIMAL(38,2)))))
    AS lines
  FROM sent GROUP BY optiply_id
), theirs AS (
  SELECT id, list_sort(list(concat_ws(' x ', product, quantity,
    TRY_CAST(value AS DECIMAL(38,2))))) AS lines FROM found_lines GROUP BY id
)
SELECT mine.id, mine.remote_id, CAST(mine.lines AS VARCHAR), CAST(theirs.lines AS VARCHAR)
FROM mine LEFT JOIN theirs USING (id) WHERE mine.lines IS DISTINCT FROM theirs.lines
ORDER BY mine.id
"""
# Which of our records the rows of a resource that shows no remote ids hang on.
_PARENT_OF: Mapping[str, tuple[str, str]] = {
    "buy_orders": ("supplierId", "suppliers"),
    "buy_order_lines": ("buyOrderId", "buy_orders"),
    "receipt_lines": ("buyOrderLineId", "buy_order_lines"),
    "product_compositions": ("composedProductId", "products"),
}


def verify(
    cursor: duckdb.DuckDBPyConnection,
    optiply: Optiply,
    resource: Resource,
    *,
    lines: bool = True,
    since: datetime | None = None,
) -> Verified:
    """Compare one resource. No run of the tenant may be at work meanwhile.

    What was never sent is nobody's mistake: an attribute people set in Optiply, a row they made.

    Args:
        cursor: of the snapshot; only temporary tables are made.
        optiply: read to the end.
        lines: of sell orders, compare their lines too; that is a request for each hundred lines.
        since: of a long history (sell orders), only what was placed since then.

    Raises:
        RequestFailed: Optiply's rows could not be read to the end: nothing is known.
    """
    newest = since if resource.newest_first else None
    comparison = _Comparison(cursor, optiply, resource, moment_text(newest) if newest else None)
    comparison.run()
    if lines and resource is SELL_ORDERS:
        comparison.compare_lines()
    return comparison.result()


@dataclass
class _Comparison:
    cursor: duckdb.DuckDBPyConnection
    optiply: Optiply
    resource: Resource
    since: str | None
    compared: int = 0
    by_users: int = 0
    not_ours: int = 0
    found: list[Difference] = field(default_factory=list)
    strangers: list[Record] = field(default_factory=list)

    def run(self) -> None:
        self.cursor.execute(_SEEN)
        seen: set[int] = set()
        newest = self.resource.newest_first or ""
        conditions = [Condition(newest, "GE", self.since)] if self.since else []
        for page in self.optiply.pages(self.resource.path, conditions):
            new = {record.id: record for record in page if record.id not in seen}
            seen |= new.keys()
            self._page(new)
        self._strangers()
        self._missing()

    def result(self) -> Verified:
        labels = self._labels()
        named = [
            replace(each, number=number, name=name)
            for each in self.found
            for number, name in [labels.get(each.remote_id or "", (None, each.name))]
        ]
        named.sort(key=lambda each: (KINDS.index(each.kind), each.number or "", each.optiply_id))
        entity = self._entity
        return Verified(entity, self.compared, self.by_users, self.not_ours, named)

    @property
    def _entity(self) -> str:
        return f"optiply/{self.resource.name}"

    # -- rows we know -----------------------------------------------------------------------------

    def _page(self, page: Mapping[int, Record]) -> None:
        ids = list(page)
        self.cursor.execute("INSERT INTO seen SELECT unnest(CAST(? AS BIGINT[]))", [ids])
        known = self._rows(_KNOWN, ids)
        for optiply_id, remote_id, last_sent, extra in known:
            sent = orjson.loads(last_sent or "{}")
            doubtful = orjson.loads(extra or "{}").get(UNCONFIRMED, ())
            self._compare(page[optiply_id], remote_id, sent, doubtful)
        self.compared += len(known)
        ours = {row[0] for row in known}
        self.strangers += [record for number, record in page.items() if number not in ours]

    def _compare(
        self, record: Record, remote_id: str, sent: Mapping[str, Any], doubtful: Sequence[str]
    ) -> None:
        values: dict[str, tuple[Any, Any]] = {}
        for attribute in self.resource.attributes:
            mine, theirs = sent.get(attribute.name), record.attributes.get(attribute.name)
            if attribute.post_only or attribute.name in doubtful:
                continue
            if (mine is None and not attribute.null_counts) or agree(attribute, mine, theirs):
                continue
            if attribute.users_too:
                self.by_users += 1
            else:
                values[attribute.name] = (mine, theirs)
        told = sent.get(REMOTE_ID) is not None and REMOTE_ID not in doubtful
        if told and self._shows_map(record) and self._own_id(record) != remote_id:
            values[REMOTE_ID] = (remote_id, self._own_id(record))
        if values:
            by_hand = self.resource.create_only
            self._add("changed", record.id, remote_id, values=values, by_hand=by_hand)

    def compare_lines(self) -> None:
        """The lines of sell orders, which have rows of their own."""
        self.cursor.execute(_FOUND_LINES)
        for page in self.optiply.pages("sellOrderLines"):
            columns: list[list[Any]] = [
                [_whole(record.attributes.get(name)) for record in page]
                for name in ("sellOrderId", "productId", "quantity")
            ]
            columns.append([str(record.attributes.get("subtotalValue")) for record in page])
            self.cursor.execute(
                "INSERT INTO found_lines SELECT unnest(CAST(? AS BIGINT[])), "
                "unnest(CAST(? AS BIGINT[])), unnest(CAST(? AS BIGINT[])), "
                "unnest(CAST(? AS VARCHAR[]))",
                columns,
            )
        for optiply_id, remote_id, mine, theirs in self.cursor.execute(_LINES).fetchall():
            values = {"orderLines": (mine, theirs)}
            self._add("changed", optiply_id, remote_id, values=values, by_hand=True)

    # -- rows we do not know, and rows that are not there -----------------------------------------

    def _strangers(self) -> None:
        """Rows that are ours by what they carry or hang on, although no record of ours has them."""
        carrying: dict[str, list[Record]] = defaultdict(list)
        rest: list[Record] = []
        for record in self.strangers:
            own_id = self._own_id(record) if self._shows_map(record) else None
            (rest if own_id is None else carrying[own_id]).append(record)
        owners = {row[0]: row for row in self._rows(_OWNERS, list(carrying))}
        for remote_id, records in carrying.items():
            for record in records:
                self._stranger(record, *owners.get(remote_id, (None, None, False)))
        hanging = [] if self.resource.has_remote_id_map else list(self._hanging(rest))
        self.not_ours += len(rest) - len(hanging)
        for record in hanging:
            self._stranger(record, *self._alike(record))

    def _stranger(
        self, record: Record, remote_id: str | None, known: int | None, pending: bool
    ) -> None:
        if pending:  # its creation is not confirmed yet: the next run finds it
            return
        if known is None:
            self._add("unknown", record.id, None, name=_name(record), by_hand=True)
        else:
            self._add("doubled", record.id, remote_id, other_id=known, by_hand=True)

    def _hanging(self, records: Sequence[Record]) -> Iterator[Record]:
        """Rows made over the API that hang on records of ours."""
        key, parent = _PARENT_OF[self.resource.name]
        mine = {row[0] for row in self.cursor.execute(_PARENTS.format(name=parent)).fetchall()}
        for record in records:
            made_by_api = record.attributes.get("createdFromPublicApi") is True
            if made_by_api and _whole(record.attributes.get(key)) in mine:
                yield record

    def _alike(self, record: Record) -> tuple[str | None, int | None, bool]:
        """The record of ours that looks the same: remote id, Optiply id, still pending."""
        key, _ = _PARENT_OF[self.resource.name]
        attributes = [a for a in self.resource.attributes if a.required]
        candidates = self._rows(_ALIKE, [_whole(record.attributes.get(key))], key=key)
        for remote_id, optiply_id, last_sent, pending in candidates:
            sent = orjson.loads(last_sent)
            if all(agree(a, sent.get(a.name), record.attributes.get(a.name)) for a in attributes):
                return remote_id, optiply_id, pending
        return None, None, False

    def _missing(self) -> None:
        sql = _MISSING.format(name=self.resource.name, newest=self.resource.newest_first)
        rows = self.cursor.execute(sql, {"since": self.since}).fetchall()
        doubled = {each.other_id: each for each in self.found if each.kind == "doubled"}
        for place, (remote_id, optiply_id) in enumerate(rows):
            if place < MOST_ASKED_FOR and self.optiply.get(self.resource.path, optiply_id):
                continue  # the list passed over it
            moved = doubled.get(optiply_id)
            if moved is not None:
                self.found.remove(moved)
            other = moved.optiply_id if moved is not None else None
            self._add("missing", optiply_id, remote_id, other_id=other)

    # -- pieces -----------------------------------------------------------------------------------

    def _add(self, kind: Any, optiply_id: int, remote_id: str | None, **more: Any) -> None:  # noqa: ANN401
        self.found.append(Difference(kind, self._entity, optiply_id, remote_id, **more))

    def _rows(self, sql: str, values: Sequence[Any], **names: str) -> list[tuple[Any, ...]]:
        statement = sql.format(name=self.resource.name, **names)
        return self.cursor.execute(statement, [list(values)]).fetchall()

    def _shows_map(self, record: Record) -> bool:
        return self.resource.has_remote_id_map and "remoteIdMap" in record.attributes

    def _own_id(self, record: Record) -> str | None:
        """The remote id our coupling wrote."""
        ids = record.remote_ids(self.optiply.coupling_id)
        return next((i for i in ids if record.is_linked(self.optiply.coupling_id, i)), None)

    def _labels(self) -> dict[str, tuple[str | None, str | None]]:
        ids = [each.remote_id for each in self.found if each.remote_id]
        condition = "s.remote_id IN (SELECT unnest(CAST(? AS VARCHAR[])))"
        rows = self.cursor.execute(labelled(self.resource.name, condition), [ids]).fetchall()
        return {remote_id: (number, name) for remote_id, number, name in rows}


def agree(attribute: Attribute, sent: Any, found: Any) -> bool:  # noqa: ANN401 - any JSON
    """Whether Optiply's value of an attribute is the one that was sent; amounts are compared as
    numbers, however they are written."""
    match attribute.kind:
        case "money" | "total" | "decimal":
            try:
                return found is not None and Decimal(str(found)) == Decimal(str(sent))
            except InvalidOperation:
                return False
        case "texts":
            return sorted(map(storable, sent or ())) == sorted(map(str, found or ()))
        case "text":
            return found is not None and storable(str(sent)) == str(found)
        case kind:
            return bool(canonical(kind, found) == sent)


def _whole(value: Any) -> int | None:  # noqa: ANN401 - any JSON
    found = canonical("integer", value)
    return found if isinstance(found, int) else None


def _name(record: Record) -> str | None:
    value = record.attributes.get("name") or record.attributes.get("placed")
    return str(value) if value else None
