"""Adopt before create: what Optiply has already is recognised, not created again
(flows.md 3, optiply.md 7).

Runs when the id map of a resource is empty, but for buy orders made in Optiply and recognised by
their marker: a first sync, a tenant connected anew, a lost snapshot. Optiply's rows are read once
and matched in SQL.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import duckdb
import orjson

from bc_pipeline.catalogue.resources import NaturalKey, Resource
from bc_pipeline.optiply.client import Optiply, Record
from bc_pipeline.report import EntityResult
from bc_pipeline.to_optiply.attribute_values import as_found, canonical
from bc_pipeline.to_optiply.diff import CHUNK, PlannedRow
from bc_pipeline.to_optiply.id_map import ORIGIN, Ledger
from bc_pipeline.to_optiply.outcome import Outcome

ROW_OF_OTHERS = "row_of_others"
"""Kind of warning."""

_TABLES = """
CREATE OR REPLACE TEMP TABLE existing (
  id BIGINT, own BOOLEAN, remote_ids VARCHAR[], attributes VARCHAR, answer VARCHAR, lines VARCHAR);
CREATE OR REPLACE TEMP TABLE adopted (remote_id VARCHAR, id BIGINT);
CREATE OR REPLACE TEMP TABLE wanted_lines (remote_id VARCHAR, lines VARCHAR);
"""
_LOAD = """
INSERT INTO existing SELECT unnest(CAST(? AS BIGINT[])), unnest(CAST(? AS BOOLEAN[])),
  unnest(CAST(? AS VARCHAR[][])), unnest(CAST(? AS VARCHAR[])), unnest(CAST(? AS VARCHAR[])), NULL
"""
# Our own coupling first; of several rows with one remote id the oldest. The anti joins repeat in
# every step: neither side is ever used twice.
_BY_REMOTE_ID = """
INSERT INTO adopted
SELECT remote_id, id FROM (
  SELECT p.remote_id, e.id, row_number() OVER (PARTITION BY p.remote_id ORDER BY e.own DESC, e.id)
      AS nth, row_number() OVER (PARTITION BY e.id ORDER BY p.remote_id) AS mth
  FROM plan p JOIN (SELECT id, own, unnest(remote_ids) AS remote_id FROM existing) e
    ON e.remote_id = p.remote_id
  WHERE p.action = 'create')
WHERE nth = 1 AND mth = 1
"""
_BY_KEY = """
INSERT INTO adopted
WITH mine AS (
  SELECT p.remote_id, {mine} AS key, row_number() OVER (PARTITION BY key ORDER BY p.remote_id)
      AS nth, count(*) OVER (PARTITION BY key) AS alike
  FROM plan p LEFT JOIN wanted_lines l ON l.remote_id = p.remote_id
  WHERE p.action = 'create' AND {complete}
    AND p.remote_id NOT IN (SELECT remote_id FROM adopted)
), theirs AS (
  SELECT e.id, {theirs} AS key, row_number() OVER (PARTITION BY key ORDER BY e.id) AS nth,
    count(*) OVER (PARTITION BY key) AS alike
  -- A row that carries the remote id of any other record, of ours or of another coupling or
  -- company, is that record's (decisions 4).
  FROM existing e WHERE len(e.remote_ids) = 0 AND e.id NOT IN (SELECT id FROM adopted)
)
SELECT mine.remote_id, theirs.id FROM mine JOIN theirs USING (key, nth)
WHERE {interchangeable} OR (mine.alike = 1 AND theirs.alike = 1)
"""
_OF_OTHERS = """
SELECT p.remote_id, p.reference, min(e.id)
FROM plan p JOIN existing e ON {same}
WHERE p.action = 'create' AND p.remote_id NOT IN (SELECT remote_id FROM adopted)
  AND len(e.remote_ids) > 0 AND e.id NOT IN (SELECT id FROM adopted)
GROUP BY ALL ORDER BY ALL
"""
_WANTED_LINES = """
INSERT INTO wanted_lines
SELECT json_extract_string(extra, '$.document_id'),
  CAST(to_json(list_sort(list({'p': productId, 'q': quantity}))) AS VARCHAR)
FROM optiply.buy_order_lines
-- Only what can stand in Optiply: a line that could not be mapped never got there.
WHERE decision IN ('write', 'defer') AND productId IS NOT NULL AND quantity IS NOT NULL
GROUP BY 1
"""
_EXISTING_LINES = """
UPDATE existing SET lines = given.lines FROM (
  SELECT parent, CAST(to_json(list_sort(list({'p': product, 'q': quantity}))) AS VARCHAR) AS lines
  FROM (SELECT unnest(CAST(? AS BIGINT[])) AS parent, unnest(CAST(? AS BIGINT[])) AS product,
    unnest(CAST(? AS BIGINT[])) AS quantity) GROUP BY 1) given
WHERE existing.id = given.parent
"""
# What the id map has already is nobody else's.
_TAKEN = """
DELETE FROM existing WHERE id IN (
  SELECT optiply_id FROM sync.{name} WHERE optiply_id IS NOT NULL AND state <> 'deleted')
"""
_MATCHED = """
SELECT p.n, p.remote_id, p.attributes, p.content_hash, p.extra,
  CAST(p.source_modified_at AS VARCHAR), e.id, e.answer
FROM plan p JOIN adopted a ON a.remote_id = p.remote_id JOIN existing e ON e.id = a.id
WHERE p.n > ? ORDER BY p.n LIMIT ?
"""


def map_is_empty(cursor: duckdb.DuckDBPyConnection, resource: Resource) -> bool:
    """Whether nothing of a resource has come to Optiply yet. Orders made in Optiply do not count:
    they were recognised, not adopted."""
    row = cursor.execute(
        f"SELECT count(*) FROM sync.{resource.name} "
        "WHERE (optiply_id IS NOT NULL OR last_sent IS NOT NULL) AND origin IS DISTINCT FROM ?",
        [ORIGIN],
    ).fetchone()
    return row is not None and row[0] == 0


def adopt(
    cursor: duckdb.DuckDBPyConnection,
    optiply: Optiply,
    resource: Resource,
    ledger: Ledger,
    result: EntityResult,
) -> None:
    """Match the records to be created with Optiply's rows, and record and count the matches.

    A row that carries another's remote id is never taken over (decisions 4); where one looks like
    ours, a warning names both.

    Args:
        cursor: holds the temporary table ``plan``; for buy orders ``optiply.buy_order_lines``
            must have been built.
        optiply: read once, completely.
        resource: what to match.

    Raises:
        RequestFailed: Optiply's rows could not be read to the end; nothing was recorded.
    """
    cursor.execute(_TABLES)
    for page in optiply.pages(resource.path):
        _load(cursor, optiply, resource, page)
    cursor.execute(
        "DELETE FROM existing a USING existing b WHERE a.id = b.id AND a.rowid > b.rowid"
    )
    cursor.execute(_TAKEN.format(name=resource.name))
    if resource.lines:
        _load_lines(cursor, optiply, *resource.lines)
    if resource.has_remote_id_map:
        cursor.execute(_BY_REMOTE_ID)
    for key in resource.natural_keys:
        cursor.execute(_by_key(resource, key))
    for outcomes in _matched(cursor, optiply, resource):
        ledger.save(outcomes)
        result.adopted += len(outcomes)
    others = _of_others(cursor, resource)
    ledger.warn([(remote_id, ROW_OF_OTHERS, text) for remote_id, text in others])
    if others:
        result.warnings[ROW_OF_OTHERS] = len(others)


def _of_others(cursor: duckdb.DuckDBPyConnection, resource: Resource) -> list[tuple[str, str]]:
    """Records that are created although a row of another looks like theirs, and what to say."""
    if not resource.has_remote_id_map:
        return []
    same = " AND ".join(
        f"(p.attributes->>'$.{name}') = (e.attributes->>'$.{name}')"
        for name in resource.natural_keys[0].attributes
    )
    return [
        (
            remote_id,
            f"{reference}: row {optiply_id} of Optiply looks the same and carries the id of "
            "another coupling or company; it is left alone, and ours is created beside it",
        )
        for remote_id, reference, optiply_id in cursor.execute(
            _OF_OTHERS.format(same=same)
        ).fetchall()
    ]


def _load(
    cursor: duckdb.DuckDBPyConnection, optiply: Optiply, resource: Resource, page: list[Record]
) -> None:
    remote_ids = [list(record.remote_ids(optiply.coupling_id)) for record in page]
    own = [
        any(record.is_linked(optiply.coupling_id, remote_id) for remote_id in ids)
        for record, ids in zip(page, remote_ids, strict=True)
    ]
    attributes = [
        orjson.dumps(
            {a.name: canonical(a.kind, record.attributes.get(a.name)) for a in resource.attributes}
        ).decode()
        for record in page
    ]
    answers = [orjson.dumps(dict(record.attributes), default=str).decode() for record in page]
    cursor.execute(_LOAD, [[r.id for r in page], own, remote_ids, attributes, answers])


def _load_lines(
    cursor: duckdb.DuckDBPyConnection, optiply: Optiply, path: str, parent: str
) -> None:
    """What tells two orders of one supplier and day apart: their products and quantities."""
    lines = [
        (int(r.attributes[parent]), int(r.attributes["productId"]), int(r.attributes["quantity"]))
        for r in optiply.rows(path)
    ]
    cursor.execute(_WANTED_LINES)
    if lines:
        cursor.execute(_EXISTING_LINES, [list(column) for column in zip(*lines, strict=True)])


def _by_key(resource: Resource, key: NaturalKey) -> str:
    def expression(source: str, lines: str) -> str:
        parts = [f"({source}.attributes->>'$.{name}')" for name in key.attributes]
        if resource.lines:
            parts.append(f"coalesce({lines}, '[]')")
        return f"CAST(to_json([{', '.join(parts)}]) AS VARCHAR)"

    complete = " AND ".join(f"(p.attributes->>'$.{name}') IS NOT NULL" for name in key.attributes)
    return _BY_KEY.format(
        mine=expression("p", "l.lines"),
        theirs=expression("e", "e.lines"),
        complete=complete,
        interchangeable="TRUE" if key.interchangeable else "FALSE",
    )


def _matched(
    cursor: duckdb.DuckDBPyConnection, optiply: Optiply, resource: Resource
) -> Iterator[list[Outcome]]:
    after = 0
    while True:
        chunk = cursor.execute(_MATCHED, [after, CHUNK]).fetchall()
        if chunk:
            yield [_outcome(optiply, resource, row) for row in chunk]
        if len(chunk) < CHUNK:
            return
        after = chunk[-1][0]


def _outcome(optiply: Optiply, resource: Resource, row: tuple[Any, ...]) -> Outcome:
    _, remote_id, attributes, content_hash, extra, modified, optiply_id, answer = row
    record = Record(optiply_id, orjson.loads(answer))
    wanted = orjson.loads(attributes)
    return Outcome(
        PlannedRow(remote_id, "adopt", source_modified_at=modified),
        None,
        "active",
        optiply_id=record.id,
        optiply_uuid=record.uuid,
        # Unknown on purpose: the next plan compares the attributes themselves.
        content_hash=content_hash if resource.create_only else None,
        last_sent=as_found(resource, record, remote_id, wanted, optiply.coupling_id),
        extra=orjson.loads(extra) if extra else {},
    )
