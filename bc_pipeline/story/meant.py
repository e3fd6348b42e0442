"""Which records an operator means by a number, an id or a name."""

from __future__ import annotations

import duckdb

from bc_pipeline.catalogue.names import find, has_table, labelled
from bc_pipeline.run.records import MIRROR

_BY_UUID = "SELECT remote_id FROM sync.{name} WHERE lower(optiply_uuid) = lower($given)"
_BY_REFERENCE = (
    "SELECT remote_id FROM optiply.{name} "
    "WHERE upper(reference) = upper($given) OR lower(remote_id) = lower($given)"
)
_BY_LABEL = "SELECT remote_id FROM ({labelled}) WHERE upper(number) = upper($given)"
_BY_NAME = "SELECT remote_id FROM ({labelled}) WHERE lower(name) = lower($given)"
_IN_MIRROR = "SELECT id FROM ({mirror}) WHERE upper(number) = upper($given) OR id = lower($given)"

_BOOKED = """
SELECT key FROM outbound.ledger WHERE entity = $entity AND (lower(key) = lower($given)
    OR lower(external_id) = lower($given) OR upper(bc_number) = upper($given)
    OR lower(bc_id) = lower($given)) ORDER BY key
"""
_ORDERS = """
SELECT l.key FROM outbound.ledger l JOIN sync.buy_orders b ON CAST(b.optiply_id AS VARCHAR) = l.key
WHERE l.entity = 'purchase_orders' AND (lower(b.optiply_uuid) = lower($given)
    OR upper(b.extra->>'$.po_number') = upper($given) OR b.remote_id = lower($given))
"""


def remote_ids(cursor: duckdb.DuckDBPyConnection, name: str, given: str) -> list[str]:
    """The records of a resource meant by an id of either system, a number or, where nothing has
    such a number, a name; case does not matter. A number may fit several records.

    Args:
        name: of the resource.
    """
    found = set(find(cursor, name, given))
    queries = [_BY_UUID.format(name=name), _BY_LABEL.format(labelled=labelled(name))]
    if has_table(cursor, "optiply", name):
        queries.append(_BY_REFERENCE.format(name=name))
    found |= _ids(cursor, queries, given)
    if not found:
        found = _ids(cursor, [_BY_NAME.format(labelled=labelled(name))], given)
    # Read, and not mapped yet: the first sync is under way.
    return sorted(found or _ids(cursor, [_IN_MIRROR.format(mirror=MIRROR[name])], given))


def keys(cursor: duckdb.DuckDBPyConnection, entity: str, given: str) -> list[str]:
    """The records of an export meant by the producer's id, Business Central's number or id, or
    Optiply's id.

    Args:
        entity: as in the ledger.
    """
    found = cursor.execute(_BOOKED, {"entity": entity, "given": given}).fetchall()
    if not found and entity == "purchase_orders":
        found = cursor.execute(_ORDERS, {"given": given}).fetchall()
    return [key for (key,) in found]


def _ids(cursor: duckdb.DuckDBPyConnection, queries: list[str], given: str) -> set[str]:
    sql = " UNION ALL ".join(f"(FROM ({query}))" for query in queries)
    return {row[0] for row in cursor.execute(sql, {"given": given}).fetchall()}
