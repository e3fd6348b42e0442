"""What released versions made of a snapshot, literally. Nothing here ever changes."""

from __future__ import annotations

_OPS = """
CREATE SCHEMA IF NOT EXISTS bc;
CREATE SCHEMA IF NOT EXISTS optiply;
CREATE SCHEMA IF NOT EXISTS sync;
CREATE SCHEMA IF NOT EXISTS ops;
CREATE TABLE IF NOT EXISTS ops.meta (key VARCHAR PRIMARY KEY, value VARCHAR);
CREATE TABLE ops.runs (
    run_no BIGINT PRIMARY KEY, run_id VARCHAR, started_at TIMESTAMPTZ, ended_at TIMESTAMPTZ,
    status VARCHAR, reason VARCHAR, dry_run BOOLEAN, summary JSON);
CREATE TABLE ops.reads (
    run_no BIGINT, entity VARCHAR, mode VARCHAR, rows BIGINT, pages BIGINT, requests BIGINT,
    seconds DOUBLE, complete BOOLEAN, reason VARCHAR, from_stamp TIMESTAMPTZ);
CREATE TABLE ops.bookmarks (entity VARCHAR PRIMARY KEY, stamp TIMESTAMPTZ, run_no BIGINT);
CREATE TABLE ops.entity_counts (run_no BIGINT, entity VARCHAR, kind VARCHAR, count BIGINT);
CREATE TABLE ops.warnings (
    run_no BIGINT, entity VARCHAR, remote_id VARCHAR, kind VARCHAR, message VARCHAR);
CREATE TABLE ops.approvals (entity VARCHAR, approved_at TIMESTAMPTZ, used_run BIGINT);
"""

_SYNC = """
CREATE TABLE sync.{name} (
    remote_id VARCHAR PRIMARY KEY, optiply_id BIGINT, optiply_uuid VARCHAR, content_hash VARCHAR,
    last_sent JSON, failed_hash VARCHAR, state VARCHAR, reason VARCHAR, attempts INTEGER,
    next_attempt_run BIGINT, origin VARCHAR DEFAULT 'bc', extra JSON,
    source_modified_at TIMESTAMPTZ, created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ,
    last_seen_run BIGINT);
"""

_OUTBOUND = """
CREATE SCHEMA IF NOT EXISTS outbound;
CREATE TABLE outbound.ledger (
    entity VARCHAR NOT NULL, key VARCHAR NOT NULL, payload_hash VARCHAR, state VARCHAR NOT NULL,
    step VARCHAR, bc_company VARCHAR, bc_id VARCHAR, bc_number VARCHAR, action VARCHAR,
    error_class VARCHAR, reason VARCHAR, attempts INTEGER NOT NULL DEFAULT 0,
    missed_lookups INTEGER NOT NULL DEFAULT 0, blocked_runs INTEGER NOT NULL DEFAULT 0,
    record JSON, detail JSON, external_id VARCHAR, file VARCHAR, line INTEGER, run_no BIGINT,
    created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ, PRIMARY KEY (entity, key));
CREATE TABLE outbound.files (
    name VARCHAR NOT NULL, generation INTEGER NOT NULL, content_hash VARCHAR NOT NULL,
    entity VARCHAR, state VARCHAR NOT NULL, lines INTEGER, done_name VARCHAR,
    first_seen TIMESTAMPTZ, done_at TIMESTAMPTZ, PRIMARY KEY (name, generation));
CREATE TABLE outbound.outcomes (
    name VARCHAR NOT NULL, generation INTEGER NOT NULL, line INTEGER NOT NULL, entity VARCHAR,
    key VARCHAR, external_id VARCHAR, success BOOLEAN NOT NULL, bc_id VARCHAR, bc_number VARCHAR,
    action VARCHAR NOT NULL, error_class VARCHAR, error_message VARCHAR, settled_at TIMESTAMPTZ,
    PRIMARY KEY (name, generation, line));
"""

_SYNC_TABLES = (
    "products",
    "suppliers",
    "supplier_products",
    "sell_orders",
    "buy_orders",
    "buy_order_lines",
    "receipt_lines",
    "product_compositions",
)

VERSION_0_1_0 = (
    _OPS + "".join(_SYNC.format(name=name) for name in _SYNC_TABLES),
    _OUTBOUND,
)
"""``ops`` and the id maps; then, for what is written to Business Central, every record's way, the
files it came in, and each line's one outcome."""
