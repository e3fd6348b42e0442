"""The story of a record on its way to Optiply."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import duckdb

from bc_pipeline import clock, links
from bc_pipeline.catalogue.entities import ENTITIES
from bc_pipeline.catalogue.entity import Entity
from bc_pipeline.catalogue.lineage import LINEAGE
from bc_pipeline.catalogue.names import labelled
from bc_pipeline.catalogue.resources import BUY_ORDERS, PRODUCTS, RESOURCES
from bc_pipeline.catalogue.tables import TABLES
from bc_pipeline.catalogue.tasks import BY_NAME
from bc_pipeline.run.freshness import freshness
from bc_pipeline.run.records import MIRROR, last_problems
from bc_pipeline.snapshot.rows import rows
from bc_pipeline.story import buy_order, record_state, waiting
from bc_pipeline.story import rows as raw
from bc_pipeline.story.model import Read, Sending, Story, Value
from bc_pipeline.story.stock import stock_of
from bc_pipeline.tenants.settings import Tenant
from bc_pipeline.to_optiply.attribute_values import canonical

HISTORY_SHOWN = 30
_HISTORY = f"""
SELECT s.sent_at, s.action, r.run_id, s.optiply_id, CAST(s.attributes AS VARCHAR) AS attributes
FROM ops.sent s LEFT JOIN ops.runs r USING (run_no)
WHERE s.entity = $entity AND s.remote_id = $id ORDER BY s.sent_at DESC LIMIT {HISTORY_SHOWN}
"""
_WARNINGS = """
SELECT DISTINCT message FROM ops.warnings WHERE entity = $entity AND remote_id = $id
  AND run_no = (SELECT max(run_no) FROM ops.warnings WHERE entity = $entity) ORDER BY ALL
"""
_ROUTES = {
    "company": "{path} of the API v2.0",
    "companies": "the list of companies",
    "page": "the published page {path}",
    "extension": "{path} of Optiply's extension",
    "analytics": "{path} of the Analytics API",
}


def story(cursor: duckdb.DuckDBPyConnection, tenant: Tenant, name: str, remote_id: str) -> Story:
    """All that is known of one record for Optiply.

    Args:
        cursor: of the tenant's snapshot.
        name: of the resource.
        remote_id: of a record that the id map, the wanted rows or the mirror have.
    """
    entity = f"optiply/{name}"
    data = raw.on_its_way(cursor, name, remote_id)
    number, called = _called(cursor, name, remote_id, data)
    history = _history(cursor, entity, remote_id)
    wanted, sent, state = data["wanted"], data["last_sent"], data["state"]
    canonical_wanted = _canonical(name, wanted)
    facts: dict[str, Any] = {}
    if name == BUY_ORDERS.name:
        facts = buy_order.facts(cursor, remote_id, (state or {}).get("optiply_id"))
    return Story(
        entity,
        remote_id,
        number,
        called,
        record_state.in_optiply(
            tenant.name, entity, number or remote_id, state, wanted, _newest_run(cursor)
        ),
        ids=_ids(remote_id, state),
        reads=_reads(cursor, tenant, name, remote_id),
        stock=stock_of(cursor, tenant, remote_id, canonical_wanted, sent, history)
        if name == PRODUCTS.name
        else None,
        values=_values(name, canonical_wanted, sent),
        facts=facts,
        warnings=(*_warnings(cursor, entity, remote_id), *_of_entity(cursor, entity)),
        waits=waiting.for_record(cursor, name, number),
        history=history,
        history_note=_history_note(cursor, state, history),
        links=_links(cursor, tenant, name, number, data),
        data=data,
    )


def _called(
    cursor: duckdb.DuckDBPyConnection, name: str, remote_id: str, data: Mapping[str, Any]
) -> tuple[str | None, str | None]:
    """Number and name, as Business Central has them now, else as they were sent."""
    sent = rows(cursor, labelled(name, "s.remote_id = $id"), {"id": remote_id})
    mirror = rows(
        cursor,
        f"SELECT number, name FROM ({MIRROR[name]}) WHERE id = left($id, 36) LIMIT 1",
        {"id": remote_id},
    )
    known = [*mirror, *sent]
    wanted = data["wanted"] or {}
    number = data["reference"] or next((row["number"] for row in known if row["number"]), None)
    called = wanted.get("name") or next((row["name"] for row in known if row["name"]), None)
    return number, called


def _ids(remote_id: str, state: Mapping[str, Any] | None) -> dict[str, str]:
    given = {
        "Business Central id": remote_id,
        "Optiply id": (state or {}).get("optiply_id"),
        "Optiply uuid": (state or {}).get("optiply_uuid"),
    }
    return {name: str(value) for name, value in given.items() if value}


def _canonical(name: str, wanted: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The attributes of a wanted row as they are compared with what was sent."""
    if wanted is None:
        return None
    return {
        each.name: canonical(each.kind, wanted.get(each.name))
        for each in RESOURCES[name].attributes
    }


def _values(
    name: str, wanted: Mapping[str, Any] | None, sent: Mapping[str, Any] | None
) -> tuple[Value, ...]:
    """Every attribute that has a value on either side."""
    return tuple(
        Value(
            attribute,
            (wanted or {}).get(attribute),
            (sent or {}).get(attribute),
            tuple(source.text for source in origin.sources),
            origin.rule,
        )
        for attribute, origin in LINEAGE[name].items()
        if (wanted or {}).get(attribute) is not None or (sent or {}).get(attribute) is not None
    )


def _reads(
    cursor: duckdb.DuckDBPyConnection, tenant: Tenant, name: str, remote_id: str
) -> tuple[Read, ...]:
    """What the record is made from, in the order it is read."""
    changed: dict[str, datetime | None] = {}
    for table, moment in raw.changed_at(cursor, name, remote_id).items():
        task = f"bc/{TABLES[table].document or table}"
        changed[task] = max(filter(None, (changed.get(task), moment)), default=None)
    direct = [each for each in BY_NAME[f"optiply/{name}"].needs if each in changed]
    names = list(dict.fromkeys([*direct, *changed]))
    fresh = freshness(cursor, tenant, clock.now(), names)
    return tuple(
        Read(
            task,
            place_of(ENTITIES[task], tenant),
            fresh[task].good if task in fresh else None,
            changed[task],
            fresh[task].reason if task in fresh and fresh[task].failed else None,
        )
        for task in names
    )


def place_of(entity: Entity, tenant: Tenant) -> str:
    """Where an entity is read, in words."""
    path = entity.path
    if entity.route == "page":
        path = getattr(tenant.business_central, entity.path) or entity.path
    return _ROUTES[entity.route].format(path=path)


def _newest_run(cursor: duckdb.DuckDBPyConnection) -> int:
    row = cursor.execute("SELECT coalesce(max(run_no), 0) FROM ops.runs").fetchone()
    return int(row[0]) if row else 0


def _history(cursor: duckdb.DuckDBPyConnection, entity: str, remote_id: str) -> tuple[Sending, ...]:
    """What was sent, newest first."""
    found = rows(cursor, _HISTORY, {"entity": entity, "id": remote_id})
    return tuple(
        Sending(
            row["sent_at"],
            row["action"],
            row["run_id"],
            row["optiply_id"],
            json.loads(row["attributes"]) if row["attributes"] else None,
        )
        for row in found
    )


def _history_note(
    cursor: duckdb.DuckDBPyConnection,
    state: Mapping[str, Any] | None,
    history: tuple[Sending, ...],
) -> str | None:
    """What the history does not tell."""
    if len(history) == HISTORY_SHOWN:
        return f"older ones are not shown; the newest {HISTORY_SHOWN} are"
    if history or not state or not state["optiply_id"]:
        return None
    row = cursor.execute("SELECT min(sent_at) FROM ops.sent").fetchone()
    began = row[0] if row else None
    since = f" since {began:%Y-%m-%d %H:%M} UTC" if began else ""
    return (
        f"nothing was sent of it in the time that is remembered{since}; it came to the id map "
        f"{str(state['created_at'])[:16].replace('T', ' ')} UTC"
    )


def _warnings(cursor: duckdb.DuckDBPyConnection, entity: str, remote_id: str) -> list[str]:
    found = rows(cursor, _WARNINGS, {"entity": entity, "id": remote_id})
    return [row["message"] for row in found]


def _of_entity(cursor: duckdb.DuckDBPyConnection, entity: str) -> list[str]:
    """What kept the whole entity back in its last run."""
    return [
        f"all of {entity}: {each['reason']}"
        for each in last_problems(cursor, entity)
        if each["remote_id"] is None and each["kind"] != "guard"
    ]


def _links(
    cursor: duckdb.DuckDBPyConnection,
    tenant: Tenant,
    name: str,
    number: str | None,
    data: Mapping[str, Any],
) -> dict[str, str]:
    """Where to look at it: by the number its page in Business Central searches by."""
    items = data["source"].get("items") or data["source"].get("purchase_receipts")
    own = items[0]["number"] if items else number
    page = links.in_business_central(tenant, links.own_company(cursor, tenant), name, own)
    found = {"Business Central": page, "Optiply": links.in_optiply(tenant)}
    return {system: address for system, address in found.items() if address}
